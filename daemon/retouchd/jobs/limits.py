"""How long a step may take: so much in any case, and more for large pictures."""

from __future__ import annotations

from dataclasses import dataclass

from retouchd.step import Step
from retouchd.values import Picture

DECODE_SECONDS = 5.0
"""For each megapixel. Decoders were measured at 0.02 (JPEG) to 0.2 s (AVIF)."""

ENCODE_SECONDS = 30.0
"""For each megapixel; AVIF was measured at 2 s."""

GATE_SECONDS = 30.0
"""For each megapixel, all gates of a rule together."""

READ_SECONDS = 0.1
"""For each million bytes of the file: it is read whole for its digest."""


@dataclass(frozen=True)
class StepLimits:
    """Times after which a step counts as hanging.

    Attributes:
        base_seconds: what any step gets, however small the picture.
        factor: slower machines multiply every limit.
    """

    base_seconds: float = 120.0
    factor: float = 1.0

    def reading_seconds(self, amount: float, each: float) -> float:
        """Return the limit of reading *amount*, which takes *each* seconds per unit.

        A quarter of the base: here shares hang, and other folders wait meanwhile.
        """
        return self.factor * (self.base_seconds / 4 + each * amount)

    def seconds(self, megapixels: float, each: float) -> float:
        """Return the limit of work that takes *each* seconds per megapixel."""
        return self.factor * (self.base_seconds + each * megapixels)


def megapixels_of(step: Step, picture: Picture) -> float:
    """Return the larger of what *step* takes and gives, in millions of pixels."""
    size = picture.image.width, picture.image.height
    width, height = step.size_after(*size)
    return max(picture.megapixels, width * height / 1e6)
