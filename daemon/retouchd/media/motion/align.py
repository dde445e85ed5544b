"""Where the spots of one frame lie in another, as one matrix for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.media.motion.dense import Flags, Levels

Matrix = NDArray[np.float64]
"""(3, 3): takes a spot (x, y, 1) of one frame to where it lies in another, pixels; the
centre of the first pixel is (0, 0)."""

_SPOTS, _FEWEST = 240, 12
_SPACING = 6
_SEARCHED = (15, 15)
FAR, CLOSE = 4, 1
"""How often pictures are halved in which a spot is first searched: it may have gone by
a hundred pixels, or by ten. What is hidden disturbs the more the smaller they are."""

_ASTRAY = 0.5
"""Pixels by which the ways there and back may miss each other."""
_OFF = 1.0
"""Pixels by which a spot may miss where the matrix takes it."""
_LEAST_SHARE = 0.5
"""Of the spots, that have to lie where the matrix says."""
_SMALLEST = 0.25
"""What an area may shrink to."""
_WORSE, _LITTLE = 1.15, 0.02
"""How much worse, as factor and in pixels more, a plainer motion may fit and still be
taken: each freedom that is not needed is one more for noise to play with."""


def alignment(
    now: Levels, then: Levels, usable: Flags, levels: int = FAR
) -> Matrix | None:
    """Find the one motion that most spots share.

    The plainest that fits is taken: rest, a shift, a shift with turn and zoom, a
    change of perspective.

    Args:
        now: (h, w), one band.
        then: (h, w), the other frame.
        usable: (h, w), where *now* shows what was before the camera.
        levels: ``FAR``, or ``CLOSE`` where little has moved.

    Returns:
        what takes spots of *now* to *then*; ``None``: there is too little to hold on
        to, or no motion that at least half of it shares.

    Source: features, Shi and Tomasi, "Good Features to Track", CVPR 1994; tracking,
    Bouguet, "Pyramidal Implementation of the Lucas Kanade Feature Tracker", 2000;
    as OpenCV has them.
    """
    here, there = _tracked(now, _in_light_of(now, then, usable), usable, levels)
    if len(here) < _FEWEST:
        return None
    motions = [(one, _misses(one, here, there)) for one in _motions(here, there)]
    best = min(float(np.median(misses)) for _, misses in motions)
    for motion, misses in motions:
        if np.median(misses) <= best * _WORSE + _LITTLE:
            is_shared = (misses <= _OFF).mean() >= _LEAST_SHARE
            return motion if is_shared else None
    raise AssertionError("the best one is among them")


def moved(points: NDArray[Any], matrix: Matrix) -> NDArray[np.float64]:
    """Return where *matrix* takes *points* (n, 2)."""
    taken = points @ matrix[:2, :2].T + matrix[:2, 2]
    # What a tilt takes beyond the horizon lands far outside of every frame.
    depth = np.maximum(points @ matrix[2, :2] + matrix[2, 2], 1e-3)
    return np.asarray(taken / depth[:, None], np.float64)


def shift(across: float, down: float) -> Matrix:
    """Return the matrix of a shift by pixels."""
    return np.array([[1, 0, across], [0, 1, down], [0, 0, 1]], np.float64)


def _in_light_of(now: Levels, then: Levels, usable: Flags) -> Levels:
    """Return *then* as bright as *now*: tracking takes spots to keep their brightness.

    A change of less than a hundredth does no harm, and is not worth the rounding.
    """
    if not usable.any():
        return then
    gain = float(now[usable].mean()) / max(float(then[usable].mean()), 1.0)
    return then if abs(gain - 1) < 0.01 else cv2.convertScaleAbs(then, alpha=gain)  # type: ignore[return-value]


def _tracked(
    now: Levels, then: Levels, usable: Flags, levels: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points (n, 2) of *now* and where they lie *then*."""
    mask = usable.astype(np.uint8)
    spots: Any = cv2.goodFeaturesToTrack(now, _SPOTS, 0.01, _SPACING, mask=mask)
    if spots is None:
        return np.empty((0, 2)), np.empty((0, 2))
    there, found = _followed(now, then, spots, levels)
    back, found_back = _followed(then, now, there, levels)
    away = np.linalg.norm(back - spots, axis=2)
    sure = (found & found_back & (away <= _ASTRAY))[:, 0]
    return spots[sure, 0].astype(np.float64), there[sure, 0].astype(np.float64)


def _followed(one: Levels, other: Levels, spots: Any, levels: int) -> tuple[Any, Flags]:
    """Follow spots (n, 1, 2); return where they lie, and (n, 1) which were found."""
    there: Any = np.empty_like(spots)
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        one, other, spots, there, winSize=_SEARCHED, maxLevel=levels
    )
    return there, np.asarray(found, np.bool_)


def _motions(here: NDArray[np.float64], there: NDArray[np.float64]) -> Iterator[Matrix]:
    """Yield motions that may be it, the plainest first."""
    yield np.eye(3)
    yield _shift_between(here, there)
    turned: Any = cv2.estimateAffinePartial2D(
        here, there, ransacReprojThreshold=_OFF, refineIters=20
    )[0]
    if turned is not None and _is_gentle(np.vstack([turned, [0, 0, 1]])):
        yield np.vstack([turned, [0, 0, 1]])
    tilted: Any = cv2.findHomography(here, there, cv2.RANSAC, _OFF)[0]
    if tilted is not None and _is_gentle(tilted):
        yield np.asarray(tilted, np.float64)


def _is_gentle(matrix: Matrix) -> bool:
    """Whether a camera may move so between frames: no collapse, mirror or leap."""
    area = float(np.linalg.det(matrix[:2, :2]))
    return _SMALLEST <= area <= 1 / _SMALLEST and bool(np.linalg.det(matrix) > 0)


def _shift_between(here: NDArray[np.float64], there: NDArray[np.float64]) -> Matrix:
    """Return the mean shift of the spots that move like most."""
    ways = there - here
    middle = np.median(ways, axis=0)
    alike = np.linalg.norm(ways - middle, axis=1) <= _OFF
    across, down = ways[alike].mean(axis=0) if alike.any() else middle
    return shift(float(across), float(down))


def _misses(
    matrix: Matrix, here: NDArray[np.float64], there: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(moved(here, matrix) - there, axis=1))
