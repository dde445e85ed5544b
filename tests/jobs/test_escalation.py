"""Cheap models first: higher ones only where a gate fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiered import STEPS, TO_HERO, Counted, Shade, bright, run_rule, shelve

from retouchd.jobs.budget import estimated_need
from retouchd.media.vips import pyvips
from retouchd.rules.escalate import Escalate
from retouchd.rules.schema import Output, Review, Rule
from retouchd.values import Header, Outcome

Try = Callable[..., Outcome]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Three tiers: a picture of level 90 comes out at 45, 68 and 90."""
    folder = tmp_path / "models"
    for tier, gain in (("draft", 0.5), ("standard", 0.75), ("hero", 1.0)):
        shelve(folder, tier, gain)
    return folder


@pytest.fixture
def run(models: Path, order: Any) -> Try:
    """Run a rule on a grey picture of level 90."""
    return lambda *guide, **changes: run_rule(models, order(), *guide, **changes)


def level(outcome: Outcome) -> float:
    """Measure the delivered result."""
    result = pyvips.Image.new_from_file(str(outcome.renditions[0].stage))
    return float(result.avg())


def test_the_cheapest_model_that_passes_is_enough(run: Try) -> None:
    """Without a failed gate nothing runs twice."""
    outcome = run(gates=bright(40))

    assert (outcome.attempts, outcome.kept_attempt, outcome.tier) == (1, 1, "draft")
    assert outcome.destination == "out"
    assert outcome.review_reason == ""
    assert outcome.notes == ()


@pytest.mark.parametrize(
    ("least", "attempts", "tier", "delivered"),
    [(60, 2, "standard", 68), (80, 3, "hero", 90)],
)
def test_a_failed_gate_moves_its_step_up(
    run: Try, least: float, attempts: int, tier: str, delivered: float
) -> None:
    """P8: tier by tier until the gate passes; the result is that of the last one."""
    outcome = run(gates=bright(least))

    assert (outcome.attempts, outcome.kept_attempt) == (attempts, attempts)
    assert (outcome.tier, outcome.destination) == (tier, "out")
    assert [made.passed for made in outcome.gate_runs] == [False] * (attempts - 1) + [
        True
    ]
    assert [made.attempt for made in outcome.gate_runs] == [*range(1, attempts + 1)]
    assert outcome.renditions[0].name == f"job-{tier}.png"
    assert level(outcome) == pytest.approx(delivered, abs=1)


def test_what_lies_before_the_blamed_step_is_not_done_again(run: Try) -> None:
    """P8: only what ran again is booked again, under its attempt."""
    outcome = run(gates=bright(60))

    assert len(Counted.times) == 1
    assert [(made.attempt, made.step, made.model) for made in outcome.step_runs] == [
        (1, "decode", ""),
        (1, "counted", ""),
        (1, "shade", "gain-draft"),
        (1, "flatten", ""),
        (1, "gates", ""),
        (2, "shade", "gain-standard"),
        (2, "flatten", ""),
        (2, "gates", ""),
        (2, "encode", ""),
    ]


def test_a_later_attempt_begins_with_what_the_earlier_one_made(run: Try) -> None:
    """P4: the steps before the blamed one are in the result, once."""
    steps = (("dimmed", Shade(tier="standard")), ("shade", Shade()))

    outcome = run(steps=steps, gates=bright(50))

    assert outcome.attempts == 2
    assert level(outcome) == pytest.approx(90 * 0.75 * 0.75, abs=1)


def test_the_story_says_what_was_tried_and_why(run: Try) -> None:
    """P8: each further attempt with its reason, and which one was kept."""
    [second, kept] = run(gates=bright(60)).notes

    assert second.startswith("attempt 2: bright 45 < 60; shade again at standard")
    assert "(gain-standard)" in second
    assert "expected an unknown amount" in second
    assert kept == "kept attempt 2 of 2: all gates passed"


def test_no_higher_tier_than_the_rule_allows(run: Try) -> None:
    """The best attempt goes to a person, with the reason."""
    outcome = run(escalate=Escalate(to="standard"))

    assert (outcome.attempts, outcome.kept_attempt, outcome.tier) == (2, 2, "standard")
    assert outcome.destination == "review"
    assert "bright 68 < 80: it is dark" in outcome.review_reason
    assert "shade ran at standard, and escalate ends at standard" in (
        outcome.review_reason
    )


def test_without_escalate_a_failed_gate_ends_it(run: Try) -> None:
    """As a rule that says nothing of it always did."""
    outcome = run(escalate=None)

    assert (outcome.attempts, outcome.destination) == (1, "review")
    assert outcome.review_reason == "bright 45 < 80: it is dark"


def test_a_tier_without_a_model_is_skipped(run: Try, models: Path) -> None:
    """The next tier is the next one that has a model."""
    (models / "gain-standard" / "model.toml").unlink()

    outcome = run(gates=bright(60))

    assert (outcome.attempts, outcome.tier) == (2, "hero")


def test_no_higher_model_here_is_a_reason_for_review(run: Try, models: Path) -> None:
    """Nothing fails for it."""
    for tier in ("standard", "hero"):
        (models / f"gain-{tier}" / "weights.onnx").unlink()

    outcome = run()

    assert outcome.error == ""
    assert (outcome.attempts, outcome.destination) == (1, "review")
    assert "there is no model for shade above draft here" in outcome.review_reason


@pytest.mark.parametrize(
    ("blamed", "words"),
    [
        ("", "bright blames no step"),
        ("flatten", "flatten uses no model"),
    ],
)
def test_where_no_model_is_to_blame(run: Try, blamed: str, words: str) -> None:
    """A second attempt would be the first one again."""
    outcome = run(gates=bright(80, blames=blamed))

    assert (outcome.attempts, outcome.destination) == (1, "review")
    assert words in outcome.review_reason


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Shade(tier="draft"), "the rule fixes the tier of shade"),
        (Shade(model="gain-draft"), "the rule fixes the model of shade"),
    ],
)
def test_what_the_rule_fixes_stays(run: Try, step: Shade, words: str) -> None:
    """P4: a model that was asked for is the one that is used."""
    outcome = run(steps=(("shade", step),))

    assert outcome.attempts == 1
    assert words in outcome.review_reason


def test_the_best_attempt_is_kept(run: Try, models: Path) -> None:
    """A higher tier may be worse: pixels, names and provenance are of the kept one."""
    for tier in ("standard", "hero"):
        (models / f"gain-{tier}" / "model.toml").unlink()
    shelve(models / "worse", "standard", 0.25)
    (models / "worse" / "gain-standard").rename(models / "worse-standard")

    outcome = run()

    assert (outcome.attempts, outcome.kept_attempt, outcome.tier) == (2, 1, "draft")
    assert outcome.renditions[0].name == "job-draft.png"
    assert level(outcome) == pytest.approx(45, abs=1)
    assert outcome.step_runs[-1].attempt == 1
    assert "kept attempt 1 of 2: bright 45 < 80" in outcome.notes


def test_two_blamed_steps_go_up_together(run: Try) -> None:
    """From the earlier one on; both at their next tier."""
    steps = (("shade", Shade()), ("counted", Counted()), ("shade", Shade()))

    outcome = run(steps=steps, gates=bright(50))

    models = [
        (made.attempt, made.model) for made in outcome.step_runs if made.step == "shade"
    ]
    assert models[:4] == [
        (1, "gain-draft"),
        (1, "gain-draft"),
        (2, "gain-standard"),
        (2, "gain-standard"),
    ]
    assert level(outcome) == pytest.approx(90 * 0.75**2, abs=1)


def test_an_attempt_that_fails_leaves_the_one_before(run: Try, models: Path) -> None:
    """P6: a broken higher model costs a look of a person, not the job."""
    (models / "gain-standard" / "weights.onnx").write_bytes(b"not these")

    outcome = run()

    assert outcome.error == ""
    assert (outcome.kept_attempt, outcome.destination) == (1, "review")
    assert "attempt 2 failed: " in outcome.review_reason
    assert "gain-standard" in outcome.review_reason


def test_a_spent_budget_allows_drafts_and_one_attempt(run: Try) -> None:
    """Whatever tier the rule begins with."""
    outcome = run(first_tier="standard", spent="draft only")

    assert (outcome.attempts, outcome.tier, outcome.destination) == (
        1,
        "draft",
        "review",
    )
    assert "the budget is spent: there is no second attempt" in outcome.review_reason
    assert "the budget is spent: draft models, one attempt" in outcome.notes


def test_a_rule_answers_a_spent_budget_before_its_hot_folder(run: Try) -> None:
    """One makes drafts where the others wait, another waits where they make drafts."""
    drafts, waits = ({"then": then} for then in ("draft only", "hold"))

    draft = run(spent="hold", budget=drafts)
    waiting = run(spent="draft only", budget=waits)
    enough_left = run(budget=waits)

    assert (draft.tier, draft.attempts, draft.over_budget) == ("draft", 1, False)
    assert (waiting.over_budget, waiting.renditions, waiting.step_runs) == (
        True,
        (),
        (),
    )
    assert waiting.error == ""
    assert (enough_left.over_budget, enough_left.attempts) == (False, 3)


def test_a_rule_that_says_nothing_waits_where_its_hot_folder_says_so(run: Try) -> None:
    """Also a job that was claimed before the budget was spent, and runs anew."""
    outcome = run(spent="hold")

    assert (outcome.over_budget, outcome.renditions) == (True, ())


def test_a_tier_that_is_not_here_is_replaced_and_shown(run: Try, models: Path) -> None:
    """P6: the best one below works, and a person looks although all gates passed."""
    (models / "gain-standard" / "model.toml").unlink()

    outcome = run(first_tier="standard", gates=bright(40))

    assert (outcome.tier, outcome.destination) == ("draft", "review")
    assert outcome.review_reason == (
        "there is no standard model for shade here: it ran at draft"
    )


def test_a_tier_that_a_person_asks_for_is_not_replaced(run: Try, models: Path) -> None:
    """`try --tier standard` without such a model fails and says why."""
    (models / "gain-standard" / "model.toml").unlink()

    outcome = run(tier="standard")

    assert "no model for upscale" in outcome.error


def test_a_person_who_asks_for_a_tier_gets_that_one(run: Try) -> None:
    """P4: no other attempt is made."""
    outcome = run(tier="standard")

    assert (outcome.attempts, outcome.tier) == (1, "standard")


def test_who_is_never_to_look_is_not_asked(run: Try) -> None:
    """`when: never` delivers the best attempt; the story tells."""
    outcome = run(escalate=Escalate(to="standard"), review=Review(when="never"))

    assert (outcome.destination, outcome.review_reason) == ("out", "")
    assert any("no further attempt" in note for note in outcome.notes)


def test_room_for_what_a_later_attempt_needs_is_reserved() -> None:
    """Admission by memory counts the pictures that are kept."""
    header = Header("png", "still", 1000, 1000, 3, 8, 1, has_alpha=False)
    outputs = (Output(name="a.png"),)
    plain = Rule(rule="r", steps=STEPS, outputs=outputs)
    climbing = Rule(rule="r", steps=STEPS, outputs=outputs, escalate=TO_HERO)

    before, after = (estimated_need(header, rule) for rule in (plain, climbing))

    assert after - before == 2 * 4 * 1_000_000
