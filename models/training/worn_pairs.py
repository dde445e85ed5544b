"""Small/large pairs whose small picture has been through everyday damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from training.data import to_batch
from training.degradations import degrade
from training.pairs import BATCH, busyness, load_large
from training.photos import pick_by_area, turn

ROOM_PX = 8
"""The JPEG grid may start at any pixel: crops are cut at random from larger ones."""


class WornPairs:
    """Draws batches of aligned crops; the same iteration gives the same batch."""

    def __init__(self, photos: Path, scale: int, seed: int) -> None:
        self.scale, self.seed = scale, seed
        self.large = load_large(photos, scale)

    def batch(self, iteration: int, small_px: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw 16 pairs: float32 (16, 3, p, p) and (16, 3, sp, sp), both 0..1."""
        rng = np.random.default_rng((self.seed, iteration))
        chosen = pick_by_area(self.large, rng, BATCH)
        pairs = [self._pair(self.large[index], small_px, rng) for index in chosen]
        small, large = zip(*pairs, strict=True)
        return to_batch(list(small)), to_batch(list(large))

    def _pair(
        self, picture: np.ndarray, small_px: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        scale, edge = self.scale, small_px * self.scale
        wide = turn(
            busiest(picture, (small_px + ROOM_PX) * scale, rng), int(rng.integers(8))
        )
        down, right = (int(shift) for shift in rng.integers(ROOM_PX + 1, size=2))
        small = degrade(wide, scale, rng)
        top, left = down * scale, right * scale
        return (
            small[down : down + small_px, right : right + small_px],
            wide[top : top + edge, left : left + edge],
        )


def busiest(picture: np.ndarray, size_px: int, rng: np.random.Generator) -> np.ndarray:
    """Of two random squares the busier one: sky teaches an upscaler little."""
    crops = []
    for _ in range(2):
        top = int(rng.integers(picture.shape[0] - size_px + 1))
        left = int(rng.integers(picture.shape[1] - size_px + 1))
        crops.append(picture[top : top + size_px, left : left + size_px])
    return max(crops, key=busyness)
