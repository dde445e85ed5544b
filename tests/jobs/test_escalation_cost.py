"""No attempt is begun that would bring a job past its ceiling."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tiered import Shade, bright, run_rule, shelve

from retouchd.jobs.cost_guide import CostGuide, Rates
from retouchd.jobs.current_costs import CurrentCosts
from retouchd.ledger.database import Database
from retouchd.ledger.seen_usage import Use
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


def test_a_model_that_was_never_seen_costs_at_least_as_much(run: Try) -> None:
    """As the step has just cost one tier lower; the story says that it is a guess."""
    outcome = run(guide(), gates=bright(60), escalate=climb("1"))

    assert outcome.attempts == 2
    assert "expected at least 0." in outcome.notes[0]
    assert "the cost of gain-standard is not known here yet" in outcome.notes[0]


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
