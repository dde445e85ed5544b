"""Continues the waves of the surround into a hole: stripes, weaves, edges."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.media.patch import Mask
from retouchd.media.pixels import Pixels
from retouchd.models.tensors import Floats

# The time grows with the hole; above this it is done at half the size, which in the
# mean over our 200 holes costs 0.05 dB.
_LARGEST_FULL = 2500


def continue_waves(square: Pixels, unknown: Mask) -> Floats:
    """Guess what is in the hole from a few waves that describe its surround.

    Args:
        square: (H, W, 3) RGB, 8 or 16 bits; what it holds in the hole does not matter.
        unknown: (H, W), true in the hole; somewhere it must be false.

    Returns:
        (H, W, 3), 0..1; about *square* outside the hole.

    Source: frequency selective reconstruction, Genser et al., ICIP 2018, as in OpenCV.
    """
    known = ~unknown
    # OpenCV takes 16 bits and returns nonsense for them.
    peak = np.iinfo(square.dtype).max
    seen: Any = square if peak == 255 else np.rint(square * (255 / peak))
    if unknown.sum() <= _LARGEST_FULL:
        return _reconstruct(seen.astype(np.uint8), known)
    height, width = unknown.shape
    half = (max(1, width // 2), max(1, height // 2))
    weight = known.astype(np.float32)
    share: Any = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    total: Any = cv2.resize(
        seen * weight[:, :, None], half, interpolation=cv2.INTER_AREA
    )
    small = np.rint(total / np.maximum(share, 1e-3)[:, :, None]).astype(np.uint8)
    guess = _reconstruct(small, share > 0)
    return np.asarray(cv2.resize(guess, (width, height), interpolation=cv2.INTER_CUBIC))


def _reconstruct(square: NDArray[np.uint8], known: Mask) -> Floats:
    torn: Any = square * known[:, :, None]
    guess = torn.copy()
    keep = known.astype(np.uint8) * 255
    cv2.xphoto.inpaint(torn, keep, guess, cv2.xphoto.INPAINT_FSR_FAST)
    return np.asarray(guess.astype(np.float32) / 255)
