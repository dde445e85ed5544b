"""Every CPU second of the daemon ends up on one job or on none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from retouchd.jobs.accounts import OVERHEAD, Accounts
from retouchd.jobs.energy import Energy, JoulesPerSecond, Watts, processor_energy
from retouchd.jobs.messages import Finished
from retouchd.jobs.meter import UNFINISHED
from retouchd.ops import doctor
from retouchd.values import GateRun, Outcome, StepRun


@dataclass
class Machine:
    """Two processes whose clocks stand where a test puts them."""

    own: float = 0.0
    cpu_seconds: float = 0.0

    def accounts(self) -> Accounts:
        """Begin with a worker."""
        accounts = Accounts(own_cpu=lambda: self.own)
        accounts.start(self)
        return accounts


def _told(job: str, steps: float, overhead: float) -> Finished:
    outcome = Outcome(job, step_runs=(StepRun("decode", cpu_s=steps),))
    return Finished(outcome, syncs=0, overhead_s=overhead)


def _seconds(outcome: Outcome, step: str) -> float:
    return sum(run.cpu_s for run in outcome.step_runs if run.step == step)


def test_overhead_is_spread_over_the_jobs_under_way() -> None:
    """P8: the start of both processes is not on the first job alone."""
    machine = Machine(own=1.0)
    accounts = machine.accounts()
    outcomes = []

    for under_way in (4, 3, 2, 1):
        machine.cpu_seconds += 1.0
        told = _told(f"job{under_way}", 0.5, overhead=2.0)
        accounts.finished(told)
        outcomes.append(accounts.complete(told.outcome, under_way))

    assert [_seconds(one, OVERHEAD) for one in outcomes] == pytest.approx([0.75] * 4)
    assert accounts.close().cpu_s == pytest.approx(0.0)


def test_time_without_jobs_is_on_no_job() -> None:
    """P8: a night of waiting does not make the first picture of the morning dear."""
    machine = Machine()
    accounts = machine.accounts()
    machine.own, machine.cpu_seconds = 30.0, 5.0
    accounts.tick(is_idle=True)

    machine.own = 31.0
    accounts.finished(told := _told("job", 0.5, overhead=5.25))
    outcome = accounts.complete(told.outcome, 1)

    assert _seconds(outcome, OVERHEAD) == pytest.approx(1.25)
    assert accounts.take_idle().cpu_s == pytest.approx(35.0)


def test_what_a_dead_worker_used_is_on_the_jobs_it_had_begun() -> None:
    """P8: each try is an attempt of its own; the one that succeeds comes after."""
    machine = Machine()
    accounts = machine.accounts()
    machine.cpu_seconds = 6.0
    accounts.ended(["a", "b"])
    accounts.start(second := Machine(cpu_seconds=4.0))
    gates = (GateRun("matte", 1.0, "", 0.9, passed=True),)
    told = Finished(
        Outcome("a", step_runs=(StepRun("decode", cpu_s=3.0),), gate_runs=gates), 0, 1.0
    )
    accounts.finished(told)

    made = accounts.complete(told.outcome, 2)
    accounts.ended()
    given_up = accounts.complete(Outcome("b", error="it died"), 1)

    runs = {(run.step, run.attempt): run.cpu_s for run in made.step_runs}
    assert runs[UNFINISHED, 1] == pytest.approx(3.0)
    assert runs["decode", 2] == pytest.approx(3.0)
    assert (made.attempts, made.kept_attempt, made.gate_runs[0].attempt) == (2, 2, 2)
    assert _seconds(given_up, UNFINISHED) == pytest.approx(3.0)
    assert given_up.attempts == 1
    everything = sum(run.cpu_s for one in (made, given_up) for run in one.step_runs)
    assert everything == pytest.approx(6.0 + second.cpu_seconds)


def test_energy_is_estimated_and_marked_where_nothing_counts() -> None:
    """P8: a figure that was assumed says so."""
    energy = Energy(Watts(core=4.0, gpu=200.0))

    run = energy.of(StepRun("upscale", cpu_s=2.0, gpu_s=0.5))

    assert (run.joules, run.joules_estimated) == (108.0, True)


def test_energy_above_the_idle_machine_is_divided_by_busy_seconds() -> None:
    """P8: 10 W idle; 34 W with two of four busy: 12 joules for each busy second."""
    clock = {"now": 0.0, "joules": 0.0, "busy": 0.0}
    processor = JoulesPerSecond(
        lambda: clock["joules"], lambda: clock["busy"], 4, lambda: clock["now"]
    )
    energy = Energy(processor=processor)

    clock |= {"now": 2.0, "joules": 20.0, "busy": 0.02}
    energy.look()
    before = energy.of(StepRun("decode", cpu_s=1.0))
    clock |= {"now": 4.0, "joules": 88.0, "busy": 4.02}
    energy.look()
    run = energy.of(StepRun("decode", cpu_s=3.0))

    assert (before.joules, before.joules_estimated) == (3.5, True)
    assert (run.joules, run.joules_estimated) == (pytest.approx(36.0), False)


def test_a_counter_that_fails_leaves_the_last_figure() -> None:
    """A driver that is replaced while the daemon runs stops nothing."""
    answers: list[Any] = [0.0, 100.0, OSError("gone")]
    now = iter([0.0, 2.0, 2.0, 4.0, 4.0])

    def joules() -> float:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return float(answer)

    busy = iter([0.0, 2.0])
    rate = JoulesPerSecond(joules, lambda: next(busy), clock=lambda: next(now))
    rate.look()

    rate.look()

    assert rate.rate == pytest.approx(50.0)


def test_rapl_is_read_from_its_files(tmp_path: Path) -> None:
    """Packages are added up, parts of them not again; a full counter begins anew."""
    for name, energy in (("intel-rapl:0", 900), ("intel-rapl:1", 10)):
        zone = tmp_path / name
        zone.mkdir()
        (zone / "energy_uj").write_text(f"{energy}\n")
        (zone / "max_energy_range_uj").write_text("999\n")
    (tmp_path / "intel-rapl:0:0").mkdir()

    found = processor_energy(tmp_path)
    assert found is not None
    (tmp_path / "intel-rapl:0/energy_uj").write_text("100\n")
    (tmp_path / "intel-rapl:1/energy_uj").write_text("60\n")

    assert found.counters[1]() == pytest.approx(250e-6)
    assert processor_energy(tmp_path / "none") is None
    assert "counted" in doctor.energy(3.5, tmp_path).text
    assert "estimated, 3.5 W" in doctor.energy(3.5, tmp_path / "none").text
