"""What one attempt at a job was, and which of two was better."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from retouchd.gate import Stage
from retouchd.step import Step
from retouchd.values import GateRun, Picture, StepRun, Tier


@dataclass(frozen=True)
class DoneStep:
    """One step of an attempt, done in it or taken over from an earlier one.

    Attributes:
        tier: of its model, where it uses one.
        run: what it used.
        model_runs: how often its networks ran.
        source_type: IPTC DigitalSourceType that it gave; empty: it changed nothing.
        before: the picture it was given, where a later attempt may need it.
        stage: what gates look at, where one watches it.
    """

    word: str
    step: Step
    tier: Tier
    run: StepRun
    model_runs: int = 0
    source_type: str = ""
    before: Picture | None = None
    stage: Stage | None = None

    @property
    def enlargement(self) -> float:
        """By how much its pixels became more; rounded, as it comes from megapixels."""
        return round(self.run.megapixels_out / (self.run.megapixels_in or 1.0), 6)


@dataclass(frozen=True)
class Tried:
    """One attempt: its steps and what the gates said.

    Attributes:
        number: from 1.
        picture: the result; ``None``: not needed any more.
        gates_run: what judging it used.
    """

    number: int
    steps: tuple[DoneStep, ...]
    gate_runs: tuple[GateRun, ...] = ()
    picture: Picture | None = None
    gates_run: StepRun = field(default_factory=lambda: StepRun("gates"))

    @property
    def failed(self) -> tuple[GateRun, ...]:
        """The verdicts that failed."""
        return tuple(run for run in self.gate_runs if not run.passed)

    def result_only(self) -> Tried:
        """Return it without the pictures from which a later attempt would begin."""
        steps = (replace(done, before=None, stage=None) for done in self.steps)
        return replace(self, steps=tuple(steps))


def better(one: Tried, other: Tried) -> Tried:
    """Return the better of two attempts; of two equal ones the earlier, cheaper one.

    All gates passed, else the fewest failed, else they failed by the least.
    """
    return min(one, other, key=lambda tried: (*_badness(tried), tried.number))


def _badness(tried: Tried) -> tuple[int, float]:
    return len(tried.failed), sum(map(_shortfall, tried.failed))


def _shortfall(run: GateRun) -> float:
    """By what share of its threshold a verdict missed it."""
    return abs(run.value - run.threshold) / (abs(run.threshold) or 1.0)


def said(run: GateRun) -> str:
    """Say what a gate found, such as ``matte 0.82 < 0.9``."""
    sign = "<" if run.value < run.threshold else ">"
    return f"{run.gate} {run.value:g} {sign} {run.threshold:g}"
