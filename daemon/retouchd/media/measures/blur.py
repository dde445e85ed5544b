"""How soft a picture is, without another one to compare it with."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from retouchd.media.measures.planes import Floats, tiles

_TILE = 128
_WINDOW = 9
_SHARPEST = 90
_LEAST_CONTRAST = 8.0


def blur_of(luma: Floats) -> float | None:
    """Measure the blur of the sharpest parts of a picture.

    A soft background is wanted; a picture is soft when nothing in it is sharp. So the
    tenth of the tiles that is sharpest decides, among those that show something.

    Args:
        luma: (H, W), 0..255, at the size at which people will see it.

    Returns:
        0 (each pixel differs from the next) to 1 (blurring it once more changes
        nothing); ``None``: there is nothing in the picture to judge by.

    Source: Crete, Dolmiere, Ladret and Nicolas, "The blur effect", SPIE 6492 (2007):
    the share of the variation between neighbours that a box filter leaves over.
    """
    found = [_blur(tile) for _, tile in tiles(luma, _TILE)]
    judged = [blur for blur in found if blur is not None]
    if not judged:
        return None
    return float(np.percentile(judged, 100 - _SHARPEST))


def _blur(tile: Floats) -> float | None:
    """Judge one tile by its softer direction; ``None`` where it shows nothing."""
    if min(tile.shape) < _WINDOW or float(tile.std()) < _LEAST_CONTRAST:
        return None
    return max(_blur_across(tile), _blur_across(np.ascontiguousarray(tile.T)))


def _blur_across(plane: Floats) -> float:
    softer: Any = cv2.blur(plane, (_WINDOW, 1))
    sharp = np.abs(np.diff(plane, axis=1))
    soft = np.abs(np.diff(softer, axis=1))
    return 1 - float(np.maximum(sharp - soft, 0).sum() / max(sharp.sum(), 1e-6))
