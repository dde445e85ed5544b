"""Adds up what the frames of a clip used, step by step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from retouchd.jobs.meter import Reading
from retouchd.jobs.tried import DoneStep
from retouchd.timestamps import utc
from retouchd.values import StepRun


class ClipSums:
    """Usage of all frames so far: one run for each step, as if it were one picture."""

    def __init__(self) -> None:
        self._runs: dict[str, StepRun] = {}

    def read(self, reading: Reading, megapixels: float = 0, bytes_in: int = 0) -> None:
        """Add work of decoding."""
        run = _run("decode", reading, megapixels)
        self._add("decode", replace(run, bytes_in=bytes_in))

    def wrote(
        self, reading: Reading, megapixels: float = 0, bytes_out: int = 0
    ) -> None:
        """Add work of encoding."""
        run = _run("encode", reading, megapixels)
        self._add("encode", replace(run, bytes_out=bytes_out))

    def did(self, runs: Iterable[StepRun]) -> None:
        """Add what the steps and gates of one frame used, in their order."""
        for place, run in enumerate(runs):
            self._add(f"{place} {run.step}", run)

    def of(self, done: Iterable[DoneStep]) -> tuple[DoneStep, ...]:
        """Return the steps of one frame with the usage of all frames."""
        return tuple(
            replace(one, run=self._runs[f"{place} {one.word}"])
            for place, one in enumerate(done)
        )

    def runs(self) -> list[StepRun]:
        """Return one run for each step: decode first, encode last."""
        last = [self._runs[word] for word in ("encode",) if word in self._runs]
        others = [run for word, run in self._runs.items() if word != "encode"]
        return [*others, *last]

    def _add(self, key: str, run: StepRun) -> None:
        old = self._runs.get(key)
        self._runs[key] = run if old is None else _sum(old, run)


def _run(step: str, reading: Reading, megapixels: float) -> StepRun:
    return StepRun(
        step=step,
        wall_ms=reading.wall_ms,
        cpu_s=reading.cpu_s,
        megapixels_in=megapixels,
        megapixels_out=megapixels,
        started_at=utc(reading.started_at),
    )


def _sum(one: StepRun, other: StepRun) -> StepRun:
    return replace(
        one,
        wall_ms=one.wall_ms + other.wall_ms,
        cpu_s=one.cpu_s + other.cpu_s,
        gpu_s=one.gpu_s + other.gpu_s,
        model_s=one.model_s + other.model_s,
        megapixels_in=one.megapixels_in + other.megapixels_in,
        megapixels_out=one.megapixels_out + other.megapixels_out,
        bytes_in=one.bytes_in + other.bytes_in,
        bytes_out=one.bytes_out + other.bytes_out,
    )
