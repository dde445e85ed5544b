"""The few frames of a clip that gates and people look at."""

from __future__ import annotations

from dataclasses import replace

from retouchd.jobs.tried import Tried, better
from retouchd.values import Picture

GATES_AT = (0.1, 0.5, 0.9)
"""Where the gates look into a clip, as shares of its length."""

Pair = tuple[Picture, Picture]
"""A frame before and after the steps."""


class ClipSights:
    """Chooses those frames as they come by, and keeps what was seen.

    Args:
        seconds: length of the clip, as far as its container tells.
        has_gates: whether there is anything to judge.

    Attributes:
        worst: the attempt at the frame of which the gates think least, without its
            pictures; before any was judged, that at the first frame.
        shown: the frame that stands for the clip: that worst one where a gate failed,
            else one in the middle.
    """

    def __init__(self, seconds: float, *, has_gates: bool) -> None:
        self._seconds = seconds
        self._due = list(GATES_AT) if has_gates else []
        self._is_final = False
        self.worst: Tried | None = None
        self.shown: Pair | None = None

    def is_due(self, at: float) -> bool:
        """Whether the gates look at the frame *at* so many seconds."""
        share = at / self._seconds if self._seconds else 1.0
        is_due = bool(self._due) and share >= self._due[0]
        self._due = [place for place in self._due if place > share]
        return is_due

    def is_wanted(self, at: float) -> bool:
        """Whether the frame *at* so many seconds may stand for the clip."""
        if self._is_final:
            return False
        return self.shown is None or self._is_late(at)

    def saw(self, pair: Pair, at: float) -> None:
        """Take a frame that went through the steps."""
        if self.is_wanted(at):
            self.shown = pair
            self._is_final = self._is_late(at)

    def judged(self, tried: Tried, pair: Pair, at: float) -> None:
        """Take what the gates said of a frame; where they failed, it is shown."""
        verdicts = tuple(
            replace(run, detail=f"at {at:.2f} s: {run.detail}") if run.detail else run
            for run in tried.gate_runs
        )
        told = replace(tried.result_only(), picture=None, gate_runs=verdicts)
        before = self.worst
        if before is None or not before.gate_runs or better(before, told) is before:
            self.worst = told
            if told.failed:
                self.shown, self._is_final = pair, True

    def _is_late(self, at: float) -> bool:
        return at >= self._seconds / 2
