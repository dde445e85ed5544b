"""What to try next, decided from figures alone: exact to the last digit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from tiered import Shade, shelve

from retouchd.jobs.cost_guide import CostGuide, Rates
from retouchd.jobs.escalation import Again, Enough, FindOut, next_move
from retouchd.jobs.tried import DoneStep, Tried, better
from retouchd.ledger.seen_usage import Use
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.rules.escalate import Escalate
from retouchd.rules.schema import Output, Rule
from retouchd.steps.flatten import Flatten
from retouchd.values import GateRun, StepRun, Tier

RATES = Rates("EUR", cpu_second=Decimal("0.01"))
SEEN = CostGuide(RATES, {("gain-standard", "cpu", 2, 2): Use(cpu_s=3.0)})
GATES_RUN = StepRun("gates", cpu_s=0.5)
SPENT = (StepRun("decode", cpu_s=1.0), StepRun("shade", cpu_s=9.0))

Decide = Callable[..., Again | Enough | FindOut]


def done(word: str, cpu_s: float, tier: Tier = "draft") -> DoneStep:
    """Make a step that was done on a picture of 4 megapixels."""
    step = Shade() if word == "shade" else Flatten()
    model = f"gain-{tier}" if word == "shade" else ""
    run = StepRun(word, model=model, cpu_s=cpu_s, megapixels_in=4, megapixels_out=4)
    return DoneStep(word, step, tier, run)


def verdict(value: float, *, passed: bool = False, step: str = "shade") -> GateRun:
    """Make a verdict on a threshold of 0.8."""
    return GateRun("bright", value, "share", 0.8, passed, step=step)


def tried(*verdicts: GateRun, number: int = 1) -> Tried:
    """Make an attempt: flatten, shade, flatten."""
    steps = (done("flatten", 50.0), done("shade", 2.0), done("flatten", 0.25))
    return Tried(number, steps, verdicts, gates_run=GATES_RUN)


@pytest.fixture
def decide(tmp_path: Path) -> Decide:
    """Ask what comes after an attempt, where draft and standard models are."""
    for tier in ("draft", "standard"):
        shelve(tmp_path, tier, 1.0)
    shelf = Shelf([tmp_path], Runtime(device="cpu"))

    def ask(
        attempt: Tried, guide: CostGuide, most: str | None = None
    ) -> Again | Enough | FindOut:
        limit = None if most is None else Decimal(most)
        escalate = Escalate(to="hero", max_cost=limit)
        rule = Rule(rule="r", escalate=escalate, outputs=(Output(name="a.png"),))
        return next_move(rule, attempt, SPENT, shelf, guide)

    return ask


def test_what_another_attempt_costs(decide: Decide) -> None:
    """P8: the model as seen, for this size, and what merely runs again as it was."""
    move = decide(tried(verdict(0.5)), SEEN)

    # 4 MP x 3 s, then the second flatten and the gates; not the first flatten.
    assert isinstance(move, Again)
    assert (move.first, move.tiers) == (1, {1: "standard"})
    assert move.note == (
        "attempt 2: bright 0.5 < 0.8; shade again at standard (gain-standard), "
        "expected 0.1275 EUR, spent 0.1 EUR so far"
    )


@pytest.mark.parametrize(("most", "goes_on"), [("0.2275", True), ("0.2274", False)])
def test_the_ceiling_is_for_all_that_the_job_costs(
    decide: Decide, most: str, goes_on: bool
) -> None:
    """P8: what was spent and what would be, to the last digit."""
    move = decide(tried(verdict(0.5)), SEEN, most)

    assert isinstance(move, Again) is goes_on
    if isinstance(move, Enough):
        assert move.reason == (
            "shade again at standard (gain-standard) would cost 0.1275 EUR, "
            "with 0.1 EUR spent more than max_cost 0.2274"
        )


def test_an_unknown_model_costs_at_least_the_known_one(decide: Decide) -> None:
    """Two seconds at draft: no less at standard, whatever it is."""
    move = decide(tried(verdict(0.5)), CostGuide(RATES), "0.1274")

    assert isinstance(move, Enough)
    assert "at least 0.0275 EUR (the cost of gain-standard is not known" in move.reason


def test_where_money_is_limited_an_unknown_model_is_found_out_first(
    decide: Decide,
) -> None:
    """P8: then the same figures decide as for a model that was used before."""
    attempt = tried(verdict(0.5))
    guide = CostGuide(RATES)

    move = decide(attempt, guide, "0.1275")
    assert isinstance(move, FindOut)
    [model] = move.models.values()
    told = guide.knowing(model.name, attempt.steps[1].run, Use(cpu_s=12.0))

    assert model.name == "gain-standard"
    assert isinstance(decide(attempt, told, "0.2275"), Again)
    assert isinstance(decide(attempt, told, "0.2274"), Enough)


def test_where_money_is_not_limited_nothing_is_tried_for_it(decide: Decide) -> None:
    """A figure that decides nothing is worth no second of a processor."""
    move = decide(tried(verdict(0.5)), CostGuide(RATES))

    assert isinstance(move, Again)
    assert "expected at least 0.0275 EUR" in move.note


def test_a_size_that_was_not_seen_is_taken_from_the_nearest(decide: Decide) -> None:
    """Pixel for pixel."""
    seen = {
        ("gain-standard", "cpu", 0, 1): Use(cpu_s=1.0),
        ("gain-standard", "cpu", 2, 6): Use(cpu_s=9.0),
        ("gain-standard", "other", 2, 2): Use(cpu_s=90.0),
    }

    move = decide(tried(verdict(0.5)), CostGuide(RATES, seen))

    assert isinstance(move, Again)
    assert "expected 0.0475 EUR" in move.note


def test_nothing_failed_nothing_to_do(decide: Decide) -> None:
    """No reason either."""
    assert decide(tried(verdict(0.9, passed=True)), SEEN) == Enough()


def test_what_can_go_higher_does_although_another_cannot(decide: Decide) -> None:
    """One gate less to fail is worth a try."""
    both = tried(verdict(0.5), verdict(0.5, step="flatten"))

    assert isinstance(decide(both, SEEN), Again)
    assert decide(tried(verdict(0.5, step="flatten")), SEEN) == Enough(
        "flatten uses no model"
    )


@pytest.mark.parametrize(
    ("values", "best"),
    [
        (([0.5], []), 2),  # all gates passed
        (([0.5, 0.5], [0.1]), 2),  # fewer failed
        (([0.5], [0.6]), 2),  # failed by less
        (([0.6], [0.5]), 1),
        (([0.5], [0.5]), 1),  # equal: the earlier one
        (([], []), 1),
    ],
)
def test_which_attempt_is_better(
    values: tuple[list[float], list[float]], best: int
) -> None:
    """In this order, whichever is asked first."""
    first, second = (
        tried(*map(verdict, failed), number=number)
        for number, failed in enumerate(values, start=1)
    )

    assert better(first, second).number == best
    assert better(second, first).number == best
