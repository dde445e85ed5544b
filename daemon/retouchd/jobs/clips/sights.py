"""The few frames of a clip that gates and people look at."""

from __future__ import annotations

from dataclasses import replace

from retouchd.jobs.clips.parts import Pair
from retouchd.jobs.tried import Tried, better
from retouchd.values import GateRun

GATES_AT = (0.1, 0.5, 0.9)
"""Where the gates look into a clip, as shares of its length."""


class ClipSights:
    """Chooses those frames as they come by, and keeps what was seen.

    One thread asks which frames are wanted, another one tells what was seen.

    Args:
        seconds: length of the clip, as far as its container tells.
        has_gates: whether there is anything to judge.

    Attributes:
        verdicts: of the gates, on the frame of which they think least.
        shown: the frame that stands for the clip: that worst one where a gate failed,
            else one in the middle.
        is_final: whether no later frame can.
    """

    def __init__(self, seconds: float, *, has_gates: bool) -> None:
        self._seconds = seconds
        self._due = list(GATES_AT) if has_gates else []
        self.is_final = False
        self.verdicts: tuple[GateRun, ...] = ()
        self.shown: Pair | None = None

    def go_on(
        self,
        after: float,
        verdicts: tuple[GateRun, ...],
        shown: Pair | None,
        *,
        is_final: bool,
    ) -> None:
        """Take over what was seen up to the frame *after* so many seconds."""
        self.is_due(after)
        self.verdicts, self.shown, self.is_final = verdicts, shown, is_final

    def is_due(self, at: float) -> bool:
        """Whether the gates look at the frame *at* so many seconds."""
        share = at / self._seconds if self._seconds else 1.0
        is_due = bool(self._due) and share >= self._due[0]
        self._due = [place for place in self._due if place > share]
        return is_due

    def is_wanted(self, at: float) -> bool:
        """Whether the frame *at* so many seconds may stand for the clip."""
        if self.is_final:
            return False
        return self.shown is None or self._is_late(at)

    def saw(self, pair: Pair, at: float) -> None:
        """Take a frame that went through the steps."""
        if self.is_wanted(at):
            self.shown = pair
            self.is_final = self._is_late(at)

    def judged(self, verdicts: tuple[GateRun, ...], pair: Pair, at: float) -> None:
        """Take what the gates said of a frame; where they failed, it is shown."""
        told = tuple(
            replace(run, detail=f"at {at:.2f} s: {run.detail}") if run.detail else run
            for run in verdicts
        )
        before, now = Tried(1, (), self.verdicts), Tried(2, (), told)
        if self.verdicts and better(before, now) is before:
            return
        self.verdicts = told
        if now.failed:
            self.shown, self.is_final = pair, True

    def _is_late(self, at: float) -> bool:
        return at >= self._seconds / 2
