"""How each spot of a frame moved since the frame before, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.media.pixels import Pixels

Floats = NDArray[np.float32]
Levels = NDArray[np.uint8]
Flags = NDArray[np.bool_]

EDGE = 320
"""Long edge of the frames that are compared. At 480 px mattes were no steadier, and
what moved left no less behind (tests/measure/steady_matte.py), at twice the time."""

_WINDOW = (5, 5)
"""What is compared around a spot, small pixels: enough to tell noise from change."""

# Mean squares of levels of 255. Beneath the first, rounding passes for change; above
# the second it is no noise that most of the frame differs by, but another picture.
_QUIETEST, _NOISIEST = 1.0, 150.0
# A spot whose difference is below the first share of the noise's is the same, and
# above the second another one; the mean of 25 squares of noise strays by a quarter.
_SAME, _CHANGED = 2.0, 4.0
SLIP = 0.1
"""Pixels by which a good flow may be off; times the slope it shows as difference."""

_ASTRAY = 1.0
"""Small pixels by which the ways there and back may miss each other."""


@dataclass(frozen=True)
class Motion:
    """How a frame came from the one before, at a small size.

    Attributes:
        flow: (h, w, 2), across and down, small pixels: where a spot was, seen from
            where it is. Exactly 0 where the frame stands still.
        trust: (h, w), 0..1: whether the spot is the same in both.
    """

    flow: Floats
    trust: Floats


def small_frame(pixels: Pixels, edge: int = EDGE) -> Levels:
    """Return (h, w, 3): *pixels* (H, W, 3 or 4) shrunk to be compared, 8 bits.

    Args:
        pixels: of the frame.
        edge: most pixels along the long edge.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, edge / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: Any = cv2.resize(pixels[:, :, :3], size, interpolation=cv2.INTER_AREA)
    if small.dtype == np.uint16:
        small = small // 257
    return np.asarray(small, np.uint8)


def motion_between(before: Levels, now: Levels) -> Motion:
    """Compare a small frame with the one before it.

    What stands still is found first: there flow is exactly 0, whatever the noise, so
    that nothing drifts. Elsewhere it is dense inverse search, and has to fit: the
    colours that it brings along, and the way back.

    Args:
        before: (h, w, 3), from ``small_frame``.
        now: likewise, of the same size.

    Source: flow, Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV
    2016, as OpenCV has it.
    """
    at_rest = _difference(before, now)
    if min(now.shape[:2]) < 16:  # too small to be searched
        flow = np.zeros((*now.shape[:2], 2), np.float32)
        return Motion(flow, _likeness(at_rest, _noise_of(at_rest)))
    flow, gap = _searched(before, now)
    moved = _difference(_fetched(before, flow), now)
    slope = slope_of(now) * SLIP**2
    noise = _noise_of(np.minimum(at_rest, moved))
    still = at_rest <= np.maximum(moved, _SAME * noise)
    flow[still] = 0
    difference = np.where(still, at_rest, np.maximum(moved - slope, 0))
    trust = _likeness(difference, noise)
    trust[~still & (gap > _ASTRAY)] = 0
    # The worst of a neighbourhood speaks: what is uncovered has no counterpart.
    worst: Any = cv2.erode(trust, np.ones(_WINDOW, np.uint8))
    return Motion(flow, np.asarray(cv2.blur(worst, (3, 3)), np.float32))


def fetched(plane: Pixels, flow: Floats) -> Pixels:
    """Move the frame before to where its spots are now.

    Args:
        plane: (H, W) or (H, W, bands), of the frame before, at any size.
        flow: (h, w, 2), of a ``Motion``.
    """
    height, width = plane.shape[:2]
    larger = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    wide: Any = cv2.resize(flow * larger, (width, height))
    return np.asarray(_fetched(plane, wide))


def _fetched(plane: Any, flow: Floats, between: int = cv2.INTER_CUBIC) -> Any:
    height, width = flow.shape[:2]
    across = flow[:, :, 0] + np.arange(width, dtype=np.float32)
    down = flow[:, :, 1] + np.arange(height, dtype=np.float32)[:, None]
    return cv2.remap(plane, across, down, between, borderMode=cv2.BORDER_REPLICATE)


def _searched(before: Levels, now: Levels) -> tuple[Floats, Floats]:
    """Search the flow; tell by how much the ways there and back miss each other."""
    search: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    greys = [
        cv2.GaussianBlur(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), (0, 0), 0.8)
        for one in (before, now)
    ]
    back = search.calc(greys[1], greys[0], None)
    forth = search.calc(greys[0], greys[1], None)
    loop = back + _fetched(forth, back, cv2.INTER_LINEAR)
    return back, np.hypot(loop[:, :, 0], loop[:, :, 1])


def _difference(one: Any, other: Any) -> Floats:
    """Mean square difference (h, w) around each pixel, levels of 255 squared."""
    square = _mean_square(one.astype(np.float32) - other)
    return np.asarray(cv2.blur(square, _WINDOW), np.float32)


def _mean_square(planes: Any) -> Any:
    """Mean over the bands of (h, w, bands); ``mean`` takes thrice the time."""
    return np.einsum("ijk,ijk->ij", planes, planes) / planes.shape[2]


def slope_of(frame: Levels | Floats) -> Floats:
    """Mean square of the steepest change per pixel around each pixel."""
    smooth: Any = cv2.GaussianBlur(frame, (0, 0), 1).astype(np.float32)
    across, down = cv2.Scharr(smooth, -1, 1, 0) / 32, cv2.Scharr(smooth, -1, 0, 1) / 32
    steep = _mean_square(across) + _mean_square(down)
    return np.asarray(cv2.blur(steep, _WINDOW), np.float32)


def _noise_of(difference: Floats) -> float:
    """Mean square by which noise alone makes two frames differ."""
    return float(np.clip(np.median(difference), _QUIETEST, _NOISIEST))


def _likeness(difference: Floats, noise: float) -> Floats:
    """1 where a difference is noise, 0 where it is change."""
    share = difference / noise
    return np.asarray(
        np.clip((_CHANGED - share) / (_CHANGED - _SAME), 0, 1), np.float32
    )
