"""How far one picture is from another.

Pictures are (H, W, 3), 0..255, unless a docstring says otherwise.
"""

from __future__ import annotations

import cv2
import numpy as np

Numbers = np.ndarray

EXACT_DB = 60.0
"""What an exact copy counts: less would be one flat hole outweighing all others."""


def luma(rgb: Numbers) -> np.ndarray:
    """Y of studio-range BT.601, 16..235, as the super-resolution papers use it.

    Source: MATLAB ``rgb2ycbcr``; not rounded.
    """
    weights = np.array([65.481, 128.553, 24.966]) / 255
    return rgb.astype(np.float64) @ weights + 16


def psnr(got: Numbers, wanted: Numbers, limit: float = EXACT_DB) -> float:
    """Peak signal-to-noise ratio in dB for a peak of 255, *limit* at most."""
    error = np.mean((got.astype(np.float64) - wanted) ** 2)
    return min(limit, float(10 * np.log10(255**2 / max(error, 1e-12))))


def ssim_map(got: Numbers, wanted: Numbers) -> np.ndarray:
    """Structural similarity of each pixel of two (H, W) planes, 0..255.

    Source: Wang et al. 2004, Gaussian window of 11 px with sigma 1.5, K = .01, .03.
    """

    def mean(plane: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(plane, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT)

    one, two = got.astype(np.float64), wanted.astype(np.float64)
    a, b = mean(one), mean(two)
    first, second = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    spread = mean(one * one) - a * a + mean(two * two) - b * b
    shared = mean(one * two) - a * b
    return ((2 * a * b + first) * (2 * shared + second)) / (
        (a * a + b * b + first) * (spread + second)
    )


def score_luma(got: Numbers, wanted: Numbers, shave: int) -> tuple[float, float]:
    """PSNR-Y in dB and SSIM-Y, a border of *shave* px left out.

    Source: the protocol of the super-resolution papers (shave = scale).
    """
    inner = slice(shave, -shave)
    one, two = luma(got)[inner, inner], luma(wanted)[inner, inner]
    return psnr(one, two), float(ssim_map(one, two).mean())


def score_hole(got: Numbers, wanted: Numbers, hole: Numbers) -> tuple[float, float]:
    """PSNR in dB of RGB and SSIM of luma inside *hole*, bool (H, W)."""
    similar = ssim_map(luma(got), luma(wanted))[hole]
    return psnr(got[hole], wanted[hole]), float(similar.mean())


def rim_jump(picture: Numbers, hole: Numbers) -> float:
    """Mean absolute step, 0..255, between neighbours on both sides of the rim.

    Our own: a true picture has a step there too, the fill should have the same.
    """
    levels = picture.astype(np.float64)
    steps, crossings = [], []
    for axis in (0, 1):
        steps.append(np.abs(np.diff(levels, axis=axis)).mean(2).ravel())
        crossings.append(np.diff(hole.astype(np.int8), axis=axis).ravel() != 0)
    crossing = np.concatenate(crossings)
    return float(np.concatenate(steps)[crossing].mean())


def seam_ratio(tiled: Numbers, whole: Numbers, every_px: int) -> float:
    """Mean step across the seams of *tiled*, over that of *whole* at the same places.

    Seams lie after each *every_px* rows and columns; 1 means that none shows. Our own.
    """

    def across(picture: np.ndarray) -> float:
        steps = [
            np.abs(np.diff(picture.astype(np.float64), axis=axis))
            .take(range(every_px - 1, picture.shape[axis] - 1, every_px), axis=axis)
            .ravel()
            for axis in (0, 1)
        ]
        return float(np.concatenate(steps).mean())

    return across(tiled) / max(across(whole), 1e-9)
