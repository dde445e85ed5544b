"""What becomes of a named colour wherever it stands in a picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from retouchd.media.measures.planes import Floats
from retouchd.media.vips import pyvips
from retouchd.values import Picture

_WORK_EDGE = 1000


def colour_shift(
    before: Picture, after: Picture, colour: tuple[int, int, int], within: float
) -> tuple[float, float]:
    """Measure how far the areas of *colour* have moved.

    Args:
        before: one picture.
        after: another of the same framing; sizes may differ.
        colour: red, green and blue, 0..255, sRGB.
        within: CIEDE2000 up to which a pixel of *before* counts as the colour.

    Returns:
        Share of the picture (0..1) that has the colour, and the CIEDE2000 between
        the mean colours of these pixels before and after; 0 where there are none.

    Source: CIEDE2000 as in libvips (Sharma, Wu and Dalal, Color Res. Appl. 30, 2005).
    """
    old, new = _lab(before), _lab(after)
    new = new.resize(old.width / new.width, vscale=old.height / new.height)
    wanted = (old.new_from_image(list(colour))).copy(interpretation="srgb")
    is_brand = _array(old.dE00(wanted.colourspace("lab")))[:, :, 0] <= within
    share = float(is_brand.mean())
    if share == 0:
        return 0.0, 0.0
    means = [_array(picture)[is_brand].mean(axis=0) for picture in (old, new)]
    first, second = (_one_pixel(mean) for mean in means)
    return share, float(first.dE00(second).avg())


def _lab(picture: Picture) -> Any:
    image = picture.image
    if image.bands == 4:
        image = image.flatten(background=[65535 if picture.depth == 16 else 255])
    scale = min(1.0, _WORK_EDGE / max(image.width, image.height))
    return image.resize(scale).colourspace("lab").copy_memory()


def _array(image: Any) -> Floats:
    shape = (image.height, image.width, image.bands)
    memory = image.cast("float").write_to_memory()
    return np.frombuffer(memory, np.float32).reshape(shape)


def _one_pixel(lab: Floats) -> Any:
    pixel = pyvips.Image.black(1, 1).new_from_image([float(value) for value in lab])
    return pixel.copy(interpretation="lab")
