"""What changes from one frame of a clip to the next."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.media.measures.planes import Floats

WINDOW = 12
"""Frames, about half a second: what flickers does so for longer than one frame."""

_FEWEST = 4
"""Clips and shots shorter than this are measured as if they had so many frames."""

_RESTING = 6.0
"""Levels of 255: where a frame changes by less, in the mean of 3 x 3 pixels of a small
copy, what it shows rests. Noise of 6 levels in each pixel stays below."""

_EDGE_FROM, _EDGE_TO = 0.05, 0.95
_FEWEST_PIXELS = 12


def restlessness(levels: Floats) -> Floats:
    """Return by how much the middle of three levels strays from the line through them.

    Levels that go up and down from frame to frame stray by all of that; a fade or a
    steady movement strays by next to nothing.

    Args:
        levels: (3, ...), of frames that follow one another.
    """
    return np.asarray(np.abs(levels[0] - 2 * levels[1] + levels[2]) / 2, np.float32)


def mean_change(one: Floats, other: Floats, weight: Floats | None = None) -> float:
    """Return the mean absolute difference of two planes, in their units.

    Args:
        one: (H, W) or (H, W, C).
        other: likewise.
        weight: (H, W), how much each pixel counts; ``None``: all alike.
    """
    change = np.abs(one - other)
    if change.ndim == 3:
        change = change.mean(axis=2)
    if weight is None:
        return float(change.mean())
    return float((change * weight).sum() / max(float(weight.sum()), 1e-6))


def edge_change(alphas: Floats, greys: Floats) -> float:
    """Return by how much the edge of a matte goes there and back, where all rests.

    An edge that moves goes on; one that flickers comes back in the next frame.

    Args:
        alphas: (3, H, W), 0..1, of frames that follow one another.
        greys: of the frames, (3, H, W), 0..255.

    Returns:
        mean over the edge, in levels of 255; 0 where too little of it rests to tell.
    """
    is_edge = (alphas.max(axis=0) > _EDGE_FROM) & (alphas.min(axis=0) < _EDGE_TO)
    resting = is_edge & _rests(greys[0], greys[1]) & _rests(greys[1], greys[2])
    if np.count_nonzero(resting) < _FEWEST_PIXELS:
        return 0.0
    first, second = alphas[1] - alphas[0], alphas[2] - alphas[1]
    there_and_back = (np.abs(first - second) - np.abs(first + second)) / 2
    return float(np.maximum(there_and_back[resting], 0).mean() * 255)


def _rests(one: Floats, other: Floats) -> NDArray[np.bool_]:
    """Return where two frames show the same, noise aside."""
    change: Any = cv2.blur(other - one, (3, 3))
    return np.asarray(np.abs(change) < _RESTING)


def over_window(recent: Floats) -> float:
    """Return the mean of the newest values, (N,), of a window that may be half full."""
    return float(recent.sum() / max(len(recent), _FEWEST))
