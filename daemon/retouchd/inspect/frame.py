"""Geometry of tags: from any frame to outlines in fractions of the upright picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retouchd.values import Header

Point = tuple[float, float]
Outline = tuple[Point, ...]

_CIRCLE_POINTS = 32
_ASPECT_TOLERANCE = 0.01

_TO_UPRIGHT: dict[int, Callable[[float, float], Point]] = {
    1: lambda x, y: (x, y),
    2: lambda x, y: (1 - x, y),
    3: lambda x, y: (1 - x, 1 - y),
    4: lambda x, y: (x, 1 - y),
    5: lambda x, y: (y, x),
    6: lambda x, y: (1 - y, x),
    7: lambda x, y: (1 - y, 1 - x),
    8: lambda x, y: (y, 1 - x),
}
"""Fractions of the stored picture to the upright one (EXIF 2.32, tag Orientation)."""


@dataclass(frozen=True)
class Frame:
    """The picture that coordinates refer to.

    Attributes:
        width, height: its pixels.
        orientation: what turns it upright, EXIF 1..8; 1 for the displayed frame.
    """

    width: int
    height: int
    orientation: int = 1

    def fits(self, width: float, height: float) -> bool:
        """Whether a picture of that size has this aspect; another scale is fine."""
        if width <= 0 or height <= 0:
            return False
        # A scaled copy is rounded to whole pixels, half a pixel off at most.
        rounding = max(self.width, self.height, width, height) / 2
        slack = _ASPECT_TOLERANCE * self.width * height + rounding
        return abs(self.width * height - self.height * width) <= slack

    def upright(self, outline: Sequence[Point]) -> Outline:
        """Turn fractions of this frame upright and keep what lies in the picture.

        Returns:
            the outline, its points clipped to 0..1; nothing where no area is left or
            a number is not finite.
        """
        if not all(math.isfinite(number) for point in outline for number in point):
            return ()
        turn = _TO_UPRIGHT[self.orientation]
        points = (turn(x, y) for x, y in outline)
        clipped = tuple((_clip(x), _clip(y)) for x, y in points)
        wide = len({x for x, _ in clipped}) > 1
        high = len({y for _, y in clipped}) > 1
        return clipped if wide and high else ()


def stored(header: Header) -> Frame:
    """The frame of tags inside the file: pixels before EXIF orientation."""
    if header.orientation >= 5:
        return Frame(header.height, header.width, header.orientation)
    return Frame(header.width, header.height, header.orientation)


def displayed(header: Header) -> Frame:
    """The frame of annotation tools: the picture as people see it."""
    return Frame(header.width, header.height)


def rectangle(left: float, top: float, width: float, height: float) -> Outline:
    """Return the corners of a rectangle, clockwise from its top left one."""
    right, bottom = left + width, top + height
    return (left, top), (right, top), (right, bottom), (left, bottom)


def ellipse(x: float, y: float, radius_x: float, radius_y: float) -> Outline:
    """Return an ellipse around (x, y) as a polygon that contains it."""
    # Corners on the ellipse would leave its rim outside; push them out a little.
    grow = 1 / math.cos(math.pi / _CIRCLE_POINTS)
    turns = (2 * math.pi * i / _CIRCLE_POINTS for i in range(_CIRCLE_POINTS))
    return tuple(
        (x + grow * radius_x * math.cos(t), y + grow * radius_y * math.sin(t))
        for t in turns
    )


def _clip(number: float) -> float:
    return min(1.0, max(0.0, number))
