"""Gives invented areas the noise of their surroundings; else they look waxed."""

from __future__ import annotations

import zlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.media.patch import Area, Mask
from retouchd.media.pixels import Pixels

_RING = 12
_FINE = 1.2
# Beyond this it is texture and not noise any more (share of the full range).
_STRONGEST = 5 / 255
# |x| of normal noise lies below 0.4538 sigma for 35 % of it. The low quantile leaves
# out most of what edges and texture add.
_QUANTILE, _OF_SIGMA = 0.35, 0.4538


def add_grain(filled: Pixels, hole: Mask) -> Pixels:
    """Add to each connected part of the hole the noise that its surroundings have more.

    The noise depends on the pixels alone: the same picture gives the same result.

    Args:
        filled: (H, W, 3), 8 or 16 bits, the hole filled.
        hole: (H, W).

    Returns:
        A new array, equal to *filled* outside the hole.
    """
    result: Pixels = np.array(filled, order="C")
    count, labels, stats, _ = cv2.connectedComponentsWithStats(hole.astype(np.uint8))
    for label in range(1, count):
        left, top, width, height = (int(value) for value in stats[label, :4])
        rows = slice(max(0, top - _RING), top + height + _RING)
        columns = slice(max(0, left - _RING), left + width + _RING)
        area: Area = (rows, columns)
        part = labels[area] == label
        result[area][part] = _grained(filled[area], part, hole[area])
    return result


def _grained(window: Pixels, part: Mask, hole: Mask) -> Pixels:
    """Return the pixels (n, 3) of *part*, with noise."""
    peak = np.iinfo(window.dtype).max
    colours: Any = window.astype(np.float32) / peak
    ring = cv2.dilate(part.astype(np.uint8), np.ones((2 * _RING + 1,) * 2, np.uint8))
    around = ring.astype(bool) & ~hole
    if around.sum() < 50:
        return window[part]
    fine = _fine(colours)
    missing = np.maximum(_sigma(fine[around]) ** 2 - _sigma(fine[part]) ** 2, 0)
    sigma = np.minimum(np.sqrt(missing), _STRONGEST)
    noisy: Any = colours[part] + _noise(window)[part] * sigma
    grained: Pixels = np.rint(noisy.clip(0, 1) * peak).astype(window.dtype)
    return grained


def _fine(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a small blur takes away."""
    return np.asarray(colours - cv2.GaussianBlur(colours, (0, 0), _FINE), np.float32)


def _sigma(fine: NDArray[np.float32]) -> NDArray[np.float32]:
    """Strength of the noise per channel, from (n, 3) fine detail."""
    return np.asarray(
        np.quantile(np.abs(fine), _QUANTILE, axis=0) / _OF_SIGMA, np.float32
    )


def _noise(window: Pixels) -> NDArray[np.float32]:
    """Noise whose fine detail has sigma 1; as in cameras, mostly of brightness."""
    seed = zlib.crc32(np.ascontiguousarray(window).data)
    random = np.random.default_rng(seed)
    grey = random.standard_normal((*window.shape[:2], 1), np.float32)
    colour = random.standard_normal(window.shape, np.float32)
    noise: Any = cv2.GaussianBlur(0.8 * grey + 0.6 * colour, (0, 0), 0.6)
    return np.asarray(noise / max(float(_fine(noise).std()), 1e-6), np.float32)
