"""The pool with its real worker process, which may die or hang at any moment."""

from __future__ import annotations

import errno
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hostile_steps import Hang, Poison, Unreachable, Wait

from retouchd.delivery.place import sha256_of
from retouchd.jobs import pool
from retouchd.jobs.backlog import FAULTS_PER_JOB
from retouchd.jobs.limits import StepLimits
from retouchd.jobs.process import WorkerProcess, _state
from retouchd.steps.resize import Resize


def test_good_and_broken_pictures(hire: Any, plan: Any, order: Any) -> None:
    """P2, P7: a broken picture is an outcome with its reason; the others are staged."""
    crew = hire(plan)
    shrink = ("resize", Resize(long_edge=16))

    outcomes = crew.run(
        order("good", shrink),
        order("broken", shrink, content=b"\x89PNG\r\n\x1a\n" + b"x" * 99),
        order("better"),
    )

    assert outcomes["broken"].error
    assert outcomes["broken"].renditions == ()
    [made] = outcomes["good"].renditions
    assert (made.width, made.height) == (16, 12)
    assert made.sha256 == sha256_of(made.stage)
    assert made.bytes == made.stage.stat().st_size
    assert outcomes["better"].renditions[0].width == 20
    assert crew.pool.restarts == 0
    assert crew.pool.syncs >= 2
    assert crew.pool.size == 0


def test_order_that_kills_the_worker_is_found_among_others(
    hire: Any, plan: Any, order: Any
) -> None:
    """P7: the poison costs at most three workers, and everybody else is served."""
    crew = hire(plan)
    poison = ("poison", Poison(width=41))
    orders = [order(f"j{n}", poison, width=41 if n == 3 else 40) for n in range(8)]

    outcomes = crew.run(*orders)

    assert crew.pool.restarts <= FAULTS_PER_JOB + 1
    assert "died on this file (exit code -9)" in outcomes.pop("j3").error
    assert [outcome.error for outcome in outcomes.values()] == [""] * 7


def test_order_that_kills_the_worker_alone(hire: Any, plan: Any, order: Any) -> None:
    """P7: alone it costs two workers, and the pool goes on serving."""
    crew = hire(plan)

    killed = crew.run(order("bad", ("poison", Poison(width=40))))
    after = crew.run(order("good"))

    assert crew.pool.restarts == FAULTS_PER_JOB
    assert killed["bad"].error
    assert not after["good"].error


def test_killed_worker_loses_no_order(
    hire: Any, plan: Any, order: Any, tmp_path: Path, until: Any
) -> None:
    """P3: after SIGKILL under load every order still gets its outcome, once."""
    crew = hire(plan)
    sign = tmp_path / "begun"
    slow = ("wait", Wait(seconds=0.05, sign=str(sign)))
    orders = [order(f"j{n}", slow) for n in range(10)]

    def kill() -> None:
        until(sign.exists)
        os.kill(crew.pool.worker_pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    outcomes = crew.run(*orders)
    killer.join()

    assert crew.pool.restarts == 1
    assert [outcome.error for outcome in outcomes.values()] == [""] * 10


def test_step_that_hangs_is_ended_and_named(hire: Any, plan: Any, order: Any) -> None:
    """P7: a job that hangs twice fails with step, limit and size; others are done."""
    crew = hire(replace(plan, step_limits=StepLimits(base_seconds=2.0)))
    hang = ("hang", Hang(width=41))
    orders = [order(f"j{n}", hang, width=41 if n == 1 else 40) for n in range(4)]

    outcomes = crew.run(*orders)

    assert outcomes.pop("j1").error == (
        "the step hang did not end within 2 s at 0.0 megapixels, twice"
    )
    assert [outcome.error for outcome in outcomes.values()] == [""] * 3
    assert crew.pool.restarts == FAULTS_PER_JOB


def test_share_that_hangs_is_no_fault_of_its_files(
    hire: Any, plan: Any, order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P7: its jobs are told as to be run later, all at once; other folders go on."""
    monkeypatch.setattr(WorkerProcess, "waits_for_storage", lambda _: True)
    crew = hire(replace(plan, threads=1, step_limits=StepLimits(base_seconds=2.0)))
    hang = ("hang", Hang(width=41))
    others = [order(f"j{n}") for n in range(2)]
    away = [order(f"a{n}", hang, width=41) for n in range(3)]
    away = [replace(one, drop=replace(one.drop, hot_folder="away")) for one in away]

    outcomes = crew.run(*away, *others)

    numbers = [outcomes[one.job].errno for one in away]
    assert numbers == [errno.ETIMEDOUT, errno.ECANCELED, errno.ECANCELED]
    assert all(outcomes[one.job].retryable for one in away)
    assert [outcomes[one.job].error for one in others] == ["", ""]
    assert crew.pool.restarts == 1


def test_share_that_answers_with_errors_holds_nobody_up(
    hire: Any, plan: Any, order: Any
) -> None:
    """P7: its waiting jobs are handed back unbegun instead of failing one by one."""
    crew = hire(replace(plan, threads=1))
    gone = ("unreachable", Unreachable())
    away = [order(f"a{n}", gone) for n in range(3)]
    away = [replace(one, drop=replace(one.drop, hot_folder="away")) for one in away]
    other = order("b")

    outcomes = crew.run(*away, other)

    numbers = [outcomes[one.job].errno for one in away]
    assert numbers == [errno.EHOSTDOWN, errno.ECANCELED, errno.ECANCELED]
    assert outcomes[other.job].error == ""


def test_state_of_a_process_is_read() -> None:
    """A worker that computes does not wait for storage; a name may hold brackets."""
    assert _state(Path("/proc/thread-self")) == "R"


def test_poison_after_poison_does_not_stop_the_pool(
    hire: Any, plan: Any, order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P7: many bad files in a row are many bad files, not a broken machine."""
    monkeypatch.setattr(pool, "DEATHS_IN_A_ROW", 3)
    crew = hire(replace(plan, threads=1))
    poison = ("poison", Poison(width=40))

    outcomes = crew.run(*(order(f"j{n}", poison) for n in range(2)))

    assert all("died on this file" in outcome.error for outcome in outcomes.values())
    assert crew.pool.is_alive
    assert crew.run(order("good", width=20))["good"].error == ""


def test_abandoned_worker_reports_nothing(
    hire: Any, plan: Any, order: Any, tmp_path: Path, until: Any
) -> None:
    """With a broken ledger what runs is dropped at once, and no worker is left."""
    crew = hire(plan)
    sign = tmp_path / "begun"
    crew.pool.submit(order("runs", ("wait", Wait(seconds=3600, sign=str(sign)))))
    until(sign.exists)
    worker = crew.pool.worker_pid

    crew.pool.abandon()

    assert crew.said.empty()
    assert not Path(f"/proc/{worker}").exists()


def test_stop_finishes_what_runs(
    hire: Any, plan: Any, order: Any, tmp_path: Path, until: Any
) -> None:
    """A stop waits for running jobs and forgets those that wait; their claims stay."""
    crew = hire(replace(plan, threads=1))
    sign = tmp_path / "begun"
    crew.pool.submit(order("runs", ("wait", Wait(seconds=0.3, sign=str(sign)))))
    crew.pool.submit(order("waits"))
    until(sign.exists)
    until(lambda: crew.pool.running() == {"runs": "wait"})
    worker = crew.pool.worker_pid

    crew.pool.stop()

    assert crew.said.get_nowait().job == "runs"
    assert crew.said.empty()
    assert not Path(f"/proc/{worker}").exists()
