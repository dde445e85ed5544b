"""``frames``: no frame of a clip is lost, shown twice, or shown at another time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import Field

from retouchd.gate import Attempt, ClipGate, FinishedClip, Seen, Stage
from retouchd.media.clips.times import shown_times, strays
from retouchd.media.measures.changes import mean_change
from retouchd.media.measures.planes import Floats, small_colours, small_plane
from retouchd.media.pixels import to_array
from retouchd.values import GateRun, Picture

_SMALL = 64
"""Long edge, in pixels, of the copies that are compared."""

_REAL_CHANGE = 3.0
"""Mean change, in levels of 255, from which on a frame shows something new; below,
a result that stays the same may be right."""

_STUCK = 0.1
"""A result that changes by less than this share of what went in stays the same."""

_LEAST_AREA = 0.01
"""Share of the frame: of a smaller subject no change can be told."""


class Frames(ClipGate):
    """Count frames of the result that are missing, too many, late, or a repetition.

    A frame is repeated where what goes into a step changes and what comes out of it
    does not; what the input repeats may be repeated. What a step erases, crops, or cuts
    away as background, may change without a trace. The files are held against the
    input by the times of their frames, be these evenly spaced or not.

    Attributes:
        most: how many there may be.
    """

    watches: ClassVar[tuple[str, ...]] = ("crop", "erase", "remove_background")

    most: int = Field(default=0, ge=0)

    def look(self, at: float, frame: Attempt, seen: Seen) -> Seen:
        """Compare *frame* with the one before, from each watched step to the next."""
        count, first = seen.get("repeated", (0.0, 0.0))
        now: Seen = {"begin": seen.get("begin", np.array(at))}
        is_stuck = False
        for link in self._links(frame):
            is_stuck |= link.is_stuck_since(seen)
            now |= link.arrays
        if is_stuck:
            count, first = count + 1, first if count else at
        return now | {"repeated": np.array((count, first))}

    def conclude(self, clip: FinishedClip, seen: Seen) -> GateRun:
        """Report the repetitions, or the file that strays most from the input."""
        count, first = seen.get("repeated", (0.0, 0.0))
        found = (int(count), f"at {first:.2f} s: the result repeats a frame")
        with clip.source() as source:
            begin = float(seen["begin"]) if "begin" in seen else 0.0
            wanted = [time for time in shown_times(source) if float(time) >= begin]
        for result in clip.results:
            with result() as made:
                found = max(found, strays(wanted, shown_times(made)))
        passed = found[0] <= self.most
        detail = "" if passed else found[1]
        return GateRun("frames", found[0], "frames", self.most, passed, detail)

    def _links(self, frame: Attempt) -> Iterator[_Link]:
        """Yield the way of a frame, cut at the steps that may hide a change."""
        picture = frame.before
        for number, stage in enumerate(frame.stages_of(self.watches)):
            if stage.before is not picture:
                yield _Link.of(f"to {number}", picture, stage.before)
            if stage.word != "crop":
                yield _Link.of(f"{number}", stage.before, stage.after, _weight(stage))
            picture = stage.after
        if frame.after is not picture:
            yield _Link.of("end", picture, frame.after)


@dataclass(frozen=True)
class _Link:
    """A piece of the way of one frame, in small copies.

    Attributes:
        name: of the piece, the same in every frame.
        source: what goes in, (H, W, 3).
        result: what comes out, likewise; with a weight as large as *source*.
        weight: (H, W), 0..1, how much a change must show; empty: it must everywhere.
    """

    name: str
    source: Floats
    result: Floats
    weight: Floats

    @classmethod
    def of(
        cls, name: str, source: Picture, result: Picture, weight: Floats | None = None
    ) -> _Link:
        """Make small copies."""
        copies = small_colours(source, _SMALL), small_colours(result, _SMALL)
        return cls(name, *copies, np.empty(0, np.float32) if weight is None else weight)

    @property
    def arrays(self) -> Seen:
        """What the next frame is compared with."""
        return {
            f"{self.name} in": self.source,
            f"{self.name} out": self.result,
            f"{self.name} weight": self.weight,
        }

    def is_stuck_since(self, seen: Seen) -> bool:
        """Whether the result stayed the same since *seen*, and the source did not."""
        if f"{self.name} in" not in seen:
            return False
        last = seen[f"{self.name} weight"]
        weight = None
        if last.size and self.weight.size:
            weight = np.minimum(last, self.weight)
            if weight.mean() < _LEAST_AREA:
                return False
        changed = mean_change(self.source, seen[f"{self.name} in"], weight)
        shown = mean_change(self.result, seen[f"{self.name} out"], weight)
        return changed >= _REAL_CHANGE and shown < _STUCK * changed


def _weight(stage: Stage) -> Floats | None:
    """Return where a change must show: outside of what is erased, within a cut-out."""
    if stage.mask is None:
        return None
    mask = to_array(stage.mask)[:, :, 0]
    share = small_plane(mask, _SMALL) / np.float32(np.iinfo(mask.dtype).max)
    return 1 - share if stage.word == "erase" else share
