"""How far one alpha is from another; all are float (H, W), 0..1.

Source of gradient and connectivity: Rhemann et al., A Perceptually Motivated Online
Benchmark for Image Matting, CVPR 2009; over the whole picture, in thousands.
"""

from __future__ import annotations

import cv2
import numpy as np

Alpha = np.ndarray

STEP = 0.1
"""Of the thresholds of connectivity."""
LOOSE = 0.15
"""Distances below this count as connected."""


def mean_error(got: Alpha, wanted: Alpha) -> float:
    """Mean absolute error."""
    return float(np.abs(got - wanted).mean())


def gradient_error(got: Alpha, wanted: Alpha, sigma: float = 1.4) -> float:
    """Squared difference of the gradient magnitudes, summed, in thousands."""
    apart = slopes(got, sigma) - slopes(wanted, sigma)
    return float(np.square(apart).sum() / 1000)


def slopes(alpha: Alpha, sigma: float) -> np.ndarray:
    """Gradient magnitude by first-order Gaussian derivatives of unit energy."""
    reach = int(np.ceil(3 * sigma))
    x = np.arange(-reach, reach + 1, dtype=np.float64)
    bell = np.exp(-0.5 * (x / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    slope = -x * bell / sigma**2
    energy = np.sqrt(np.square(np.outer(bell, slope)).sum())
    filters = (bell / energy, slope)
    planes = [
        cv2.sepFilter2D(
            alpha.astype(np.float64), -1, across, down, borderType=cv2.BORDER_REPLICATE
        )
        for across, down in (filters, filters[::-1])
    ]
    return np.hypot(*planes)


def connectivity_error(got: Alpha, wanted: Alpha) -> float:
    """Difference in how each pixel hangs on the common solid part, in thousands."""
    apart = connectedness(got, wanted) - connectedness(wanted, got)
    return float(np.abs(apart).sum() / 1000)


def connectedness(alpha: Alpha, other: Alpha) -> np.ndarray:
    """1 where *alpha* hangs on the solid part that it shares with *other*, else less.

    The level of a pixel is the highest threshold at which it still belongs to the
    largest area where both are above that threshold.
    """
    level = np.full(alpha.shape, -1.0)
    for threshold in np.arange(STEP, 1 + STEP / 2, STEP):
        shared = ((alpha >= threshold) & (other >= threshold)).astype(np.uint8)
        leaves = (level == -1) & ~largest_area(shared)
        level[leaves] = threshold - STEP
    level[level == -1] = 1
    distance = alpha - level
    return 1 - distance * (distance >= LOOSE)


def largest_area(flags: np.ndarray) -> np.ndarray:
    """The largest 4-connected area of 1 in uint8 (H, W), as bool; may be empty."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(flags, connectivity=4)
    if count == 1:
        return np.zeros(flags.shape, bool)
    return labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
