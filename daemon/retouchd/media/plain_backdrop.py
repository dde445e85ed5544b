"""Cuts a subject off a plain backdrop by colour, where a small network is unsure.

A backdrop is plain when the rim of the picture follows one smooth surface per channel.
What is unlike it is probably the subject, what is like it or only darker (a shadow) is
probably not; graph cuts settle the rest.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

_RIM_SHARE = 0.04
# Levels 0..1. A rim that strays further from its surface is no plain backdrop; a part
# of it may be the subject, which leaves the frame.
_STRAY, _PLAIN_SPREAD, _PLAIN_SHARE = 0.06, 0.03, 0.7
_LIKE, _LIKE_SPREADS = 0.035, 3
# A shadow keeps the tint of the backdrop and this much of its light.
_DARKEST_SHADOW, _SHADOW_TINT = 0.55, 0.035
_SURE_TINT = 0.06
_SMALLEST_SUBJECT = 50
_ROUNDS = 3


def cut_from_plain_backdrop(seen: Floats, matte: Floats) -> Floats:
    """Return *matte*, made decided by colour where the backdrop is plain.

    Args:
        seen: (H, W, 3) RGB, 0..1, at the size of the network.
        matte: (H, W), 0..1, what the network says.

    Returns:
        (H, W), 0..1; *matte* itself where the backdrop is not plain.

    Source: graph cuts as in Rother, Kolmogorov and Blake, GrabCut, SIGGRAPH 2004.
    """
    surface = _backdrop_of(seen)
    if surface is None:
        return matte
    marks = _marks(seen, matte, *surface)
    if np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).sum() < _SMALLEST_SUBJECT:
        return matte
    # The colour models start from clusters that are drawn by chance: fix it.
    cv2.setRNGSeed(1)
    levels = np.rint(seen * 255).astype(np.uint8)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(levels, marks, (0, 0, 0, 0), *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    inside = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(inside, (0, 0), 0.8), np.float32)


def _backdrop_of(seen: Floats) -> tuple[Floats, float] | None:
    """Fit a quadratic surface to the rim; (H, W, 3) and its spread, or ``None``."""
    height, width = seen.shape[:2]
    rim = _rim(height, width, max(2, round(_RIM_SHARE * height)))
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1)
    used = rim
    surface = seen
    for _ in range(_ROUNDS):
        weights, *_ = np.linalg.lstsq(terms[used], seen[used], rcond=None)
        surface = np.asarray(terms @ weights, np.float32)
        used = rim & (np.abs(seen - surface).max(axis=2) < _STRAY)
        if used.sum() < _PLAIN_SHARE * rim.sum():
            return None
    spread = float(np.std((seen - surface)[used]))
    return (surface, spread) if spread < _PLAIN_SPREAD else None


def _rim(height: int, width: int, thickness: int) -> Flags:
    rim = np.ones((height, width), bool)
    rim[thickness:-thickness, thickness:-thickness] = False
    return rim


def _marks(seen: Floats, matte: Floats, surface: Floats, spread: float) -> Any:
    """Say of each pixel what it surely or probably is, in the words of GrabCut."""
    ratio = seen / np.maximum(surface, 1e-3)
    light = ratio.mean(axis=2)
    tint = np.abs(ratio - light[:, :, None]).max(axis=2)
    shadow = (light > _DARKEST_SHADOW) & (light < 1) & (tint < _SHADOW_TINT)
    like = np.abs(seen - surface).max(axis=2) < max(_LIKE, _LIKE_SPREADS * spread)
    marks = np.full(matte.shape, cv2.GC_PR_BGD, np.uint8)
    marks[~(like | shadow) | ((matte > 0.6) & ~like)] = cv2.GC_PR_FGD
    marks[(matte > 0.95) & (tint > _SURE_TINT)] = cv2.GC_FGD
    marks[like & (matte < 0.3)] = cv2.GC_BGD
    marks[_rim(matte.shape[0], matte.shape[1], 2)] = cv2.GC_BGD
    return marks
