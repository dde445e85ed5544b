"""Which rule takes which drop."""

from __future__ import annotations

from typing import Any

import pytest

from retouchd.rules.match import choose, why_not
from retouchd.rules.schema import Match, Output, Review, Rule
from retouchd.values import Header, Inspection, Origin


def rule(name: str = "one", **match: Any) -> Rule:
    """Make a rule that matches so."""
    return Rule(rule=name, match=Match(**match), outputs=(Output(name="{stem}.png"),))


MIDJOURNEY = Inspection(
    Header("jpeg", "still", 2000, 1000, 3, 8, 1, has_alpha=False),
    Origin("generator", "midjourney"),
    regions=(),
)


@pytest.mark.parametrize(
    ("match", "matches"),
    [
        ({}, True),
        ({"files": "*.jpg"}, True),
        ({"files": "IMG_*"}, True),
        ({"files": ["*.png", "*.JPG"]}, True),
        ({"files": "*.png"}, False),
        ({"files": "shoes/*.jpg"}, True),
        ({"files": "*/img_*"}, True),
        ({"files": "shirts/*"}, False),
        ({"files": "shoes*"}, False),
        ({"origin": "midjourney"}, True),
        ({"origin": "generator"}, True),
        ({"origin": "Generator/*"}, True),
        ({"origin": "generator/mid*"}, True),
        ({"origin": "mid*"}, False),
        ({"origin": "camera"}, False),
        ({"origin": ["camera", "midjourney"]}, True),
        ({"kind": "still"}, True),
        ({"kind": "clip"}, False),
        ({"min_long_edge": 2000}, True),
        ({"min_long_edge": 2001}, False),
        ({"max_long_edge": 2000}, True),
        ({"max_long_edge": 1999}, False),
        ({"min_short_edge": 1001}, False),
        ({"max_short_edge": 1000}, True),
        ({"min_megapixels": 2.0}, True),
        ({"max_megapixels": 1.9}, False),
        ({"files": "*.jpg", "origin": "camera"}, False),
    ],
)
def test_all_conditions_must_hold(match: dict[str, Any], *, matches: bool) -> None:
    """What is not said does not matter; case never does."""
    the_rule = rule(**match)

    chosen = choose([the_rule], "Shoes/IMG_1.jpg", MIDJOURNEY)

    assert (chosen is the_rule) == matches


def test_the_first_rule_that_matches_wins() -> None:
    """The order of the hot folder's list decides."""
    rules = [rule("clips", kind="clip"), rule("a"), rule("b")]

    chosen = choose(rules, "x.jpg", MIDJOURNEY)

    assert chosen is rules[1]


def test_says_for_each_rule_what_did_not_fit() -> None:
    """The text beside a failed file leads to the condition to change."""
    rules = [
        rule("pngs", files="*.png"),
        rule("cameras", origin="camera"),
        rule("large", min_long_edge=4000),
    ]

    lines = why_not(rules, "x.jpg", MIDJOURNEY).splitlines()

    assert lines == [
        "pngs: the name fits none of *.png",
        "cameras: the origin is generator/midjourney, not one of camera",
        "large: its long_edge is 2000, below min_long_edge 4000",
    ]


@pytest.mark.parametrize(
    ("when", "gate_failed", "destination"),
    [
        ("never", True, "out"),
        ("gate_failed", False, "out"),
        ("gate_failed", True, "review"),
        ("always", False, "review"),
    ],
)
def test_review_follows_the_gates(
    when: Any, destination: str, *, gate_failed: bool
) -> None:
    """A person sees what the rule sends to a person."""
    assert Review(when=when).destination(gate_failed, "ab" * 32) == destination


def test_the_sample_is_a_share_and_always_the_same() -> None:
    """The digest draws: about the share is shown, and a drop twice is judged alike."""
    review = Review(sample=0.05)
    digests = [f"{n * 2654435761 % 2**32:08x}" for n in range(4000)]

    drawn = [review.destination(False, digest) for digest in digests]  # noqa: FBT003

    assert 160 < drawn.count("review") < 240
    assert drawn == [review.destination(False, digest) for digest in digests]  # noqa: FBT003
    assert Review(sample=0).destination(False, "00" * 32) == "out"  # noqa: FBT003
    assert Review(sample=1).destination(False, "ff" * 32) == "review"  # noqa: FBT003
