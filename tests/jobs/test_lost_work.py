"""What a job used is booked even where its worker cannot tell any more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hostile_steps import Hang, Mistake, Poison

from retouchd.jobs.accounts import OVERHEAD
from retouchd.jobs.limits import StepLimits
from retouchd.jobs.meter import UNFINISHED
from retouchd.values import Outcome


def _cpu_by_attempt(outcome: Outcome, step: str) -> dict[int, float]:
    return {run.attempt: run.cpu_s for run in outcome.step_runs if run.step == step}


def test_both_tries_of_a_job_that_hangs_are_booked(
    hire: Any, plan: Any, order: Any
) -> None:
    """P8: it computed until it was ended, twice; the job that is given up pays that."""
    crew = hire(replace(plan, step_limits=StepLimits(base_seconds=2.0)))

    outcome = crew.run(order("hanging", ("hang", Hang(width=40))))["hanging"]

    lost = _cpu_by_attempt(outcome, UNFINISHED)
    assert "did not end" in outcome.error
    assert lost.keys() == {1, 2}
    assert all(cpu_s > 0.01 for cpu_s in lost.values())
    assert outcome.attempts == 2


def test_a_job_that_went_well_pays_for_the_try_that_died(
    hire: Any, plan: Any, order: Any
) -> None:
    """P8: it ran beside the one that kills, so it was ended once, and ran again."""
    crew = hire(plan)
    step = ("poison", Poison(width=50))

    outcomes = crew.run(order("bad", step, width=50), order("good", step))

    assert _cpu_by_attempt(outcomes["bad"], UNFINISHED).keys() == {1, 2}
    good = outcomes["good"]
    tries = _cpu_by_attempt(good, UNFINISHED).keys()
    encoded = _cpu_by_attempt(good, "encode").keys()
    assert encoded == {good.kept_attempt} == {len(tries) + 1}


def test_a_step_that_fails_leaves_its_seconds(hire: Any, plan: Any, order: Any) -> None:
    """P8: what raised is booked as unfinished, beside the steps that did end."""
    outcome = hire(plan).run(order("job", ("oops", Mistake(error="value"))))["job"]

    assert outcome.error
    assert [run.step for run in outcome.step_runs] == ["decode", UNFINISHED, OVERHEAD]
    assert all(run.joules is not None for run in outcome.step_runs)
