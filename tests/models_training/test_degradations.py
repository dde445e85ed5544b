"""Damage depends on the seed alone, and damages."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation.metrics import EXACT_DB, psnr
from training import degradations
from training.degradations import compress, degrade, noise
from training.resample import resize_bytes


def photo(side: int = 160) -> np.ndarray:
    """Soft shapes, uint8 (side, side, 3)."""
    rough = np.random.default_rng(8).integers(0, 256, (12, 12, 3), np.uint8)
    return resize_bytes(rough, side, side)


def test_the_seed_decides() -> None:
    """The same seed wears a picture alike, another seed otherwise."""
    picture = photo()

    worn = [degrade(picture, 4, np.random.default_rng(seed)) for seed in (5, 5, 6)]

    assert worn[0].shape == (40, 40, 3)
    assert worn[0].dtype == np.uint8
    assert np.array_equal(worn[0], worn[1])
    assert not np.array_equal(worn[0], worn[2])


def test_a_share_stays_clean() -> None:
    """About one picture in eight is only shrunk."""
    picture = photo(64)
    plain = resize_bytes(picture, 16, 16)

    rng = np.random.default_rng(1)
    worn = [degrade(picture, 4, rng) for _ in range(200)]

    clean = np.mean([np.array_equal(each, plain) for each in worn])
    assert degradations.CLEAN / 2 < clean < degradations.CLEAN * 2


@pytest.mark.parametrize(
    "name",
    [
        "blur_large",
        "blur_small",
        "detour",
        "noise_large",
        "noise_small",
        "jpeg_large",
        "jpeg",
        "sharpen",
    ],
)
def test_every_step_changes_something(name: str) -> None:
    """Each step keeps size and type, and the picture can still be made out."""
    picture = noise(photo(64), 8, np.random.default_rng(0))

    worn = getattr(degradations, name)(picture, np.random.default_rng(2))

    assert worn.shape == picture.shape
    assert worn.dtype == np.uint8
    assert 15 < psnr(worn, picture) < EXACT_DB


def test_jpeg_gets_better_with_quality() -> None:
    """Lower quality, larger error."""
    picture = noise(photo(), 8, np.random.default_rng(0))

    errors = [psnr(compress(picture, quality), picture) for quality in (30, 60, 90)]

    assert errors == sorted(errors)
