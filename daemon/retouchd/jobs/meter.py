"""Measures what a piece of work used: wall time, CPU time, model time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class CpuShares:
    """Divides the CPU time of the process among the works that run in it.

    libvips computes in threads of its own, so a thread's clock misses most of the
    work. Between any two events (a work begins or ends) the CPU time that the process
    used is divided evenly among the works that were active. Each uses one core at the
    most (libvips and ONNX Runtime run with one thread per call), so the shares are
    close to each work's own use, and they always add up to the process's own figure.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shares: dict[object, float] = {}
        self._counted = time.process_time()

    def _settle(self) -> None:
        now = time.process_time()
        for work in self._shares:
            self._shares[work] += (now - self._counted) / len(self._shares)
        self._counted = now

    def begin(self, work: object) -> None:
        """Count *work* among the active ones."""
        with self._lock:
            self._settle()
            self._shares[work] = 0.0

    def end(self, work: object) -> float:
        """Return the CPU seconds that *work* was given."""
        with self._lock:
            self._settle()
            return self._shares.pop(work)


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
    shares.begin(reading_id := object())
    try:
        yield reading
    finally:
        reading.cpu_s = shares.end(reading_id)
        reading.wall_ms = (time.perf_counter() - begun) * 1000
