"""What is kept of a shot's frames until its next part: pieces near what is hidden.

A whole frame is large, and a clip has many parts. What the frames after a border need
of those before it lies near where the hidden areas were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retouchd.media.motion.align import Matrix, moved, shift
from retouchd.media.motion.dense import Flags
from retouchd.media.motion.sight import Look, Neighbour, Sight
from retouchd.media.patch import Mask
from retouchd.media.pixels import from_array, to_array
from retouchd.values import Picture

Carried = dict[str, NDArray[Any]]

_PIECES = 3
_LEAST_SHOWN = 0.05
"""Share of what is hidden in the last frame that a piece has to show."""
_POINTS = 600
_SPARE = 224
"""Pixels around it that go along: for its surroundings, and for motion to come."""


@dataclass(frozen=True)
class Past:
    """What is known of the frames of a shot up to one of them.

    Attributes:
        number: of that frame, from 0.
        neighbours: those that may be of use, that frame first.
        look: at that frame; ``None``: nothing is known.
        hidden: in that frame.
    """

    number: int = -1
    neighbours: tuple[Neighbour, ...] = ()
    look: Look | None = None
    hidden: Mask | None = None


def shows(neighbour: Neighbour, points: NDArray[Any]) -> Flags:
    """Tell which *points* (n, 2) of a frame *neighbour* seems to show."""
    hidden = neighbour.sight.hidden
    height, width = hidden.shape
    across, down = np.rint(moved(points, neighbour.way)).astype(np.int64).T
    inside = (across >= 0) & (across < width) & (down >= 0) & (down < height)
    covered = hidden[down.clip(0, height - 1), across.clip(0, width - 1)]
    return np.asarray(inside & ~covered)


def points_of(hidden: Mask) -> NDArray[np.int64]:
    """Return up to 600 points (n, 2) from all over what is *hidden*."""
    points = np.argwhere(hidden)[:, ::-1]
    return points[:: max(1, -(-len(points) // _POINTS))]


def packed(past: Past) -> Carried:
    """Return what is worth keeping of *past*, as arrays."""
    carried: Carried = {"number": np.array(past.number)}
    if past.look is None or past.hidden is None:
        return carried
    carried |= {"small": past.look.small, "covered": past.look.covered}
    points = points_of(past.hidden)
    if not len(points):
        return carried
    shares = [float(shows(one, points).mean()) for one in past.neighbours]
    useful = [
        (-share, one.away, place)
        for place, (share, one) in enumerate(zip(shares, past.neighbours, strict=True))
        if share >= _LEAST_SHOWN
    ]
    for piece, (_, away, place) in enumerate(sorted(useful)[:_PIECES]):
        cut = _piece(past.neighbours[place], points)
        carried |= {
            f"away{piece}": np.array(away),
            f"way{piece}": cut.way,
            f"hidden{piece}": cut.sight.hidden,
            f"pixels{piece}": to_array(cut.sight.picture.image),
        }
    return carried


def unpacked(carried: Carried) -> Past:
    """Return what was kept."""
    number = int(carried.get("number", np.array(-1)))
    if "small" not in carried:
        return Past(number)
    pieces = [n for n in range(_PIECES) if f"way{n}" in carried]
    neighbours = tuple(
        Neighbour(
            Sight(Picture(from_array(carried[f"pixels{n}"])), carried[f"hidden{n}"]),
            int(carried[f"away{n}"]),
            carried[f"way{n}"],
        )
        for n in pieces
    )
    return Past(number, neighbours, Look(carried["small"], carried["covered"]))


def _piece(neighbour: Neighbour, points: NDArray[Any]) -> Neighbour:
    """Cut *neighbour* down to where *points* of the last frame lie in it."""
    sight, places = neighbour.sight, moved(points, neighbour.way)
    height, width = sight.hidden.shape
    left, top = np.maximum(places.min(axis=0) - _SPARE, 0).astype(int)
    right, bottom = np.minimum(places.max(axis=0) + _SPARE, (width, height)).astype(int)
    image = sight.picture.image.crop(left, top, right - left, bottom - top)
    hidden = np.ascontiguousarray(sight.hidden[top:bottom, left:right])
    way: Matrix = shift(-float(left), -float(top)) @ neighbour.way
    return Neighbour(Sight(Picture(image), hidden), neighbour.away, way)
