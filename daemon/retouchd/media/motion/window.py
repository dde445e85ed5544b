"""The frames around a frame that may show what is hidden in it, and the way to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from retouchd.media.motion.align import Matrix
from retouchd.media.motion.keepsake import Carried, Past, packed, unpacked
from retouchd.media.motion.sight import Neighbour, Seen, Window, way_back

_MOST_AHEAD, _LEAST_AHEAD = 24, 6
_PIXELS_AHEAD = 50_000_000
"""Frames, and pixels in all of them, that are waited for: each is there decoded and as
a picture."""

_OLDEST, _KEPT = 127, 14
"""Frames that a look back goes at most (five seconds ago the light was another), and
how many of them are there; see ``_is_kept``."""


def frames_held(width: int, height: int) -> int:
    """Return how many frames of that size a window holds at most."""
    return _ahead(width * height) + 1 + _KEPT


def windows(sights: Iterable[Seen], carried: Carried) -> Iterator[Window]:
    """Yield each frame of a shot with those around it.

    Behind a frame ever fewer are kept the longer ago they were, and none from
    before the motion was lost. Where nothing is hidden, nor soon will be, no motion
    is measured and none is kept.

    Args:
        sights: frames that follow one another, all of one size; taken up to 24 before
            they are yielded.
        carried: what was left here at the end of the frames before them; at the end
            of these, what those after them have to know.
    """
    coming: deque[Seen] = deque()
    place = _Place(unpacked(carried))
    for sight in sights:
        coming.append(sight)
        if len(coming) > _ahead(sight.hidden.size):
            yield place.window(coming)
            coming.popleft()
    while coming:
        yield place.window(coming)
        coming.popleft()
    carried.clear()
    carried.update(packed(place.past))


def _ahead(pixels: int) -> int:
    """Return how many frames of so many *pixels* are waited for."""
    return min(max(_PIXELS_AHEAD // pixels, _LEAST_AHEAD), _MOST_AHEAD)


class _Place:
    """A place in a shot that moves on, frame by frame.

    Args:
        past: what is known of the frames before.
    """

    def __init__(self, past: Past) -> None:
        self.past = past
        self._steps: deque[Matrix | None] = deque()

    def window(self, coming: deque[Seen]) -> Window:
        """Move on to the first of *coming*; return what is around it."""
        now, number = coming[0], self.past.number + 1
        if not any(sight.hidden.any() for sight in coming):
            self.past = Past(number)
            self._steps.clear()
            return Window(now)
        behind = self._behind(now)
        around = [*behind, *self._ahead(coming)] if now.hidden.any() else []
        this = Neighbour(now, 0, np.eye(3))
        self.past = Past(number, (this, *behind), now.look, now.hidden)
        return Window(now, tuple(sorted(around, key=lambda one: one.away)))

    def _behind(self, now: Seen) -> list[Neighbour]:
        """Return the frames that were, as seen from *now*."""
        step = self._steps.popleft() if self._steps else self._step_to(now)
        if step is None:
            return []
        return [
            replace(one, away=one.away + 1, way=one.way @ step)
            for one in self.past.neighbours
            if _is_kept(self.past.number - one.away, one.away + 1)
        ]

    def _step_to(self, now: Seen) -> Matrix | None:
        """Return the motion over the border to frames that were done before."""
        last = self.past.look
        return way_back(now.look, last, now.hidden.shape) if last else None

    def _ahead(self, coming: deque[Seen]) -> Iterator[Neighbour]:
        """Yield the frames to come, as far as the motion to them is known."""
        known = len(self._steps)
        for before, after in pairwise(list(coming)[known:]):
            self._steps.append(way_back(after.look, before.look, after.hidden.shape))
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
