"""Keeps account of the daemon's CPU time: every second ends up on one job or on none.

What a job's steps used, its worker tells with the outcome. Beside them supervisor and
worker watch, hash, journal, hand out, load libraries and wait. While jobs are under way
they do so for these jobs, so it is booked on them as the step ``overhead``; at other
times it is idle time, which is on no job and which the ledger keeps by itself.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from retouchd.jobs.energy import Energy
from retouchd.jobs.messages import Finished
from retouchd.jobs.meter import UNFINISHED
from retouchd.timestamps import utc
from retouchd.values import Outcome, StepRun

OVERHEAD = "overhead"
"""The step that tells of what the daemon used for a job beside its steps."""


@dataclass(frozen=True)
class Spent:
    """What is on no job: CPU seconds, and their energy in joules."""

    cpu_s: float
    joules: float
    joules_estimated: bool


class Process(Protocol):
    """A process whose CPU time is asked for."""

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds of all its threads so far; after its end the last figure."""


@dataclass
class _Worker:
    """A worker, and what of its CPU time is on the account already.

    Attributes:
        on_jobs: seconds that its steps used.
        beside: seconds that were overhead or idle time.
        gpu_busy: seconds for which it kept its GPU busy.
    """

    process: Process
    on_jobs: float = 0.0
    beside: float = 0.0
    gpu_busy: float = 0.0

    def rest(self) -> float:
        """Return its seconds that are not on the account yet."""
        return self.process.cpu_seconds - self.on_jobs - self.beside


class Accounts:
    """Divides the CPU time of supervisor and workers; any thread may call.

    Attributes:
        ended_workers_s: CPU seconds of all workers that have ended.

    Args:
        energy: tells the joules of what is booked.
        own_cpu: CPU seconds of the supervisor so far.
    """

    def __init__(
        self,
        energy: Energy | None = None,
        own_cpu: Callable[[], float] = time.process_time,
    ) -> None:
        self._energy = energy or Energy()
        self._own_cpu = own_cpu
        self._lock = threading.Lock()
        self._own_counted = 0.0
        self._worker: _Worker | None = None
        self.ended_workers_s = 0.0
        self._overhead = 0.0
        self._idle = 0.0
        self._unfinished: dict[str, list[float]] = defaultdict(list)

    def start(self, worker: Process) -> None:
        """Begin with a new *worker*."""
        with self._lock:
            self._worker = _Worker(worker)

    def ended(self, running: Iterable[str] = ()) -> None:
        """Close the account of the present worker, which has ended.

        Args:
            running: jobs that it had begun; they share what it had not told yet.
        """
        with self._lock:
            if self._worker is None:
                return
            rest = self._worker.rest()
            self.ended_workers_s += self._worker.process.cpu_seconds
            self._worker = None
            jobs = list(running)
            if not jobs:
                self._overhead += rest
            for job in jobs:
                self._unfinished[job].append(rest / len(jobs))

    def finished(self, told: Finished) -> None:
        """Note what the worker *told* of itself when a job ended."""
        with self._lock:
            if worker := self._worker:
                runs = told.outcome.step_runs
                worker.on_jobs += sum(run.cpu_s for run in runs)
                self._overhead += told.overhead_s - worker.beside
                worker.beside = told.overhead_s
                if told.gpu:
                    busy = told.gpu_busy_s - worker.gpu_busy
                    worker.gpu_busy = told.gpu_busy_s
                    self._energy.used_gpu(told.gpu, busy)

    def complete(self, outcome: Outcome, under_way: int) -> Outcome:
        """Add to *outcome* what was used for it beside the steps of its last attempt.

        Args:
            outcome: of a job that ended, however it ended.
            under_way: jobs that wait or run, this one among them; each gets its share
                of the overhead when it ends.
        """
        with self._lock:
            self._count_own()
            self._energy.look()
            overhead = self._overhead / max(1, under_way)
            self._overhead -= overhead
            lost = self._unfinished.pop(outcome.job, [])
        now = utc(time.time())
        # One that no worker gave is about the last of the lost ones.
        earlier = len(lost) if outcome.step_runs else max(0, len(lost) - 1)
        outcome = outcome.renumbered(earlier)
        runs = (
            StepRun(OVERHEAD, outcome.kept_attempt, cpu_s=overhead, started_at=now),
            *(
                StepRun(UNFINISHED, number, cpu_s=cpu_s, started_at=now)
                for number, cpu_s in enumerate(lost, start=1)
            ),
        )
        every = (*outcome.step_runs, *outcome.inherited_runs, *runs)
        return replace(outcome, step_runs=tuple(map(self._energy.of, every)))

    def tick(self, *, is_idle: bool) -> None:
        """Sort what was used since the last call: for jobs, or for none."""
        with self._lock:
            self._energy.look()
            if not is_idle:
                self._count_own()
                return
            used = self._own_cpu()
            self._idle += used - self._own_counted
            self._own_counted = used
            if self._worker:
                rest = self._worker.rest()
                self._worker.beside += rest
                self._idle += rest

    def take_idle(self) -> Spent:
        """Return what was used for no job since it was asked last."""
        with self._lock:
            idle, self._idle = self._idle, 0.0
        return self._spent(idle)

    def close(self) -> Spent:
        """Return all that is on no job, at the end, when no worker runs any more."""
        with self._lock:
            self._count_own()
            lost = sum(map(sum, self._unfinished.values()))
            rest = self._idle + self._overhead + lost
            self._idle = self._overhead = 0.0
            self._unfinished.clear()
        return self._spent(rest)

    def _spent(self, cpu_s: float) -> Spent:
        run = self._energy.of(StepRun(OVERHEAD, cpu_s=cpu_s))
        return Spent(cpu_s, run.joules or 0.0, run.joules_estimated)

    def _count_own(self) -> None:
        used = self._own_cpu()
        self._overhead += used - self._own_counted
        self._own_counted = used
