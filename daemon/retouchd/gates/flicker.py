"""``flicker``: a clip is as steady after the steps as it was before them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from retouchd.gate import Attempt, ClipGate, FinishedClip, Seen, Stage
from retouchd.media.measures.changes import (
    WINDOW,
    edge_change,
    mean_change,
    over_window,
    restlessness,
)
from retouchd.media.measures.planes import Floats, small_colours, small_plane
from retouchd.media.pixels import to_array
from retouchd.values import GateRun, Picture

_SMALL, _MATTE = 64, 480
"""Long edges, in pixels, of the copies that are looked at."""

_GAIN = 1.5
"""A grade may make what flickers in the input so much stronger."""

_BEND = 0.15
"""While the input grows lighter, a bent curve makes the result speed up or slow down
by such a share of that."""

_CUT, _CUT_RATIO = 15.0, 3.0
"""Mean change of the input, in levels, and times the change before, from which on two
frames are not compared."""

_BEFORE_A_CUT = {"means", "alphas", "greys"}
"""What is forgotten at one."""


class Flicker(ClipGate):
    """Compare how the result changes from frame to frame with how the input does.

    What counts is the worst half second. Cuts, fades and movements are no flicker.

    Attributes:
        max_levels: by which the mean of a colour may jump up and down, beyond what
            the input does; levels of 255.
        max_edge: by which the matte of ``remove_background`` may jump there and back
            along its edge, where the input rests; levels of 255.
    """

    watches: ClassVar[tuple[str, ...]] = ("crop", "remove_background")

    max_levels: float = Field(default=0.4, gt=0, le=64)
    max_edge: float = Field(default=5.0, gt=0, le=255)

    def look(self, at: float, frame: Attempt, seen: Seen) -> Seen:
        """Compare *frame* with the two before it."""
        small = small_colours(frame.before, _SMALL)
        change = mean_change(small, seen.get("small", small))
        if change > max(_CUT, _CUT_RATIO * float(seen.get("change", 0))):
            seen = {key: seen[key] for key in seen.keys() - _BEFORE_A_CUT}
        seen = seen | {"small": small, "change": np.array(change)}
        seen = _levels_seen(at, frame, seen)
        masked = [stage for stage in frame.stages_of(self.watches) if stage.mask]
        return _edge_seen(at, masked[-1], seen) if masked else seen

    def conclude(self, clip: FinishedClip, seen: Seen) -> GateRun:  # noqa: ARG002  (the frames told all)
        """Report what flickers most, against its threshold."""
        levels, edge = _worst(seen, "levels"), _worst(seen, "edge")
        if edge[0] / self.max_edge > levels[0] / self.max_levels:
            words, step = "the edge of the cut-out flickers", "remove_background"
            return _run(edge, "edge levels", self.max_edge, words, step)
        words = "the result grows lighter and darker from frame to frame"
        return _run(levels, "levels", self.max_levels, words, "")


def _levels_seen(at: float, frame: Attempt, seen: Seen) -> Seen:
    """Compare the means of the colours, before and after the steps, of three frames."""
    means = np.stack([_means(*piece) for piece in _pieces(frame)])
    newest = np.stack([*seen.get("means", ()), means])[-3:]
    seen = seen | {"means": newest}
    if len(newest) < 3:
        return seen
    source, result = newest[:, :, 0], newest[:, :, 1]
    allowed = _GAIN * restlessness(source) + _BEND * np.abs(source[2] - source[0]) / 2
    excess = max(0.0, float((restlessness(result) - allowed).max()))
    return _counted(seen, "levels", excess, at)


def _pieces(frame: Attempt) -> list[tuple[Picture, Picture]]:
    """Cut the way of a frame where ``crop`` leaves a part of it out.

    What flickers within the rest weighs more there than in the whole.
    """
    begins, ends = [frame.before], []
    for stage in frame.stages_of(("crop",)):
        ends.append(stage.before)
        begins.append(stage.after)
    return list(zip(begins, [*ends, frame.after], strict=True))


def _means(before: Picture, after: Picture) -> Floats:
    """Return the means of the colours (2, 3), before and after."""
    copies = small_colours(before, _SMALL), small_colours(after, _SMALL)
    return np.stack([copy.mean(axis=(0, 1)) for copy in copies])


def _edge_seen(at: float, stage: Stage, seen: Seen) -> Seen:
    """Compare the mattes of three frames."""
    mask = to_array(stage.mask)[:, :, 0]
    alpha = small_plane(mask, _MATTE) / np.float32(np.iinfo(mask.dtype).max)
    grey = small_colours(stage.before, _MATTE).mean(axis=2)
    alphas = np.stack([*seen.get("alphas", ()), alpha])[-3:]
    greys = np.stack([*seen.get("greys", ()), grey])[-3:]
    seen = seen | {"alphas": alphas, "greys": greys}
    if len(alphas) < 3:
        return seen
    return _counted(seen, "edge", edge_change(alphas, greys), at)


def _counted(seen: Seen, what: str, value: float, at: float) -> Seen:
    """Add *value* to the newest half second, and keep the worst one there was."""
    recent = np.append(seen.get(f"recent {what}", ()), value)[-WINDOW:]
    mean = over_window(recent)
    worst = max(_worst(seen, what), (mean, at))
    return seen | {f"recent {what}": recent, f"worst {what}": np.array(worst)}


def _worst(seen: Seen, what: str) -> tuple[float, float]:
    """Return the worst value so far and when that was, in seconds."""
    value, at = seen.get(f"worst {what}", (0.0, 0.0))
    return float(value), float(at)


def _run(
    worst: tuple[float, float], unit: str, limit: float, words: str, step: str
) -> GateRun:
    value, at = worst
    passed = value <= limit
    if passed:
        return GateRun("flicker", round(value, 3), unit, limit, passed)
    detail = f"at {at:.2f} s: {words}"
    return GateRun("flicker", round(value, 3), unit, limit, passed, detail, step)
