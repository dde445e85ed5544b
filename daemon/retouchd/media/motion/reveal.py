"""Which of the pixels that a neighbour seems to show are what is really hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from retouchd.media.motion.dense import (
    SLIP,
    Flags,
    Floats,
    slope_of,
)
from retouchd.media.patch import Mask
from retouchd.media.pixels import Pixels

_RING = 32
"""Pixels around what is hidden that have to fit."""

_WINDOW = (7, 7)
_CALM = 0.3
"""Share of the ring that is taken to differ by noise alone, whatever the rest does."""
_QUIETEST, _NOISIEST = 1.0, 40.0
"""Mean squares of levels of 255: what rounding makes, and noise beyond which nothing
can be told."""
_TOO_FAR = 4.0
"""Times the noise by which a spot may differ (mean square); 49 squares of noise have a
mean that strays by a sixth."""
_BAD_SHARE = 0.15
"""Of the whole ring, and of the ring near a pixel, that may differ."""
_CLOSED, _OPENED = 7, 3
"""Specks, pixels, that are believed as what is around them: gaps, and islands."""
_GAINS = (0.5, 2.0)
"""What a change of light may be."""


@dataclass(frozen=True)
class View:
    """What a neighbour shows of a place, brought over it.

    Attributes:
        colours: (h, w, 3), levels of 255, in the light of the frame.
        shown: (h, w), the hidden pixels that it shows and that may be believed.
        tolerance: (h, w), mean square by which it may differ from what it shows.
        away: frames between the two, and one.
    """

    colours: Floats
    shown: Flags
    tolerance: Floats
    away: int


def compared(
    now: Pixels, fetched: Pixels, part: Mask, both: Flags, seen: Flags, away: int
) -> View | None:
    """Compare a neighbour with a frame where both show something.

    Brightness and colour are brought to those of the frame by one gain for each
    channel. A hidden pixel is believed where the ring around it fits.

    Args:
        now: (h, w, 3), the frame around a place.
        fetched: likewise, the neighbour, brought over it.
        part: (h, w), what is hidden and wanted.
        both: (h, w), what both show.
        seen: (h, w), what the neighbour shows.
        away: see ``View``.

    Returns:
        ``None`` where the two are different pictures.
    """
    frame, other = _levels(now), _levels(fetched)
    ring = both & _near(part, _RING)
    if not ring.any():
        return None
    gain = frame[ring].sum(axis=0) / np.maximum(other[ring].sum(axis=0), 1)
    if gain.min() < _GAINS[0] or gain.max() > _GAINS[1]:
        return None
    other *= gain
    apart = _apart(frame, other, both)
    noise = max(float(np.quantile(apart[ring], _CALM)), _QUIETEST)
    tolerance = _TOO_FAR * noise + slope_of(other) * SLIP**2
    differs = ring & (apart > tolerance)
    if noise > _NOISIEST or differs.sum() > _BAD_SHARE * ring.sum():
        return None
    reach = _reach(part)
    around, differing = (
        cv2.blur(one.astype(np.float32), reach) for one in (ring, differs)
    )
    fits = (around > 0) & (differing <= _BAD_SHARE * around)
    return View(other, part & seen & fits, tolerance, away)


def agreed(views: Sequence[View], part: Mask) -> tuple[Any, Flags]:
    """Choose for each pixel of *part* the nearest view that may be believed.

    One that another view confirms comes first. What a single view shows is believed
    if that view is hardly contradicted elsewhere.

    Returns:
        colours (h, w, 3), levels of 255; (h, w), where there are any.
    """
    ordered = sorted(views, key=lambda view: view.away)
    confirmed = [_confirmed(view, ordered) for view in ordered]
    alone = [
        _alone(view, sure, ordered)
        for view, sure in zip(ordered, confirmed, strict=True)
    ]
    layers = [view.colours for view in ordered]
    colours, chosen = _first(layers * 2, confirmed + alone, part)
    # Specks are chance, either way.
    closed = _morphed(chosen, cv2.MORPH_CLOSE, _CLOSED)
    rest, shown = _first(layers, [view.shown & ~chosen for view in ordered], part)
    colours[~chosen] = rest[~chosen]
    return colours, _morphed(chosen | (closed & shown), cv2.MORPH_OPEN, _OPENED)


def _first(
    layers: Sequence[Floats], shown: Sequence[Flags], part: Mask
) -> tuple[Floats, Flags]:
    """Take each pixel from the first of *layers* that shows it; tell where one does."""
    colours = np.zeros((*part.shape, 3), np.float32)
    chosen = np.zeros_like(part)
    for layer, mask in zip(layers, shown, strict=True):
        new = mask & ~chosen
        colours[new] = layer[new]
        chosen |= new
    return colours, chosen


def _morphed(mask: Flags, how: int, size: int) -> Flags:
    whole: Any = cv2.morphologyEx(
        mask.astype(np.uint8), how, np.ones((size, size), np.uint8)
    )
    return np.asarray(whole > 0)


def _confirmed(view: View, views: Sequence[View]) -> Flags:
    """Where another one of *views* says what *view* says."""
    found = np.zeros_like(view.shown)
    for other in views:
        if other is not view:
            found |= _agree(view, other)
    return found


def _alone(view: View, confirmed: Flags, views: Sequence[View]) -> Flags:
    """Where only *view* shows something; nowhere, if it is much contradicted."""
    others = np.zeros_like(view.shown)
    for other in views:
        if other is not view:
            others |= other.shown
    shared = view.shown & others
    if (shared & ~confirmed).sum() > _BAD_SHARE * shared.sum():
        return np.zeros_like(view.shown)
    return view.shown & ~others


def _agree(one: View, other: View) -> Flags:
    both = one.shown & other.shown
    if not both.any():
        return both
    apart = _apart(one.colours, other.colours, both)
    return np.asarray(both & (apart <= np.maximum(one.tolerance, other.tolerance)))


def _apart(one: Floats, other: Floats, both: Flags) -> Floats:
    """Mean square difference around each pixel, of the pixels that are in *both*."""
    gap = one - other
    square: Any = np.einsum("ijk,ijk->ij", gap, gap) / 3
    square[~both] = 0
    total: Any = cv2.blur(square, _WINDOW)
    count: Any = cv2.blur(both.astype(np.float32), _WINDOW)
    return np.asarray(total / np.maximum(count, 1e-3), np.float32)


def _reach(part: Mask) -> tuple[int, int]:
    """Return the size of a box that, anywhere in *part*, holds some of its ring."""
    rows, columns = np.nonzero(part.any(axis=1))[0], np.nonzero(part.any(axis=0))[0]
    thickness = min(int(np.ptp(rows)), int(np.ptp(columns))) + 1
    return thickness + _RING, thickness + _RING


def _near(part: Mask, pixels: int) -> Flags:
    kernel = np.ones((2 * pixels + 1,) * 2, np.uint8)
    return np.asarray(cv2.dilate(part.astype(np.uint8), kernel) > 0)


def _levels(pixels: Pixels) -> Any:
    """Return *pixels* as levels of 255."""
    return pixels.astype(np.float32) / (np.iinfo(pixels.dtype).max / 255)
