"""Resizing as MATLAB's ``imresize`` does it; the literature's low resolution.

Source: the kernel-stretching scheme of ``imresize`` (antialiasing when shrinking,
centres aligned, symmetric border), cubic of Keys 1981 with a = -0.5. Needs numpy only.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

Floats = np.ndarray


def resize(
    picture: Floats, height: int, width: int, kernel: str = "cubic"
) -> np.ndarray:
    """Resize (H, W, C), any range, to float64 (height, width, C), not clipped.

    Args:
        picture: numbers of any type.
        height: rows of the result.
        width: columns of the result.
        kernel: a name in ``KERNELS``; it is stretched when the picture shrinks.
    """
    rows = weights(picture.shape[0], height, kernel)
    columns = weights(picture.shape[1], width, kernel)
    return np.einsum(
        "yh,hwc,xw->yxc", rows, picture.astype(np.float64), columns, optimize=True
    )


def resize_bytes(
    picture: Floats, height: int, width: int, kernel: str = "cubic"
) -> np.ndarray:
    """Resize uint8 (H, W, C), rounded to 8 bits again."""
    exact = resize(picture, height, width, kernel)
    return np.floor(exact + 0.5).clip(0, 255).astype(np.uint8)


@functools.lru_cache(maxsize=256)
def weights(before: int, after: int, kernel: str) -> np.ndarray:
    """Share of each old sample in each new one, float64 (after, before)."""
    shape, support = KERNELS[kernel]
    stretch = max(1.0, before / after)
    reach = support * stretch
    centres = (np.arange(after) + 0.5) * before / after - 0.5
    taps = int(np.ceil(2 * reach)) + 2
    places = np.floor(centres - reach)[:, None].astype(int) + np.arange(taps)
    parts = shape((centres[:, None] - places) / stretch)
    parts /= parts.sum(1, keepdims=True)
    matrix = np.zeros((after, before))
    # a sample beyond the border is its mirror image, the border pixel included
    mirrored = places % (2 * before)
    mirrored = np.where(mirrored < before, mirrored, 2 * before - 1 - mirrored)
    np.add.at(matrix, (np.arange(after)[:, None], mirrored), parts)
    return matrix


def cubic(distance: np.ndarray) -> np.ndarray:
    """Keys' cubic, a = -0.5."""
    x = np.abs(distance)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def linear(distance: np.ndarray) -> np.ndarray:
    """Triangle."""
    return np.maximum(0.0, 1 - np.abs(distance))


def box(distance: np.ndarray) -> np.ndarray:
    """Mean of the area; half-open, so that no sample counts twice."""
    return ((distance >= -0.5) & (distance < 0.5)).astype(float)


def lanczos(distance: np.ndarray) -> np.ndarray:
    """Lanczos with three lobes."""
    windowed = np.sinc(distance) * np.sinc(distance / 3)
    return np.where(np.abs(distance) < 3, windowed, 0.0)


KERNELS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float]] = {
    "cubic": (cubic, 2.0),
    "linear": (linear, 1.0),
    "box": (box, 0.5),
    "lanczos": (lanczos, 3.0),
}
