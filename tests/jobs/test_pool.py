"""The pool with its real worker process, which may die at any moment."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hostile_steps import Poison, Wait

from retouchd.delivery.place import sha256_of
from retouchd.jobs.pool import DEATHS_PER_JOB, Pool
from retouchd.jobs.worker import WorkerPlan
from retouchd.steps.resize import Resize
from retouchd.values import Outcome

PATIENCE_SECONDS = 30.0


@dataclass
class Crew:
    """A pool and everything that it said."""

    plan: WorkerPlan
    said: queue.SimpleQueue[Outcome] = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        """Start the worker."""
        self.pool = Pool(self.plan, self.said.put)

    def run(self, *orders: Any) -> dict[str, Outcome]:
        """Submit *orders* and wait until each has its outcome, exactly once."""
        for order in orders:
            self.pool.submit(order)
        got = [self.said.get(timeout=PATIENCE_SECONDS) for _ in orders]
        outcomes = {outcome.job: outcome for outcome in got}
        assert outcomes.keys() == {order.job for order in orders}
        return outcomes


@pytest.fixture
def hire() -> Iterator[Callable[[WorkerPlan], Crew]]:
    """Start pools that are stopped after the test."""
    crews: list[Crew] = []

    def start(plan: WorkerPlan) -> Crew:
        crews.append(Crew(plan))
        return crews[-1]

    yield start
    for crew in crews:
        crew.pool.stop()
        assert crew.said.empty(), "an order had two outcomes"
        assert not crew.pool.is_alive


def _until(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


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

    assert crew.pool.restarts <= DEATHS_PER_JOB + 1
    assert "died on this file (exit code -9)" in outcomes.pop("j3").error
    assert [outcome.error for outcome in outcomes.values()] == [""] * 7


def test_order_that_kills_the_worker_alone(hire: Any, plan: Any, order: Any) -> None:
    """P7: alone it costs two workers, and the pool goes on serving."""
    crew = hire(plan)

    killed = crew.run(order("bad", ("poison", Poison(width=40))))
    after = crew.run(order("good"))

    assert crew.pool.restarts == DEATHS_PER_JOB
    assert killed["bad"].error
    assert not after["good"].error


def test_killed_worker_loses_no_order(
    hire: Any, plan: Any, order: Any, tmp_path: Path
) -> None:
    """P3: after SIGKILL under load every order still gets its outcome, once."""
    crew = hire(plan)
    sign = tmp_path / "begun"
    slow = ("wait", Wait(seconds=0.05, sign=sign))
    orders = [order(f"j{n}", slow) for n in range(10)]

    def kill() -> None:
        _until(sign.exists)
        os.kill(crew.pool.worker_pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    outcomes = crew.run(*orders)
    killer.join()

    assert crew.pool.restarts == 1
    assert [outcome.error for outcome in outcomes.values()] == [""] * 10


def test_worker_is_renewed_by_age(hire: Any, plan: Any, order: Any) -> None:
    """After so many jobs a new process takes over; nobody notices but the memory."""
    crew = hire(replace(plan, max_jobs=2))
    first = crew.pool.worker_pid

    outcomes = crew.run(*(order(f"j{n}") for n in range(3)))

    assert [outcome.error for outcome in outcomes.values()] == [""] * 3
    _until(lambda: crew.pool.worker_pid != first)
    assert crew.pool.restarts == 0
    assert crew.pool.syncs == 3


def test_stop_finishes_what_runs(
    hire: Any, plan: Any, order: Any, tmp_path: Path
) -> None:
    """A stop waits for running jobs and forgets those that wait; their claims stay."""
    crew = hire(replace(plan, threads=1))
    sign = tmp_path / "begun"
    crew.pool.submit(order("runs", ("wait", Wait(seconds=0.3, sign=sign))))
    crew.pool.submit(order("waits"))
    _until(sign.exists)
    _until(lambda: crew.pool.running() == {"runs": "wait"})
    worker = crew.pool.worker_pid

    crew.pool.stop()

    assert crew.said.get_nowait().job == "runs"
    assert crew.said.empty()
    assert not Path(f"/proc/{worker}").exists()
