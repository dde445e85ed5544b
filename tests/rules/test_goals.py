"""Goals complete rules; what a rule says itself stands."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from retouchd.errors import ConfigError
from retouchd.rules.book import RuleBook
from retouchd.rules.escalate import Escalate
from retouchd.rules.goals import goal_of, load_goals, resolved_for
from retouchd.rules.load import load_rule
from retouchd.settings import shipped_folder
from retouchd.steps.upscale import Upscale

WriteRule = Callable[..., Path]

GOALS = """\
[hero]
long_edge = 3000
tier = "standard"
escalate = {to = "hero", max_cost = "0.40"}
gates = ["sharpness", {dimensions = {min_long_edge = 2900}}]

[thumbnail]
long_edge = 300
"""
PLAIN = """\
rule: sample
steps: [upscale: {factor: 2}]
outputs: [{name: "{stem}.png"}]
"""
OF_HERO = PLAIN.replace("rule: sample", "rule: sample\ngoal: hero")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of rules with goals of its own."""
    (tmp_path / "goals.toml").write_text(GOALS)
    return tmp_path


def test_the_promised_goals_ship() -> None:
    """Each with a size; the better ones begin higher and may climb."""
    goals = load_goals([shipped_folder("rules")])

    assert set(goals) == {"thumbnail", "social", "web", "hero", "print"}
    edges = [goals[name].long_edge for name in ("thumbnail", "social", "web", "hero")]
    assert edges == sorted(edges)
    assert goals["hero"].tier == "standard"
    assert goals["hero"].escalate == Escalate(to="hero", max_cost=Decimal("0.4"))
    assert goals["thumbnail"].gates == ()


def test_a_goal_completes_a_rule(folder: Path, write_rule: WriteRule) -> None:
    """Tier, ceiling, gates, and sizes that the rule leaves open."""
    goals = load_goals([folder])
    text = OF_HERO.replace("upscale: {factor: 2}", "upscale")

    rule = resolved_for(load_rule(write_rule(text), goals), goals)

    assert (rule.goal, rule.tier, rule.escalate) == (
        "hero",
        "standard",
        Escalate(to="hero", max_cost=Decimal("0.4")),
    )
    assert rule.steps == (("upscale", Upscale(long_edge=3000)),)
    assert [word for word, _ in rule.gates] == ["sharpness", "dimensions"]
    assert rule.outputs[0].long_edge == 3000
    assert rule.review.when == "gate_failed"


@pytest.mark.parametrize(
    ("line", "key", "stays"),
    [
        ("tier: draft", "tier", "draft"),
        ("escalate:", "escalate", None),
        (
            "tier: draft\nescalate: {to: standard, max_cost: 0.1}",
            "escalate",
            Escalate(to="standard", max_cost=Decimal("0.1")),
        ),
    ],
)
def test_what_a_rule_says_itself_stands(
    folder: Path, write_rule: WriteRule, line: str, key: str, stays: object
) -> None:
    """Also where it says what would be usual without a goal."""
    goals = load_goals([folder])
    written = load_rule(write_rule(f"{OF_HERO}{line}\n"), goals)

    assert getattr(resolved_for(written, goals), key) == stays


def test_gates_and_sizes_of_a_rule_stand(folder: Path, write_rule: WriteRule) -> None:
    """A gate that both name is the rule's; the goal adds the others."""
    goals = load_goals([folder])
    text = OF_HERO.replace('png"}', 'png", long_edge: 900}')
    gates = "gates: [dimensions: {width: 7}]\n"

    rule = resolved_for(load_rule(write_rule(text + gates), goals), goals)

    assert [word for word, _ in rule.gates] == ["dimensions", "sharpness"]
    assert rule.gates[0][1].model_dump()["width"] == 7
    assert rule.steps == (("upscale", Upscale(factor=2)),)
    assert rule.outputs[0].long_edge == 900


def test_a_rule_that_begins_at_the_top_does_not_climb(
    folder: Path, write_rule: WriteRule
) -> None:
    """The goal's `escalate` leads nowhere from there."""
    goals = load_goals([folder])
    written = load_rule(write_rule(OF_HERO + "tier: hero\n"), goals)

    assert resolved_for(written, goals).escalate is None


@pytest.mark.parametrize(
    ("drop", "goal"),
    [
        ("a.jpg", "thumbnail"),
        ("hero/a.jpg", "hero"),
        ("Hero/Spring/a.jpg", "hero"),
        ("hero", "thumbnail"),
        ("client/hero/a.jpg", "thumbnail"),
        ("heroes/a.jpg", "thumbnail"),
    ],
)
def test_the_first_folder_wins_over_the_rule(
    folder: Path, write_rule: WriteRule, drop: str, goal: str
) -> None:
    """In small or capital letters, at any depth of the file."""
    goals = load_goals([folder])
    rule = load_rule(write_rule(OF_HERO.replace("hero", "thumbnail")), goals)

    assert goal_of(rule, goals, drop) == goal


def test_a_goal_changes_the_hash(folder: Path, write_rule: WriteRule) -> None:
    """P8: the ledger tells jobs of one rule under two goals apart; pickles keep it."""
    goals = load_goals([folder])
    rule = load_rule(write_rule(PLAIN), goals)
    rule.rule_hash  # noqa: B018  (cached before the goals come)

    completed = [resolved_for(rule, goals, f"{name}/a.jpg") for name in goals]

    hashes = {rule.rule_hash, *(one.rule_hash for one in completed)}
    assert len(hashes) == 3
    assert pickle.loads(pickle.dumps(completed[0])) == completed[0]
    assert not rule.watched
    assert "upscale" in completed[0].watched


def test_upscale_needs_a_size_or_a_goal(folder: Path, write_rule: WriteRule) -> None:
    """Without either nobody knows how large."""
    text = PLAIN.replace("upscale: {factor: 2}", "upscale")

    with pytest.raises(ConfigError, match="or give the rule a goal"):
        load_rule(write_rule(text), load_goals([folder]))


@pytest.mark.parametrize(
    ("right", "wrong", "line", "key", "words"),
    [
        ("[thumbnail]", "thumbnail = 3\n[x]", 1, "thumbnail", "is not a goal"),
        ("long_edge = 3000", "longedge = 3000", 2, "hero.longedge", "long_edge?"),
        ("long_edge = 3000", "long_edge = 0", 2, "hero.long_edge", "at least 1"),
        ('"standard"', '"normal"', 3, "hero.tier", "standard, hero"),
        ('to = "hero"', 'to = "draft"', 4, "hero.escalate.to", "standard, hero"),
        ('to = "hero"', 'to = "standard"', 4, "hero.escalate", "a higher tier"),
        ('"0.40"', '"cheap"', 4, "hero.escalate.max_cost", "such as 0.40"),
        ('"sharpness"', '"sharpnes"', 5, "hero.gates[0].sharpnes", "sharpness?"),
        ("min_long", "mini", 5, "hero.gates[1].dimensions.mini_edge", "min_long_edge"),
    ],
)
def test_mistakes_name_file_line_key_and_way_out(
    folder: Path, right: str, wrong: str, line: int, key: str, words: str
) -> None:
    """As those in a rule."""
    text = GOALS.replace(right, wrong, 1)
    if wrong.startswith("thumbnail"):
        text = wrong.partition("\n")[0] + "\n" + GOALS.partition("\n[thumb")[0]
    (folder / "goals.toml").write_text(text)

    with pytest.raises(ConfigError) as caught:
        load_goals([folder])

    [problem] = caught.value.problems
    assert (problem.file, problem.line) == (str(folder / "goals.toml"), line)
    assert problem.key == key
    assert words in str(problem)


def test_money_is_what_was_written(write_rule: WriteRule) -> None:
    """No float ever rounds an amount, in YAML or TOML, as number or text."""
    for written in ("0.1", '"0.10"', "0.100000000000", "123456.123456789012"):
        rule = load_rule(
            write_rule(PLAIN + f"escalate: {{to: hero, max_cost: {written}}}")
        )
        assert rule.escalate
        assert rule.escalate.max_cost == Decimal(written.strip('"'))


def test_changed_goals_come_into_force(folder: Path, write_rule: WriteRule) -> None:
    """Without a restart; a broken version is told once and changes nothing."""
    write_rule(PLAIN)
    book = RuleBook([folder], ["sample"])

    def edge() -> object:
        return book.rules_for(["sample"], "hero/a.jpg")[0].outputs[0].long_edge

    def write(text: str, stamp: int) -> None:
        (folder / "goals.toml").write_text(text)
        os.utime(folder / "goals.toml", ns=(stamp, stamp))

    write(GOALS.replace("3000", "4000"), 1)
    assert (book.refresh(), edge()) == ([], 4000)
    write(GOALS.replace("3000", "many"), 2)
    assert len(book.refresh()) == 1
    assert (book.refresh(), edge()) == ([], 4000)
    write(GOALS, 3)
    assert (book.refresh(), edge()) == ([], 3000)


def test_a_goal_that_a_rule_needs_stays(folder: Path, write_rule: WriteRule) -> None:
    """Taking it away is refused while the rule names it."""
    write_rule(OF_HERO)
    book = RuleBook([folder], ["sample"])
    (folder / "goals.toml").write_text("[other]\nlong_edge = 5\n")

    [problem] = book.refresh()

    assert "the goal 'hero' is gone, the rule sample needs it" in problem.message
    assert book.rules_for(["sample"])[0].tier == "standard"


def test_drops_of_one_rule_get_their_own_goal(
    folder: Path, write_rule: WriteRule
) -> None:
    """The hot folder asks by the name of the drop."""
    write_rule(PLAIN)
    book = RuleBook([folder], ["sample"])

    found = [
        book.rules_for(["sample"], drop)[0].goal
        for drop in ("a.jpg", "hero/a.jpg", "thumbnail/x/a.jpg")
    ]

    assert found == ["", "hero", "thumbnail"]
