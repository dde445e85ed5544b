"""Random holes for inpainting: boxes, blobs, strokes and dust."""

from __future__ import annotations

import cv2
import numpy as np

FINE_BITS = 4
FINE = 1 << FINE_BITS
"""OpenCV draws on a grid that is finer by this than pixels."""


def random_hole(size_px: int, largest_px: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one hole.

    Args:
        size_px: side of the square mask.
        largest_px: longest side a box or blob may have.
        rng: source of chance.

    Returns:
        float32 (size_px, size_px), 1 in the hole.
    """
    kind = rng.choice(["box", "blob", "stroke", "dust"], p=[0.35, 0.3, 0.25, 0.1])
    shapes = {"box": box, "blob": blob, "stroke": stroke, "dust": dust}[str(kind)]
    mask = shapes(size_px, largest_px, rng)
    return (mask > 0).astype(np.float32)


def box(size_px: int, largest_px: int, rng: np.random.Generator) -> np.ndarray:
    """One rectangle of 12 px up to *largest_px* a side."""
    height, width = rng.integers(12, largest_px + 1, 2)
    top = rng.integers(size_px - height + 1)
    left = rng.integers(size_px - width + 1)
    mask = np.zeros((size_px, size_px), np.float32)
    mask[top : top + height, left : left + width] = 1
    return mask


def blob(size_px: int, largest_px: int, rng: np.random.Generator) -> np.ndarray:
    """One wobbly round patch."""
    radius = rng.uniform(8, largest_px / 2)
    centre = rng.uniform(radius, size_px - radius, 2)
    rows, columns = np.mgrid[:size_px, :size_px]
    down, right = rows - centre[0], columns - centre[1]
    angle = np.arctan2(down, right)
    edge = radius * np.ones_like(angle)
    for wave in (2, 3, 5):
        edge *= 1 + 0.18 * rng.uniform() * np.sin(wave * angle + rng.uniform(0, 6.3))
    return (np.hypot(down, right) < edge).astype(np.float32)


def stroke(size_px: int, _: int, rng: np.random.Generator) -> np.ndarray:
    """A bent line, 3 to 16 px thick: a cable, a scratch, a signature."""
    thick = float(rng.uniform(3, 16))
    points = [rng.uniform(0, size_px, 2)]
    heading = rng.uniform(0, 2 * np.pi)
    for _step in range(int(rng.integers(2, 7))):
        heading += rng.uniform(-0.9, 0.9)
        leap = rng.uniform(0.12, 0.35) * size_px
        points.append(points[-1] + leap * np.array([np.cos(heading), np.sin(heading)]))
    mask = np.zeros((size_px, size_px), np.float32)
    course = np.rint(np.array(points) * FINE).astype(np.int32)
    cv2.polylines(mask, [course], False, 1.0, round(thick), shift=FINE_BITS)  # noqa: FBT003 - OpenCV takes no keyword here
    return mask


def dust(size_px: int, _: int, rng: np.random.Generator) -> np.ndarray:
    """A handful of small round specks."""
    mask = np.zeros((size_px, size_px), np.float32)
    for speck in rng.uniform((0, 0, 2), (size_px, size_px, 8), (12, 3)):
        x, y, radius = (int(value) for value in np.rint(speck * FINE))
        cv2.circle(mask, (x, y), radius, 1.0, cv2.FILLED, shift=FINE_BITS)
    return mask
