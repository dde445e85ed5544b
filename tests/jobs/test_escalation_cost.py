"""No attempt is begun that would bring a job past its ceiling."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tiered import TO_HERO, Shade, bright, run_rule, runner_of, shelve

from retouchd.jobs.cost_guide import CostGuide, Rates
from retouchd.jobs.current_costs import CurrentCosts
from retouchd.ledger.database import Database
from retouchd.ledger.seen_usage import TRIAL, Use
from retouchd.ledger.usage import book_usage
from retouchd.rules.escalate import Escalate
from retouchd.values import Outcome, StepRun

Try = Callable[..., Outcome]

RATES = Rates("USD", cpu_second=Decimal("0.001"))


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


def guide(**cpu_seconds: float) -> CostGuide:
    """Say what one megapixel takes, by tier; a thousandth of a dollar per second."""
    seen = {
        (f"gain-{tier}", "cpu", -7, -7): Use(cpu_s=seconds)
        for tier, seconds in cpu_seconds.items()
    }
    return CostGuide(RATES, seen)


def climb(most: str) -> Escalate:
    """Allow *most* money."""
    return Escalate(to="hero", max_cost=Decimal(most))


def test_nothing_is_begun_that_would_pass_the_ceiling(run: Try) -> None:
    """P8: the cost is looked up before it is spent, for model and size."""
    dear = guide(standard=1.0, hero=1e6)  # 0.0012 MP: 1.2 s and 1200 s

    outcome = run(dear, escalate=climb("0.5"))

    assert (outcome.attempts, outcome.kept_attempt) == (2, 2)
    assert outcome.destination == "review"
    assert "shade again at hero (gain-hero) would cost 1.2" in outcome.review_reason
    assert "more than max_cost 0.5" in outcome.review_reason


def test_what_was_spent_counts_towards_the_ceiling(run: Try) -> None:
    """Two attempts that fit alone may not fit together."""
    steps = (("shade", Shade()), ("shade", Shade()))
    outcome = run(guide(standard=1e5, hero=1e5), steps=steps, escalate=climb("0.2"))

    assert outcome.attempts == 1
    assert "would cost 0.24" in outcome.review_reason


def test_without_a_ceiling_the_cost_of_a_model_never_seen_is_a_guess(run: Try) -> None:
    """At least what the step has just cost one tier lower; the story says so."""
    outcome = run(guide(), gates=bright(60), escalate=TO_HERO)

    assert outcome.attempts == 2
    assert "expected at least 0." in outcome.notes[0]
    assert "the cost of gain-standard is not known here yet" in outcome.notes[0]
    assert TRIAL not in steps_of(outcome)


@pytest.fixture
def dear(tmp_path: Path, order: Any) -> Try:
    """Run a rule where the hero model costs about sixty times the draft."""
    folder = tmp_path / "dear"
    shelve(folder, "draft", 0.5)
    shelve(folder, "hero", 1.0, idle=288)
    made = order(width=1600)
    return lambda **changes: run_rule(folder, made, guide(), **changes)


def test_a_dear_model_that_was_never_seen_is_not_run_past_the_ceiling(
    dear: Try,
) -> None:
    """P8: a trial on one window tells its cost here before the first escalation."""
    free = dear(escalate=TO_HERO)
    cost = {(run.step, run.attempt): run.cpu_s for run in free.step_runs}
    hero = cost["shade", 2]
    spent = sum(cpu_s for (_, attempt), cpu_s in cost.items() if attempt == 1)

    outcome = dear(escalate=climb(f"{0.001 * (spent + hero / 2):.9f}"))

    draft = next(run.cpu_s for run in outcome.step_runs if run.step == "shade")
    assert hero > 10 * draft  # of the second run: the first has to warm up
    assert (outcome.attempts, outcome.destination) == (1, "review")
    assert "shade again at hero (gain-hero) would cost 0.0" in outcome.review_reason
    assert "more than max_cost" in outcome.review_reason
    assert (
        "gain-hero was never used here: a trial on 64 x 64 pixels" in (outcome.notes[0])
    )


def test_a_trial_tells_about_what_the_model_then_costs(dear: Try) -> None:
    """P8: and it is booked on the job that needed it.

    Within a fifth on a machine at rest; a busy one adds to either.
    """
    outcome = dear(escalate=climb("100"))

    [trial] = [run for run in outcome.step_runs if run.step == TRIAL]
    [made] = [run for run in outcome.step_runs if run.model and run.attempt == 2]
    found = re.search(r"expected (\S+) USD", outcome.notes[1])
    assert found
    gates = sum(run.cpu_s for run in outcome.step_runs if run.step == "gates")
    assert 0.25 < 1000 * float(found[1]) / (made.cpu_s + gates / 2) < 4
    assert (trial.model, trial.attempt) == ("gain-hero", 1)
    assert trial.cpu_s > 0
    assert (outcome.attempts, outcome.destination) == (2, "out")


def test_a_model_is_tried_once_in_the_life_of_a_worker(
    tmp_path: Path, order: Any
) -> None:
    """The next job knows what the one before found out."""
    folder = tmp_path / "models"
    for tier, gain in (("draft", 0.5), ("hero", 1.0)):
        shelve(folder, tier, gain)
    runner = runner_of(folder)

    first, second = (
        run_rule(folder, order(job), guide(), runner, escalate=climb("100"))
        for job in ("first", "second")
    )

    assert TRIAL in steps_of(first)
    assert TRIAL not in steps_of(second)
    assert first.notes[0] == second.notes[0]
    assert "gain-hero was never used here" in first.notes[0]


def test_a_trial_that_fails_leaves_the_result_there_is(run: Try, models: Path) -> None:
    """P6: a person looks, with the reason."""
    (models / "gain-standard" / "weights.onnx").write_bytes(b"not these")

    outcome = run(guide(), escalate=climb("1"))

    assert (outcome.error, outcome.destination) == ("", "review")
    assert "attempt 2 failed: " in outcome.review_reason


def steps_of(outcome: Outcome) -> list[str]:
    """Return the words of all its runs."""
    return [run.step for run in outcome.step_runs]


def test_without_a_price_a_ceiling_is_not_risked(run: Try) -> None:
    """An unknown cost might be any."""
    outcome = run(CostGuide(), escalate=climb("1000"))

    assert outcome.attempts == 1
    assert "a price is missing" in outcome.review_reason


def test_a_real_ledger_stops_what_would_cost_too_much(run: Try, tmp_path: Path) -> None:
    """P8: what the model used before is booked; the next job reads it and stays."""
    row = {"id": "a", "hot_folder": "hot", "source_name": "a", "state": "done"}
    runs = [
        StepRun("shade", model=f"gain-{tier}", cpu_s=seconds, megapixels_out=0.0012)
        for tier, seconds in (("standard", 0.5), ("hero", 3600.0))
    ]
    with Database.open(tmp_path / "ledger.db") as ledger:
        ledger.write(lambda db: db.table("jobs").insert(row)).result()
        ledger.write(lambda db: book_usage(db, "a", runs, at="2026-11-23")).result()
        known = CurrentCosts(ledger).guide()

    outcome = run(known, escalate=climb("0.001"))

    assert (outcome.attempts, outcome.kept_attempt) == (2, 2)
    assert "shade again at hero (gain-hero) would cost 0.0" in outcome.review_reason
    assert "USD spent more than max_cost 0.001" in outcome.review_reason
    spent = sum(known.cost_of(made) or Decimal(0) for made in outcome.step_runs)
    assert Decimal(0) < spent < Decimal("0.001")
