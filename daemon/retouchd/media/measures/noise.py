"""How noisy a picture is, read off its calmest parts."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from retouchd.media.measures.planes import Floats, tiles

_TILE = 32
_CALMEST = 10
# The difference of two Laplacians: blind to flat areas, slopes and straight edges.
_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_DARKEST, _BRIGHTEST = 12, 243


def noise_of(luma: Floats) -> float | None:
    """Measure the standard deviation of the noise.

    The calmest tenth of the tiles decides: elsewhere texture passes for noise. Tiles
    near black and white are left out, because there noise is cut off.

    Args:
        luma: (H, W), 0..255.

    Returns:
        levels of 255; ``None``: no tile can be judged.

    Source: Immerkaer, "Fast noise variance estimation", CVIU 64 (1996), per tile.
    """
    spread = [
        _sigma(tile)
        for _, tile in tiles(luma, _TILE)
        if min(tile.shape) >= 8 and _DARKEST < float(tile.mean()) < _BRIGHTEST
    ]
    return float(np.percentile(spread, _CALMEST)) if spread else None


def _sigma(tile: Floats) -> float:
    response: Any = cv2.filter2D(tile, -1, _KERNEL)[1:-1, 1:-1]
    return float(np.sqrt(np.pi / 2) * np.abs(response).mean() / 6)
