"""What a picture looks like in 128 bits, and how alike two pictures are by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np

from retouchd.media.measures.planes import Floats, luma_of, shrunk
from retouchd.media.vips import pyvips
from retouchd.values import Picture

MASK = 2**64 - 1
PATTERN_BITS = 20
"""Two pictures are not alike when their patterns differ by more bits than this."""

_STEP_LEVELS = 1.0
_WORK_EDGE = 512
_SIDE, _WAVES = 32, 8


@dataclass(frozen=True)
class Fingerprint:
    """Two perceptual hashes of 64 bits.

    Attributes:
        steps: dHash: whether each of 8 x 8 fields is darker than its right neighbour.
            A small edit changes the few fields that it covers.
        pattern: pHash of the ranks of the fields: which slow waves are strong. It
            tells pictures of much black or white apart, whose steps say little.

    Sources: dHash, N. Krawetz, "Kind of like that" (2013); pHash, C. Zauner,
    "Implementation and benchmarking of perceptual image hash functions" (2010).
    """

    steps: int
    pattern: int

    def __str__(self) -> str:
        return f"{self.steps:016x}{self.pattern:016x}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read 32 hex digits back.

        Raises:
            ValueError: *text* is something else.
        """
        if len(text) != 32:
            raise ValueError(f"{text!r} is no fingerprint")
        number = int(text, 16)
        return cls(number >> 64, number & MASK)


def fingerprint_of(picture: Picture) -> Fingerprint:
    """Compute the fingerprint of *picture*; what is clear counts as white."""
    luma = luma_of(picture.with_image(_small(picture.image)))
    fields = shrunk(luma, 9, 8)
    steps = fields[:, 1:] - fields[:, :-1] > _STEP_LEVELS  # flat areas: noise decides
    return Fingerprint(_number(steps), _number(_waves(shrunk(luma, _SIDE, _SIDE))))


def _small(image: pyvips.Image) -> pyvips.Image:
    """Drop whole pixels, which is cheap; the means of what is left decide."""
    factor = max(1, min(image.width, image.height) // _WORK_EDGE)
    return image.shrink(factor, factor) if factor > 1 else image


def _waves(plane: Floats) -> Any:
    order = np.argsort(plane, axis=None, kind="stable")
    ranks = np.empty(plane.size, np.float32)
    ranks[order] = np.arange(plane.size)
    waves: Any = cv2.dct(ranks.reshape(_SIDE, _SIDE))[:_WAVES, :_WAVES]
    return waves > np.median(waves.ravel()[1:])


def _number(bits: Any) -> int:
    return int.from_bytes(np.packbits(bits.ravel()).tobytes(), "big")
