"""Adds up what the frames of a clip used, step by step."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace

from retouchd.jobs.meter import Reading
from retouchd.timestamps import utc
from retouchd.values import StepRun

DECODE, ENCODE, GATES = "decode", "encode", "gates"


class ClipSums:
    """Usage of all frames so far: one run for each step, as if it were one picture.

    Any thread may add to it.

    Args:
        words: of the steps, in the order of the rule.
    """

    def __init__(self, words: Iterable[str]) -> None:
        keys = [DECODE, *(f"{n} {word}" for n, word in enumerate(words)), GATES, ENCODE]
        self._keys = keys
        self._runs: dict[str, StepRun] = {}
        self._lock = threading.Lock()

    def add(self, key: str, run: StepRun) -> None:
        """Add *run* to that of its step: ``decode``, ``0 erase`` and so on."""
        with self._lock:
            old = self._runs.get(key)
            self._runs[key] = run if old is None else _sum(old, run)

    def time(self, key: str, reading: Reading) -> None:
        """Add time alone."""
        run = StepRun(
            step=key.rpartition(" ")[2],
            wall_ms=reading.wall_ms,
            cpu_s=reading.cpu_s,
            started_at=utc(reading.started_at),
        )
        self.add(key, run)

    def amount(self, key: str, before: float = 0, after: float = 0) -> None:
        """Add megapixels that went in and came out."""
        run = StepRun(
            key.rpartition(" ")[2], megapixels_in=before, megapixels_out=after
        )
        self.add(key, run)

    def run_of(self, key: str) -> StepRun:
        """Return what a step used so far."""
        with self._lock:
            return self._runs.get(key, StepRun(key.rpartition(" ")[2]))

    def so_far(self) -> dict[str, StepRun]:
        """Return what every step used so far, by its key."""
        with self._lock:
            return dict(self._runs)

    def runs(self) -> list[StepRun]:
        """Return one run for each step, decode first, encode last."""
        runs = self.so_far()
        return [runs[key] for key in self._keys if key in runs]


def added(
    runs: Mapping[str, StepRun], others: Mapping[str, StepRun]
) -> dict[str, StepRun]:
    """Return the sums of both, by step."""
    both = {key: _sum(runs[key], others[key]) for key in runs.keys() & others.keys()}
    return {**runs, **others, **both}


def _sum(one: StepRun, other: StepRun) -> StepRun:
    """Add two runs of one step; what only one of them tells is kept."""
    return replace(
        one,
        model=one.model or other.model,
        model_sha256=one.model_sha256 or other.model_sha256,
        tier=one.tier or other.tier,
        device=other.device if other.model else one.device,
        wall_ms=one.wall_ms + other.wall_ms,
        cpu_s=one.cpu_s + other.cpu_s,
        gpu_s=one.gpu_s + other.gpu_s,
        model_s=one.model_s + other.model_s,
        megapixels_in=one.megapixels_in + other.megapixels_in,
        megapixels_out=one.megapixels_out + other.megapixels_out,
        bytes_in=one.bytes_in + other.bytes_in,
        bytes_out=one.bytes_out + other.bytes_out,
        started_at=min(filter(None, [one.started_at, other.started_at]), default=""),
    )
