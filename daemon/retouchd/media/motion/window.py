"""The frames around a frame that may show what is hidden in it, and the way to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from retouchd.media.motion.align import Matrix, alignment
from retouchd.media.motion.dense import Flags, Levels, small_frame
from retouchd.media.patch import Mask
from retouchd.media.pixels import to_array
from retouchd.values import Picture

_MOST_AHEAD, _LEAST_AHEAD = 24, 6
_PIXELS_AHEAD = 50_000_000
"""Frames, and pixels in all of them, that are waited for: each is there decoded and as
a picture."""

_OLDEST, _KEPT = 127, 14
"""Frames that a look back goes at most (five seconds ago the light was another), and
how many of them are there; see ``_is_kept``."""

_MARGIN = 7
"""Small pixels around what is hidden that motion is not measured in: what covers it
would count."""


_AROUND = (61, 61)
"""Small pixels whose mean stands for what is hidden."""


@dataclass(frozen=True)
class Sight:
    """A frame, and what is hidden in it.

    Attributes:
        hidden: (H, W), true where something covers what was before the camera.
        small: (h, w), brightness, to measure motion; what is hidden is as bright as
            its surroundings.
    """

    picture: Picture
    hidden: Mask
    small: Levels


@dataclass(frozen=True)
class Neighbour:
    """A frame near another one.

    Attributes:
        away: frames between the two, and one.
        way: takes spots of the other frame to where they are about in this one, in
            pixels of the picture.
    """

    sight: Sight
    away: int
    way: Matrix


@dataclass(frozen=True)
class Window:
    """A frame, with those around it that may show more, the nearest first."""

    now: Sight
    neighbours: tuple[Neighbour, ...] = ()


def frames_held(width: int, height: int) -> int:
    """Return how many frames of that size a window holds at most."""
    return _ahead(width * height) + 1 + _KEPT


def sight_of(picture: Picture, hidden: Mask) -> Sight:
    """Look at a frame, of which *hidden* (H, W) is covered."""
    small: Any = cv2.cvtColor(small_frame(to_array(picture.image)), cv2.COLOR_RGB2GRAY)
    covered = _shrunk(hidden, small.shape)
    if covered.any():
        # A mark that stays in its place would hold back whatever moves around it.
        known = (~covered).astype(np.float32)
        around: Any = cv2.blur(small * known, _AROUND)
        weight: Any = cv2.blur(known, _AROUND)
        small[covered] = np.rint(around / np.maximum(weight, 1e-3))[covered]
    return Sight(picture, hidden, small)


def windows(sights: Iterable[Sight]) -> Iterator[Window]:
    """Yield each frame of a shot with those around it.

    Behind a frame ever fewer are kept the longer ago they were, and none from
    before the motion was lost. Where nothing is hidden, nor soon will be, no motion
    is measured and none is kept.

    Args:
        sights: frames that follow one another, all of one size; taken up to 24 before
            they are yielded.
    """
    coming: deque[Sight] = deque()
    past = _Past()
    for sight in sights:
        coming.append(sight)
        if len(coming) > _ahead(sight.hidden.size):
            yield past.window(coming)
            coming.popleft()
    while coming:
        yield past.window(coming)
        coming.popleft()


def _ahead(pixels: int) -> int:
    """Return how many frames of so many *pixels* are waited for."""
    return min(max(_PIXELS_AHEAD // pixels, _LEAST_AHEAD), _MOST_AHEAD)


class _Past:
    """The frames that were, each with the way to it from the one that is."""

    def __init__(self) -> None:
        self._kept: list[Neighbour] = []
        self._last: Sight | None = None
        self._number = -1
        self._steps: deque[Matrix | None] = deque()

    def window(self, coming: deque[Sight]) -> Window:
        """Move on to the first of *coming*; return what is around it."""
        now = coming[0]
        self._number += 1
        if not any(sight.hidden.any() for sight in coming):
            self._kept, self._last = [], None
            self._steps.clear()
            return Window(now)
        self._move_on(coming)
        neighbours = [*self._kept, *self._future(coming)]
        self._last = now
        if not now.hidden.any():
            return Window(now)
        return Window(now, tuple(sorted(neighbours, key=lambda one: one.away)))

    def _move_on(self, coming: deque[Sight]) -> None:
        """Measure motion as far as *coming* goes; let the past recede by a frame."""
        step = self._steps.popleft() if self._steps else None
        pairs = zip(coming, list(coming)[1:], strict=False)
        self._steps += [_step(*pair) for pair in list(pairs)[len(self._steps) :]]
        if step is None or self._last is None:
            self._kept = []
            return
        last = Neighbour(self._last, 0, np.eye(3))
        self._kept = [
            replace(one, away=one.away + 1, way=one.way @ step)
            for one in (last, *self._kept)
            if _is_kept(self._number - one.away - 1, one.away + 1)
        ]

    def _future(self, coming: deque[Sight]) -> Iterator[Neighbour]:
        """Yield the frames ahead, as far as the motion to them is known."""
        way = np.eye(3)
        for away, step in enumerate(self._steps, 1):
            if step is None:
                return
            way = np.linalg.inv(step) @ way
            yield Neighbour(coming[away], away, way)


def _is_kept(number: int, away: int) -> bool:
    """Whether the frame *number* is worth its memory when it is so many frames away.

    All of the last three are, every second of the last seven, every fourth of the last
    fifteen, and so on; a frame that went is not wanted again.
    """
    return away <= _OLDEST and number % (1 << max(0, away.bit_length() - 2)) == 0


def _step(before: Sight, now: Sight) -> Matrix | None:
    """Return what takes spots of *now* to *before*, in pixels of the picture."""
    if before.hidden.shape != now.hidden.shape:
        return None
    usable = _in_view(before, now)
    found = alignment(now.small, before.small, usable)
    if found is None:
        return None
    height, width = now.hidden.shape
    return _at_full_size(found, width / now.small.shape[1], height / now.small.shape[0])


def _in_view(*sights: Sight) -> Flags:
    """Return (h, w): where nothing is hidden in any of them."""
    hidden = np.logical_or.reduce([sight.hidden for sight in sights])
    covered = _shrunk(hidden, sights[0].small.shape).astype(np.uint8)
    return np.asarray(cv2.dilate(covered, np.ones((2 * _MARGIN + 1,) * 2)) == 0)


def _shrunk(hidden: Mask, shape: tuple[int, ...]) -> Flags:
    """Return (h, w): which pixels of a small frame have anything hidden in them."""
    size = (shape[1], shape[0])
    share = cv2.resize(hidden.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(share > 0)


def _at_full_size(matrix: Matrix, across: float, down: float) -> Matrix:
    """Return *matrix* for pictures that many times as large."""
    larger = np.array(
        [[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]]
    )
    return np.asarray(larger @ matrix @ np.linalg.inv(larger))
