"""The one crossing between libvips and numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retouchd.media.vips import pyvips

Pixels = NDArray[np.uint8 | np.uint16]
"""Pixels (height, width, bands): RGB, RGBA or one band, 8 or 16 bits."""


def to_array(image: pyvips.Image) -> Pixels:
    """Bring pixels into numpy, in one crossing.

    Returns:
        (height, width, bands), ``uint8`` or ``uint16``, always three axes; a new
        array that the caller owns and may write to.

    Raises:
        ValueError: *image* has neither 8 nor 16 bits per band.
        pyvips.Error: the pixels of a lazy image cannot be computed.
    """
    if image.format not in ("uchar", "ushort"):
        raise ValueError(f"{image.format} pixels do not travel between steps")
    shape = (image.height, image.width, image.bands)
    memory = image.write_to_memory()
    if image.format == "ushort":
        return np.frombuffer(memory, np.uint16).reshape(shape)
    return np.frombuffer(memory, np.uint8).reshape(shape)


def from_array(array: Pixels) -> pyvips.Image:
    """Make an image of pixels (height, width, bands) without copying them.

    The image shares the memory of *array*: nobody may write to it any more.
    ``uint8`` becomes srgb or b-w, ``uint16`` rgb16 or grey16: without the right
    interpretation libvips saves 16 bits as 8 without a word.
    """
    height, width, bands = array.shape
    is_wide = array.dtype == np.uint16
    memory = np.ascontiguousarray(array).data
    image = pyvips.Image.new_from_memory(
        memory, width, height, bands, "ushort" if is_wide else "uchar"
    )
    grey, colour = ("grey16", "rgb16") if is_wide else ("b-w", "srgb")
    return image.copy(interpretation=colour if bands >= 3 else grey)
