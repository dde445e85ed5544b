"""Samples of what a daemon holds, and whether that grows."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from harness.process import memory_mb
from kills.processes import Reading, children_of

SAMPLE_SECONDS = 1.0


@dataclass
class Gauges:
    """Readings of one process, in order.

    Attributes:
        pid: of the process.
        seconds: since the first sample, for each reading.
        readings: what it held.
        workers_mb: resident memory of its children together.
    """

    pid: int
    seconds: list[float] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    workers_mb: list[float] = field(default_factory=list)

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """Take a sample each second while the context lasts."""
        stop = threading.Event()
        thread = threading.Thread(target=self._sample, args=[stop], name="gauges")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _sample(self, stop: threading.Event) -> None:
        began = time.monotonic()
        while not stop.wait(SAMPLE_SECONDS):
            self.readings.append(Reading.of(self.pid))
            self.seconds.append(time.monotonic() - began)
            self.workers_mb.append(sum(map(memory_mb, children_of(self.pid))))

    def slope(self, warm_up: float) -> float:
        """Return the trend of memory after *warm_up* seconds, in MB per hour.

        The straight line of least squares through all samples.
        """
        taken = [
            (at / 3600, reading.memory_mb)
            for at, reading in zip(self.seconds, self.readings, strict=True)
            if at >= warm_up
        ]
        hours, memory = np.array(taken).T
        return float(np.polyfit(hours, memory, 1)[0])

    def growth(self, warm_up: float) -> float:
        """Return by how many MB the last third is above the time after *warm_up*.

        Medians of equal spans, so that one sample in the middle of a fault counts not.
        """
        warm = [
            reading.memory_mb
            for at, reading in zip(self.seconds, self.readings, strict=True)
            if at >= warm_up
        ]
        span = max(1, len(warm) // 3)
        return statistics.median(warm[-span:]) - statistics.median(warm[:span])

    def course(self, span: float) -> list[float]:
        """Return the median of memory in each *span* of seconds, in MB."""
        spans: dict[int, list[float]] = {}
        for at, reading in zip(self.seconds, self.readings, strict=True):
            spans.setdefault(int(at // span), []).append(reading.memory_mb)
        return [round(statistics.median(span), 2) for span in spans.values()]

    def peak(self, what: str) -> float:
        """Return the highest reading of *what*, an attribute of ``Reading``."""
        return max(getattr(reading, what) for reading in self.readings)
