"""Photos in memory: decoding, shrinking and cropping, without PyTorch.

All arrays are uint8 (H, W, 3) sRGB unless a docstring says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyvips

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})


def photo_files(folder: Path, skip: Iterable[str] = ()) -> list[Path]:
    """List the pictures below *folder*, sorted, without folders named in *skip*."""
    unwanted = set(skip)
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not unwanted & set(path.relative_to(folder).parts)
    )


def read_rgb(path: Path, longest_px: int = 0) -> np.ndarray:
    """Decode one picture upright.

    Args:
        path: any file libvips reads.
        longest_px: shrink so that the long edge is at most this; 0 keeps the size.

    Returns:
        uint8 (H, W, 3), sRGB.
    """
    if longest_px:
        image = pyvips.Image.thumbnail(
            str(path), longest_px, height=longest_px, size="down"
        )
    else:
        image = pyvips.Image.new_from_file(str(path)).autorot()
    image = image.colourspace("srgb")
    if image.hasalpha():
        image = image.flatten(background=255)
    return np.ascontiguousarray(image.cast("uchar").numpy()[:, :, :3])


def read_square(path: Path, size_px: int) -> np.ndarray:
    """Decode one picture squeezed to (size_px, size_px, 3), Lanczos, aspect ignored."""
    image = pyvips.Image.thumbnail(str(path), size_px, height=size_px, size="force")
    image = image.colourspace("srgb")
    if image.hasalpha():
        image = image.flatten(background=255)
    return np.ascontiguousarray(image.cast("uchar").numpy()[:, :, :3])


def turn(picture: np.ndarray, way: int) -> np.ndarray:
    """Flip and rotate (H, W, ...) to one of the eight poses, *way* 0..7."""
    picture = np.rot90(picture, way % 4)
    return np.ascontiguousarray(picture[:, ::-1] if way >= 4 else picture)


def random_crop(
    picture: np.ndarray, size_px: int, rng: np.random.Generator
) -> np.ndarray:
    """Cut a random (size_px, size_px, C) square; the picture must be large enough."""
    top = int(rng.integers(picture.shape[0] - size_px + 1))
    left = int(rng.integers(picture.shape[1] - size_px + 1))
    return picture[top : top + size_px, left : left + size_px]


def pick_by_area(
    pictures: list[np.ndarray], rng: np.random.Generator, count: int
) -> list[int]:
    """Draw *count* indices, large pictures more often (square root of the area)."""
    weights = np.sqrt([picture.shape[0] * picture.shape[1] for picture in pictures])
    chosen = rng.choice(len(pictures), size=count, p=weights / weights.sum())
    return [int(index) for index in chosen]
