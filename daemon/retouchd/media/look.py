"""The look of pictures: how bright, contrasty and coloured they are as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retouchd.media.vips import pyvips
from retouchd.values import Picture

_LONG_EDGE = 256
"""Pixels; means and spreads of a picture are the same at this size."""

_OPAQUE = 0.5

_LEAST_GAIN, _MOST_GAIN = 0.5, 2.0
"""A picture of one even tone has no contrast that could be brought to another's."""


@dataclass(frozen=True)
class Look:
    """Of lightness L* (0..100) and the colours a*, b* (about -100..100) of CIELAB.

    Attributes:
        mean: of all opaque pixels.
        spread: their standard deviation.
    """

    mean: tuple[float, ...]
    spread: tuple[float, ...]


def look_of(pictures: Iterable[Picture]) -> Look:
    """Measure *pictures* together; transparent pixels do not count."""
    count, total, squares = 0, np.zeros(3), np.zeros(3)
    for picture in pictures:
        values = _values(picture)
        count += len(values)
        total += values.sum(0)
        squares += (values**2).sum(0)
    if not count:
        return Look((50.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    mean = total / count
    spread = np.sqrt(np.maximum(0.0, squares / count - mean**2))
    return Look(tuple(mean.tolist()), tuple(spread.tolist()))


def like(picture: Picture, look: Look, wanted: Look, strength: float) -> Picture:
    """Return *picture*, which has *look*, with the look that is *wanted*.

    Source: Reinhard, Ashikhmin, Gooch and Shirley, Color Transfer between Images, IEEE
    Computer Graphics and Applications 21(5), 2001: means and standard deviations are
    matched channel by channel; here in CIELAB, with bounded gains.

    Args:
        picture: sRGB, 8 or 16 bits; its alpha stays.
        look: its own, or that of the shot it belongs to.
        wanted: that of the reference.
        strength: 0 gives *picture* back, 1 the full look.
    """
    gains, offsets = [], []
    pairs = zip(look.mean, look.spread, wanted.mean, wanted.spread, strict=True)
    for mean, spread, new_mean, new_spread in pairs:
        full = new_spread / spread if spread > 0 else 1.0
        gain = 1 + strength * (min(max(full, _LEAST_GAIN), _MOST_GAIN) - 1)
        gains.append(gain)
        offsets.append(mean + strength * (new_mean - mean) - gain * mean)
    image = picture.image
    lab = image.extract_band(0, n=3).colourspace("lab")
    changed = lab.linear(gains, offsets).copy(interpretation="lab")
    colours = changed.colourspace(image.interpretation).cast(image.format)
    if picture.has_alpha:
        colours = colours.bandjoin(image.extract_band(3))
    return picture.with_image(colours.copy(interpretation=image.interpretation))


def _values(picture: Picture) -> NDArray[np.float64]:
    """Return L*, a*, b* of the opaque pixels, (N, 3)."""
    image = picture.image
    scale = min(1.0, _LONG_EDGE / max(image.width, image.height))
    small = image.resize(scale) if scale < 1 else image
    lab = small.extract_band(0, n=3).colourspace("lab").cast("float")
    values = _array(lab).reshape(-1, 3)
    if not picture.has_alpha:
        return values
    full = 65535 if picture.depth == 16 else 255
    alpha = _array(small.extract_band(3).cast("float")).ravel()
    return values[alpha > _OPAQUE * full]


def _array(image: pyvips.Image) -> NDArray[np.float64]:
    return np.frombuffer(image.write_to_memory(), np.float32).astype(np.float64)
