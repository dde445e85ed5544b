"""Lets a plane follow a shot: averaged over time where nothing happens, else new."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from retouchd.media.motion.dense import Motion, fetched
from retouchd.media.pixels import Pixels

_MEMORY = 0.8
"""Share of what was, where it is trusted: noise that comes and goes with each frame
shows 1/7 of its changes, and 5 frames have to pass until a change has come through."""


_SETTLED = 2
"""Levels of 255 that are not worth averaging: rounding would hold on to them for ever,
and what became solid would never be quite so."""


def steadied(plane: Pixels, earlier: Pixels, motion: Motion) -> Pixels:
    """Average *plane* with the steadied one of the frame before, moved along.

    Args:
        plane: (H, W), 8 or 16 bits, such as alpha.
        earlier: likewise, what this function gave for the frame before.
        motion: between the two frames.
    """
    height, width = plane.shape
    moved = fetched(earlier, motion.flow) if motion.flow.any() else earlier
    share: Any = cv2.resize(motion.trust, (width, height)) * _MEMORY
    gap = moved.astype(np.float32) - plane
    share[np.abs(gap) <= _SETTLED * (np.iinfo(plane.dtype).max // 255)] = 0
    return np.asarray(np.rint(plane + gap * share), plane.dtype)
