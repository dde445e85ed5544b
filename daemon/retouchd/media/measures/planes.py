"""What measures have in common: pictures as float planes of a bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.media.pixels import Pixels, to_array
from retouchd.values import Picture

Floats = NDArray[np.float32]
Greys = NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom as fractions of a picture."""

_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)  # Rec. ITU-R BT.601


def colours_of(picture: Picture) -> Floats:
    """Return (H, W, 3), 0..255; what is clear shows white, as on a page."""
    pixels = to_array(picture.image)
    peak = np.iinfo(pixels.dtype).max
    floats = pixels.astype(np.float32) * np.float32(255 / peak)
    if pixels.shape[2] == 3:
        return floats
    opacity = floats[:, :, 3:] / 255
    return np.asarray(floats[:, :, :3] * opacity + 255 * (1 - opacity), np.float32)


def luma_of(picture: Picture) -> Floats:
    """Return (H, W), 0..255, by the weights of BT.601."""
    colours = colours_of(picture)
    luma: Any = cv2.transform(colours, _LUMA)
    return np.asarray(luma, np.float32).reshape(colours.shape[:2])


def greys_of(picture: Picture) -> Greys:
    """Return luma (H, W) in whole levels, which costs a tenth of ``luma_of``."""
    image = picture.image
    if picture.has_alpha:
        top = 65535 if picture.depth == 16 else 255
        image = image.flatten(background=[top] * 3, max_alpha=top)
    if picture.depth == 16:
        image = image.cast("uchar", shift=True)
    luma: Any = cv2.cvtColor(to_array(image), cv2.COLOR_RGB2GRAY)
    return np.asarray(luma, np.uint8)


def small_colours(picture: Picture, long_edge: int) -> Floats:
    """Return (H, W, 3), 0..255, of at most *long_edge*; clear shows white.

    Each pixel is the mean of what it covers. Costs a fraction of ``colours_of``.
    """
    image = picture.image
    top = 65535 if picture.depth == 16 else 255
    if picture.has_alpha:
        image = image.flatten(background=[top] * 3, max_alpha=top)
    return small_plane(to_array(image), long_edge) * np.float32(255 / top)


def small_plane(pixels: Pixels, long_edge: int) -> Floats:
    """Return *pixels*, (H, W) or (H, W, C), with at most *long_edge* pixels a side."""
    height, width = pixels.shape[:2]
    scale = min(1.0, long_edge / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smaller: Any = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.float32)


def shrunk(plane: Floats, width: int, height: int) -> Floats:
    """Return *plane* at *width* x *height*, each pixel the mean of what it covers."""
    if plane.shape[:2] == (height, width):
        return plane
    smaller: Any = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.float32)


def tiles(plane: Floats, edge: int) -> Iterator[tuple[Box, Floats]]:
    """Yield *plane* in tiles of about *edge* pixels, each with its box.

    Tiles are of nearly equal size, so that none is a sliver; a plane smaller than
    *edge* is one tile.
    """
    height, width = plane.shape[:2]
    rows = np.linspace(0, height, max(1, round(height / edge)) + 1).astype(int)
    columns = np.linspace(0, width, max(1, round(width / edge)) + 1).astype(int)
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            box = (left / width, top / height, right / width, bottom / height)
            yield box, plane[top:bottom, left:right]
