"""Measures what a piece of work used: wall time and CPU time, of all its threads."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from retouchd.models.gpu import first_gpu
from retouchd.timestamps import utc
from retouchd.values import Outcome, StepRun

Item = TypeVar("Item")


class _Thread:
    """What the kernel tells of the thread that made this object."""

    def __init__(self) -> None:
        self._cpu_clock = time.pthread_getcpuclockid(threading.get_ident())
        try:
            self._file = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        except OSError:  # a kernel without these figures
            self._file = -1

    def cpu_seconds(self) -> float:
        """Return the CPU seconds that it used."""
        return time.clock_gettime(self._cpu_clock)

    def queued_seconds(self) -> float:
        """Return how long it could have run while others had the processors.

        Source: Documentation/scheduler/sched-stats.rst, /proc/PID/schedstat: time on
        the processor, time on a run queue (nanoseconds), time slices.
        """
        if self._file < 0:
            return 0.0
        return int(os.pread(self._file, 64, 0).split()[1]) / 1e9

    def close(self) -> None:
        """Let go of what the kernel tells."""
        if self._file >= 0:
            os.close(self._file)


class _Work:
    """A piece of work that runs, with where its thread's clocks stood last."""

    def __init__(self) -> None:
        self.thread = _Thread()
        self.seconds = 0.0
        self._cpu = self.thread.cpu_seconds()
        self._queued = self.thread.queued_seconds()

    def advance(self, elapsed: float) -> tuple[float, float]:
        """Tell what its thread did of the last *elapsed* seconds.

        Returns:
            CPU seconds of the thread itself, and seconds for which it slept: waiting,
            as it does while libvips works for it.
        """
        cpu, queued = self.thread.cpu_seconds(), self.thread.queued_seconds()
        own, late = cpu - self._cpu, queued - self._queued
        self._cpu, self._queued = cpu, queued
        return own, max(0.0, elapsed - own - late)


class CpuShares:
    """Divides the CPU time of the process among the works that run in it.

    A work has the CPU time of its own thread. That is all where ONNX Runtime computes,
    but little where libvips does, in threads of its own which cannot be told apart.
    Their time (what the process used beside the works' threads) is divided between any
    two events, a work begins or ends, by how long each work's thread slept: it sleeps
    while libvips works for it, and libvips has one thread for each of ours.

    The shares add up to what the process used while any work ran.

    Attributes:
        beside: CPU seconds that the process used while no work ran.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._works: list[_Work] = []
        self._counted = 0.0
        self._settled_at = time.perf_counter()
        self._mine = threading.local()
        self.beside = 0.0

    def begin(self) -> _Work:
        """Count a work of the calling thread, its only one, among those that run."""
        with self._lock:
            self._settle()
            self._works.append(work := _Work())
            return work

    def end(self, work: _Work) -> float:
        """Return the CPU seconds of *work*, which the calling thread has begun."""
        with self._lock:
            self._settle()
            self._works.remove(work)
        work.thread.close()
        self._mine.seconds = getattr(self._mine, "seconds", 0.0) + work.seconds
        return work.seconds

    def take(self) -> float:
        """Return the CPU seconds of all works of the calling thread since it asked."""
        seconds = float(getattr(self._mine, "seconds", 0.0))
        self._mine.seconds = 0.0
        return seconds

    def _settle(self) -> None:
        used = time.process_time() - self._counted
        now = time.perf_counter()
        elapsed, self._settled_at = now - self._settled_at, now
        if not self._works:
            self.beside += used
            self._counted += used
            return
        parts = [work.advance(elapsed) for work in self._works]
        own = sum(cpu for cpu, _ in parts)
        # The clocks are read one after another: what is given too much by some
        # microseconds is missing from the next division.
        rest = max(0.0, used - own)
        self._counted += own + rest
        asleep = sum(slept for _, slept in parts)
        for work, (cpu, slept) in zip(self._works, parts, strict=True):
            share = slept / asleep if asleep else 1 / len(parts)
            work.seconds += cpu + rest * share


@dataclass
class Reading:
    """What one piece of work used; filled when it ends.

    Attributes:
        started_at: seconds since the epoch.
        wall_ms: milliseconds by the monotonic clock.
        cpu_s: CPU seconds.
    """

    started_at: float = field(default_factory=time.time)
    wall_ms: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def measured(shares: CpuShares) -> Iterator[Reading]:
    """Measure the body of a ``with`` statement."""
    reading = Reading()
    begun = time.perf_counter()
    work = shares.begin()
    try:
        yield reading
    finally:
        reading.cpu_s = shares.end(work)
        reading.wall_ms = (time.perf_counter() - begun) * 1000


class Stopwatch:
    """Measures the work of one thread, which waits for others in between.

    Args:
        shares: divides the CPU time.
        book: is given what was measured, whenever the work pauses.
    """

    def __init__(self, shares: CpuShares, book: Callable[[Reading], None]) -> None:
        self._shares = shares
        self._book = book

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure the body of a ``with`` statement."""
        self._start()
        try:
            yield
        finally:
            self._stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the body of a ``with`` statement out, within one that is measured."""
        self._stop()
        try:
            yield
        finally:
            self._start()

    def waiting_for(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield *items*; the time until the next one comes does not count."""
        iterator = iter(items)
        while True:
            with self.paused():
                item = next(iterator, None)
            if item is None:
                return
            yield item

    def _start(self) -> None:
        self._reading = Reading()
        self._begun = time.perf_counter()
        self._work = self._shares.begin()

    def _stop(self) -> None:
        self._reading.cpu_s = self._shares.end(self._work)
        self._reading.wall_ms = (time.perf_counter() - self._begun) * 1000
        self._book(self._reading)


UNFINISHED = "unfinished"
"""The step of a run that tells of work without a result: it failed, or was ended."""

_NOISE_SECONDS = 1e-5


def with_unfinished(outcome: Outcome, cpu_s: float, gpu_s: float) -> Outcome:
    """Add to *outcome* what its steps used that did not come to their end.

    Args:
        outcome: with the runs of the steps that did.
        cpu_s: CPU seconds of the whole job.
        gpu_s: GPU seconds likewise.
    """
    runs = outcome.step_runs
    cpu_s -= sum(run.cpu_s for run in runs)
    gpu_s -= sum(run.gpu_s for run in runs)
    if max(cpu_s, gpu_s) < _NOISE_SECONDS:
        return outcome
    run = StepRun(
        UNFINISHED,
        outcome.attempts,
        device=first_gpu().name if gpu_s >= _NOISE_SECONDS else "cpu",
        cpu_s=max(0.0, cpu_s),
        gpu_s=max(0.0, gpu_s),
        started_at=utc(time.time()),
    )
    return replace(outcome, step_runs=(*runs, run))
