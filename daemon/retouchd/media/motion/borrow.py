"""Takes what is hidden in a frame from the frames around it that show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from retouchd.media.motion.align import CLOSE, Matrix, alignment, moved, shift
from retouchd.media.motion.dense import Flags, Floats, Levels
from retouchd.media.motion.keepsake import points_of, shows
from retouchd.media.motion.reveal import View, agreed, compared
from retouchd.media.motion.sight import Neighbour, Window
from retouchd.media.patch import Area, Mask
from retouchd.media.pixels import Pixels, to_array

_LEAST_MARGIN, _MOST_MARGIN = 64, 160
"""Pixels around a hidden place in which motion and light are compared."""

_VIEWS = 3
"""Of each pixel, that are asked for."""
_TRIES = 8
"""Neighbours that are looked into for a place."""
_LEAST_GAIN = 0.02
"""Share of a place that a neighbour has to add for being looked into."""
_LEAST_SHOWN = 0.2
"""Share of a place that neighbours have to show together: a rim that comes and goes
with every frame is worse than none."""
_NEAR = 16
"""Frames: one that is so far away has to show twice as much to be tried first."""

_SPREAD = 3
"""Pixels beside what is hidden that interpolation would draw in."""
_REACH = 7
"""Pixels beside it that motion is not measured in: half of what tracking looks at."""
_SPARE = 16
"""Pixels by which a place may lie elsewhere than the way to a neighbour says."""


def borrow(pixels: Pixels, window: Window) -> tuple[Pixels, Mask]:
    """Fill what neighbours show of the hidden part of a frame.

    Each place is aligned by its own surroundings. A pixel is taken only where two
    neighbours agree on it and what lies around the place fits as well.

    Args:
        pixels: (H, W, 3), of the frame that *window* is around; not changed.
        window: with that frame's neighbours.

    Returns:
        A new array, equal to *pixels* where nothing was taken; (H, W), where it was.
    """
    hidden = window.now.hidden
    filled: Pixels = np.array(pixels, order="C")
    taken = np.zeros_like(hidden)
    if not window.neighbours:
        return filled, taken
    for area, part in _places(hidden):
        views = list(_views(pixels[area], hidden[area], part, area, window))
        colours, shown = agreed(views, part)
        if shown.sum() < _LEAST_SHOWN * part.sum():
            continue
        filled[area][shown] = _stored(colours[shown], pixels)
        taken[area] |= shown
    return filled, taken


def _places(hidden: Mask) -> Iterator[tuple[Area, Mask]]:
    """Yield hidden parts: an area with what surrounds each, and which pixels it is."""
    near: Any = cv2.dilate(hidden.astype(np.uint8), np.ones((25, 25), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(near)
    for label in range(1, len(stats)):
        left, top, width, height = (int(value) for value in stats[label, :4])
        margin = int(np.clip(max(width, height) // 2, _LEAST_MARGIN, _MOST_MARGIN))
        area = (
            slice(max(0, top - margin), top + height + margin),
            slice(max(0, left - margin), left + width + margin),
        )
        yield area, (labels[area] == label) & hidden[area]


def _views(
    now: Pixels, hidden: Mask, part: Mask, area: Area, window: Window
) -> Iterator[View]:
    """Yield how neighbours show *part*, until there are enough views of all of it."""
    corner = area[1].start, area[0].start
    points = points_of(part) + corner
    shown = np.stack([shows(one, points) for one in window.neighbours])
    weight = 1 / (_NEAR + np.array([one.away for one in window.neighbours]))
    missing = np.full(len(points), _VIEWS)
    for _ in range(_TRIES):
        adds = (shown & (missing > 0)).mean(axis=1)
        best = int(np.argmax(np.where(adds >= _LEAST_GAIN, adds * weight, 0)))
        if adds[best] < _LEAST_GAIN:
            return
        view = _view(now, hidden, part, corner, window.neighbours[best])
        if view is not None:
            missing[shown[best]] -= 1
            yield view
        shown[best] = False


def _view(
    now: Pixels, hidden: Mask, part: Mask, corner: tuple[int, int], other: Neighbour
) -> View | None:
    """Bring *other* over a crop of a frame, as well as it fits; ``None``: it does not.

    Args:
        now: (h, w, 3), the crop.
        hidden: (h, w), in it.
        part: (h, w), of it, that is wanted.
        corner: column and row of the crop.
        other: of the same shot.
    """
    size = hidden.shape[1], hidden.shape[0]
    way = other.way @ shift(*corner)
    found = _cut(other, size, way)
    if found is None:
        return None
    colours, known, corner_there = found
    way = shift(-corner_there[0], -corner_there[1]) @ way
    usable = ~_widened(hidden, _REACH) & _laid(known, way, size, widen=_REACH)
    grey, there = _grey(now), _warped(_grey(colours), way, size)
    # What is in only one of the two would lead the search astray.
    there = np.where(~hidden & _laid(known, way, size, widen=0), there, grey)
    rest = alignment(grey, there, usable, CLOSE)
    if rest is None:
        return None
    way = way @ rest
    fetched = _warped(colours, way, size)
    seen = _laid(known, way, size, widen=_SPREAD)
    return compared(now, fetched, part, ~hidden & seen, seen, other.away)


def _cut(
    other: Neighbour, size: tuple[int, int], way: Matrix
) -> tuple[Pixels, Mask, tuple[int, int]] | None:
    """Return what of *other* lies under a crop, what it shows there, and its corner."""
    width, height = size
    corners = moved(np.array([(0, 0), (width, 0), (0, height), (width, height)]), way)
    most_down, most_across = other.sight.hidden.shape
    left, top = (int(edge) for edge in np.floor(corners.min(axis=0)) - _SPARE)
    right, bottom = (int(edge) for edge in np.ceil(corners.max(axis=0)) + _SPARE)
    left, top = max(0, left), max(0, top)
    right, bottom = min(most_across, right), min(most_down, bottom)
    if right - left < _SPARE or bottom - top < _SPARE:
        return None
    image = other.sight.picture.image.crop(left, top, right - left, bottom - top)
    known = ~other.sight.hidden[top:bottom, left:right]
    return to_array(image)[:, :, :3], known, (left, top)


def _warped(plane: Any, way: Matrix, size: tuple[int, int]) -> Any:
    """Bring *plane* to where *way* starts from; what lies beyond it is repeated."""
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(
        np.ascontiguousarray(plane),
        way,
        size,
        flags=flags,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _laid(known: Mask, way: Matrix, size: tuple[int, int], widen: int) -> Flags:
    """Return (h, w): what a neighbour shows, *widen* pixels away from what it hides."""
    kernel = np.ones((2 * widen + 1,) * 2, np.uint8)
    sure: Any = cv2.erode(
        known.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(sure, way, size, flags=flags) > 0)


def _widened(mask: Mask, pixels: int) -> Flags:
    kernel = np.ones((2 * pixels + 1,) * 2, np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0)


def _stored(colours: Floats, like: Pixels) -> Pixels:
    """Return levels of 255 in the depth of *like*."""
    whole: Any = np.rint(colours.clip(0, 255) * (np.iinfo(like.dtype).max / 255))
    return np.asarray(whole, like.dtype)


def _grey(pixels: Pixels) -> Levels:
    """Return the brightness (h, w) of *pixels* (h, w, 3), 8 bits."""
    eight = pixels if pixels.dtype == np.uint8 else (pixels // 257).astype(np.uint8)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(eight), cv2.COLOR_RGB2GRAY))
