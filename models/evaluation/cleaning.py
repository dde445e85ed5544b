"""Enlarging pictures that were damaged before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.random import Generator
from training.degradations import compress, degrade, noise
from training.photos import photo_files, read_rgb
from training.resample import resize_bytes

from evaluation.enlargers import Enlarge, bicubic, foreign, shipped
from evaluation.metrics import score_luma
from evaluation.report import Section
from evaluation.upscaling import cropped

SCALE = 4
SEED = 20261122
Damage = Callable[[np.ndarray, Generator], np.ndarray]


def shrunk(large: np.ndarray) -> np.ndarray:
    """Shrink by antialiased bicubic."""
    return resize_bytes(large, *(side // SCALE for side in large.shape[:2]))


DAMAGES: dict[str, Damage] = {
    "mixed": lambda large, rng: degrade(large, SCALE, rng),
    "JPEG 40": lambda large, _: compress(shrunk(large), 40),
    "JPEG 80": lambda large, _: compress(shrunk(large), 80),
    "noise 6": lambda large, rng: noise(shrunk(large), 6, rng),
    "none": lambda large, _: shrunk(large),
}
"""By column: from uint8 (4H, 4W, 3) to a worn (H, W, 3)."""


def measure(data: Path, limit: int = 0) -> Section:
    """Compare the cleaning model with the faithful one on worn test photos.

    Args:
        data: holds ``photos/test`` and ``models``.
        limit: use only that many photos; 0 all.
    """
    ways = competitors(data)
    files = photo_files(data / "photos" / "test")
    files = files[: limit or None]
    rows: dict[str, dict[str, list[tuple[float, float]]]] = {
        way: {damage: [] for damage in DAMAGES} for way in ways
    }
    for index, path in enumerate(files):
        large = cropped(read_rgb(path, 768), SCALE)
        for damage, wear in DAMAGES.items():
            small = wear(large, np.random.default_rng((SEED, index)))
            for way, enlarge in ways.items():
                rows[way][damage].append(score_luma(enlarge(small), large, SCALE))
    return lay_out(rows, len(files))


def competitors(data: Path) -> dict[str, Enlarge]:
    """Name what is compared."""
    return {
        "bicubic": bicubic(SCALE),
        "upscale-x4": shipped("upscale-x4"),
        "upscale-x4-clean": shipped("upscale-x4-clean"),
        "realesr-general-x4v3": foreign(data / "models/realesr-general-x4v3.onnx"),
    }


def lay_out(
    rows: dict[str, dict[str, list[tuple[float, float]]]], count: int
) -> Section:
    """Mean PSNR-Y and SSIM-Y by way and damage."""
    section = Section(
        f"upscale-x4-clean: PSNR-Y / SSIM on {count} worn test photos",
        ("", *DAMAGES),
        notes=["realesr-general-x4v3 invents detail; that costs PSNR by design."],
    )
    for way, damages in rows.items():
        means = [np.mean(scores, axis=0) for scores in damages.values()]
        section.rows.append((way, *(f"{db:.2f} / {same:.4f}" for db, same in means)))
    return section
