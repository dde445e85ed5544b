"""How long a device was busy, and for whom."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Stay:
    """One run on a device.

    Attributes:
        seconds: its share of the time in which the device was busy.
        wall_s: how long it took.
    """

    seconds: float = 0.0
    wall_s: float = 0.0


class BusyTime:
    """Divides the time in which a device was busy among what ran on it.

    Between any two events, a run begins or ends, the time that passed is divided evenly
    among the runs that were on the device. So the shares add up to the time in which
    anything ran at all, and never to more than the device could have worked, however
    many sessions and jobs run side by side.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stays: list[Stay] = []
        self._settled_at = 0.0
        self._busy = 0.0
        self._mine = threading.local()

    @property
    def seconds(self) -> float:
        """Seconds in which anything ran, until now."""
        with self._lock:
            self._settle()
            return self._busy

    @contextmanager
    def stay(self) -> Iterator[Stay]:
        """Count the body of the ``with`` statement as a run on the device."""
        stay = Stay()
        begun = time.perf_counter()
        with self._lock:
            self._settle()
            self._stays.append(stay)
        try:
            yield stay
        finally:
            with self._lock:
                self._settle()
                # By identity: equal stays of two threads are not the same.
                self._stays = [one for one in self._stays if one is not stay]
            stay.wall_s = time.perf_counter() - begun
            self._mine.seconds = getattr(self._mine, "seconds", 0.0) + stay.seconds

    def take(self) -> float:
        """Return the shares of the calling thread's runs since it last asked."""
        seconds = float(getattr(self._mine, "seconds", 0.0))
        self._mine.seconds = 0.0
        return seconds

    def _settle(self) -> None:
        now = time.perf_counter()
        passed, self._settled_at = now - self._settled_at, now
        if not self._stays:
            return
        self._busy += passed
        for stay in self._stays:
            stay.seconds += passed / len(self._stays)
