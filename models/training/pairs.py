"""Small/large pairs for the upscalers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyvips
import torch
from torch.nn import functional

from training.data import to_batch
from training.photos import photo_files, pick_by_area, read_rgb, turn

if TYPE_CHECKING:
    from pathlib import Path

BATCH = 16
# 400 px JPEG photos would teach the net to paint JPEG blocks
COMPRESSED = ("clothing400_cc0", "clothing_cc0", "grocery_mit")


def load_large(photos: Path, scale: int) -> list[np.ndarray]:
    """Read the photos at half and at a third of their size.

    Shrinking removes most of the softness and the traces of the lossy file, so the
    targets are crisp. Sides are cut to a multiple of *scale*.
    """
    large = []
    for path in photo_files(photos, skip=COMPRESSED):
        for longest in (1024, 700):
            picture = read_rgb(path, longest)
            height, width = (side - side % scale for side in picture.shape[:2])
            large.append(picture[:height, :width])
    return large


def shrink(picture: np.ndarray, scale: int) -> np.ndarray:
    """Shrink uint8 (sH, sW, 3) to (H, W, 3): antialiased bicubic, rounded to 8 bits."""
    small = functional.interpolate(
        to_batch([picture]), scale_factor=1 / scale, mode="bicubic", antialias=True
    )
    return small[0].permute(1, 2, 0).mul(255).round().clamp(0, 255).byte().numpy()


def compress(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pass uint8 (H, W, 3) through JPEG at a quality that cameras and shops use."""
    quality = int(rng.integers(70, 97))
    body = pyvips.Image.new_from_array(picture).jpegsave_buffer(Q=quality)
    return pyvips.Image.new_from_buffer(body, "").numpy()


class Pairs:
    """Draws batches of aligned crops; the same iteration gives the same batch."""

    def __init__(self, photos: Path, scale: int, seed: int) -> None:
        self.scale, self.seed = scale, seed
        self.large = load_large(photos, scale)
        self.small = [shrink(picture, scale) for picture in self.large]

    def batch(
        self, iteration: int, small_px: int, compressed: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw 16 pairs, a share of them with a JPEG-compressed small picture.

        Returns:
            float32 (16, 3, p, p) and (16, 3, sp, sp), both 0..1.
        """
        rng = np.random.default_rng((self.seed, iteration))
        chosen = pick_by_area(self.small, rng, BATCH)
        pairs = [self._pair(index, small_px, rng) for index in chosen]
        low = [
            compress(small, rng) if rng.uniform() < compressed else small
            for small, _ in pairs
        ]
        return to_batch(low), to_batch([large for _, large in pairs])

    def _pair(
        self, index: int, small_px: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        # of three places take the busiest: sky teaches an upscaler nothing
        small, large = self.small[index], self.large[index]
        corners = [
            (
                int(rng.integers(small.shape[0] - small_px + 1)),
                int(rng.integers(small.shape[1] - small_px + 1)),
            )
            for _ in range(3)
        ]
        crops = [small[y : y + small_px, x : x + small_px] for y, x in corners]
        best = int(np.argmax([busyness(crop) for crop in crops]))
        (y, x), scale, way = corners[best], self.scale, int(rng.integers(8))
        high = large[
            y * scale : (y + small_px) * scale, x * scale : (x + small_px) * scale
        ]
        return turn(crops[best], way), turn(high, way)


def busyness(picture: np.ndarray) -> float:
    """Mean absolute horizontal and vertical step of the green channel."""
    green = picture[:, :, 1].astype(np.int16)
    return float(np.abs(np.diff(green, axis=0)).mean() + np.abs(np.diff(green)).mean())
