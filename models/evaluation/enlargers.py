"""Ways to enlarge a picture: uint8 (H, W, 3) to (sH, sW, 3)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from training.resample import resize, resize_bytes

from evaluation.networks import open_bare, open_shipped, to_bytes, to_planes
from retouchd.models.tiles import enlarge

Enlarge = Callable[[np.ndarray], np.ndarray]


def bicubic(scale: int) -> Enlarge:
    """MATLAB's ``imresize``."""

    def run(rgb: np.ndarray) -> np.ndarray:
        return resize_bytes(rgb, rgb.shape[0] * scale, rgb.shape[1] * scale)

    return run


def shipped(name: str) -> Enlarge:
    """A model of this repository, through the daemon's tiles."""
    session = open_shipped(name)
    return lambda rgb: enlarge(session, np.ascontiguousarray(rgb))


def foreign(weights: Path) -> Enlarge:
    """A network from RGB to RGB, the whole picture at once."""
    run = open_bare(weights)
    return lambda rgb: to_bytes(run(to_planes(rgb)).clip(0, 1))


def espcn(weights: Path, scale: int) -> Enlarge:
    """A network for full-range Y alone; chroma is enlarged by bicubic."""
    run = open_bare(weights)

    def enlarged(rgb: np.ndarray) -> np.ndarray:
        luma, *chroma = to_ycc(rgb.astype(np.float64))
        height, width = (side * scale for side in rgb.shape[:2])
        bright = run(luma[None, None].astype(np.float32) / 255)[0, 0] * 255.0
        tint = resize(np.dstack(chroma), height, width)
        return to_rgb(bright, tint[:, :, 0], tint[:, :, 1])

    return enlarged


def to_ycc(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Full-range YCbCr of JPEG (JFIF 1.02), chroma around 0."""
    red, green, blue = rgb.transpose(2, 0, 1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return luma, (blue - luma) / 1.772, (red - luma) / 1.402


def to_rgb(luma: np.ndarray, blue: np.ndarray, red: np.ndarray) -> np.ndarray:
    """Back to uint8 (H, W, 3)."""
    one, three = luma + 1.402 * red, luma + 1.772 * blue
    two = (luma - 0.299 * one - 0.114 * three) / 0.587
    return np.rint(np.dstack([one, two, three])).clip(0, 255).astype(np.uint8)
