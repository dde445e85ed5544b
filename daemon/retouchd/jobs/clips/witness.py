"""Shows a clip, frame by frame, to the gates that judge it as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from retouchd.gate import Attempt, ClipGate, FinishedClip, Seen
from retouchd.values import GateRun


class Witness:
    """What those gates have seen so far.

    Args:
        gates: in the order of the rule.
    """

    def __init__(self, gates: Sequence[ClipGate]) -> None:
        self._gates = gates
        self._seen: list[Seen] = [{} for _ in gates]

    @property
    def has_eyes(self) -> bool:
        """Whether any gate looks at frames."""
        return any(gate.needs_frames for gate in self._gates)

    def recall(self, memory: Sequence[Seen]) -> None:
        """Go on with what was remembered when work was broken off."""
        self._seen = list(memory)

    def look(self, at: float, frame: Attempt) -> None:
        """Show the next frame, which is shown *at* so many seconds, to every gate."""
        pairs = zip(self._gates, self._seen, strict=True)
        self._seen = [gate.look(at, frame, seen) for gate, seen in pairs]

    @property
    def memory(self) -> list[Seen]:
        """All that has to be known to go on, by gate."""
        return list(self._seen)

    def verdicts(self, clip: FinishedClip) -> tuple[GateRun, ...]:
        """Let every gate judge.

        Raises:
            InputError, DamagedError: see ``ClipGate.conclude``.
        """
        pairs = zip(self._gates, self._seen, strict=True)
        return tuple(gate.conclude(clip, seen) for gate, seen in pairs)
