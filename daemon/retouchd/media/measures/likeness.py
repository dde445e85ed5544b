"""How much two pictures of the same framing show the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from retouchd.media.measures.planes import Box, Floats, tiles

_WINDOW = 1.5
_TILE = 24
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_SAME_DB = 60.0


@dataclass(frozen=True)
class Likeness:
    """Two pictures compared.

    Attributes:
        psnr: dB of the whole, 60 at most.
        worst: SSIM of the tile that is least alike, -1..1.
        where: the tiles below a given likeness, the worst first.
    """

    psnr: float
    worst: float
    where: tuple[Box, ...]


def likeness_of(one: Floats, other: Floats, least: float) -> Likeness:
    """Compare two luma planes of equal shape, (H, W), 0..255.

    Args:
        one: the reference.
        other: what should show the same.
        least: SSIM from which on a tile counts as alike.

    Sources: PSNR by its definition; SSIM, Wang et al., IEEE TIP 13 (2004), with a
    Gaussian window of sigma 1.5 and the usual constants.
    """
    error = float(np.mean((one - other) ** 2))
    psnr = min(_SAME_DB, 10 * np.log10(255**2 / max(error, 1e-9)))
    found = [(float(tile.mean()), box) for box, tile in tiles(_ssim(one, other), _TILE)]
    found.sort()
    where = tuple(box for value, box in found if value < least)
    return Likeness(float(psnr), found[0][0], where)


def _ssim(one: Floats, other: Floats) -> Floats:
    def mean(plane: Any) -> Any:
        return cv2.GaussianBlur(plane, (11, 11), _WINDOW)

    mean_one, mean_other = mean(one), mean(other)
    both = mean_one * mean_other
    squares = mean_one**2 + mean_other**2
    spread = mean(one * one) + mean(other * other) - squares
    shared = mean(one * other) - both
    top = (2 * both + _C1) * (2 * shared + _C2)
    return np.asarray(top / ((squares + _C1) * (spread + _C2)), np.float32)
