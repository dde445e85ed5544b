"""A frame of a shot, what is hidden in it, and how it moved since another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from retouchd.media.motion.align import Matrix, alignment
from retouchd.media.motion.dense import Flags, Levels, small_frame
from retouchd.media.patch import Mask
from retouchd.media.pixels import to_array
from retouchd.values import Picture

_EDGE = 480
"""Long edge of the small frames, pixels."""

_MARGIN = 7
"""Small pixels around what is hidden that motion is not measured in: what covers it
would count."""
_AROUND = (61, 61)
"""Small pixels whose mean stands for what is hidden."""


@dataclass(frozen=True)
class Look:
    """A small frame, to measure motion.

    Attributes:
        small: (h, w), brightness; what is hidden is as bright as its surroundings.
        covered: (h, w), where anything is hidden.
    """

    small: Levels
    covered: Flags


@dataclass(frozen=True)
class Sight:
    """A frame, or a piece of one, and what is hidden there.

    Attributes:
        hidden: (H, W), true where something covers what was before the camera.
    """

    picture: Picture
    hidden: Mask


@dataclass(frozen=True)
class Seen(Sight):
    """A whole frame that can be compared with the next one."""

    look: Look


@dataclass(frozen=True)
class Neighbour:
    """A frame near another one, or a piece of it.

    Attributes:
        away: frames between the two, and one.
        way: takes spots of the other frame to where they are about in this one, in
            pixels of what there is of it.
    """

    sight: Sight
    away: int
    way: Matrix


@dataclass(frozen=True)
class Window:
    """A frame, with those around it that may show more, the nearest first."""

    now: Seen
    neighbours: tuple[Neighbour, ...] = ()


def sight_of(picture: Picture, hidden: Mask) -> Seen:
    """Look at a frame, of which *hidden* (H, W) is covered."""
    seen = small_frame(to_array(picture.image), _EDGE)
    small: Any = cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY)
    size = (small.shape[1], small.shape[0])
    share = cv2.resize(hidden.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    covered = np.asarray(share > 0)
    if covered.any():
        # A mark that stays in its place would hold back whatever moves around it.
        known = (~covered).astype(np.float32)
        around: Any = cv2.blur(small * known, _AROUND)
        weight: Any = cv2.blur(known, _AROUND)
        small[covered] = np.rint(around / np.maximum(weight, 1e-3))[covered]
    return Seen(picture, hidden, Look(small, covered))


def way_back(now: Look, before: Look, size: tuple[int, int]) -> Matrix | None:
    """Return what takes spots of *now* to *before*, in pixels of the picture.

    Args:
        now: a frame.
        before: the one before it.
        size: height and width of the picture.

    Returns:
        ``None`` where no motion is found that most of the picture shares.
    """
    if now.small.shape != before.small.shape:
        return None
    covered = (now.covered | before.covered).astype(np.uint8)
    wide: Any = cv2.dilate(covered, np.ones((2 * _MARGIN + 1,) * 2, np.uint8))
    found = alignment(now.small, before.small, wide == 0)
    if found is None:
        return None
    down, across = (
        large / small for large, small in zip(size, now.small.shape, strict=True)
    )
    return _at_full_size(found, across, down)


def _at_full_size(matrix: Matrix, across: float, down: float) -> Matrix:
    """Return *matrix* for pictures that many times as large."""
    larger = np.array(
        [[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]]
    )
    return np.asarray(larger @ matrix @ np.linalg.inv(larger))
