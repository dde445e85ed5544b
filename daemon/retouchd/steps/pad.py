"""``pad``: set the picture into a larger frame of one colour."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from retouchd.errors import StepError
from retouchd.media.colour import Colour, levels
from retouchd.media.framing import Aspect, Gravity, placed, reframed, smallest_around
from retouchd.step import Step, Tools
from retouchd.values import Picture


class Pad(Step):
    """Extend the picture to an aspect ratio, or to exactly some pixels.

    Attributes:
        aspect: width to height, such as ``1:1``.
        width, height: pixels of the frame; an edge that is not named stays as it is.
        color: of the frame, opaque.
        gravity: to which edge the picture is held.
    """

    aspect: Aspect | None = None
    width: int | None = Field(default=None, ge=1, le=100_000)
    height: int | None = Field(default=None, ge=1, le=100_000)
    color: Colour = "#ffffff"
    gravity: Gravity = "centre"

    @model_validator(mode="after")
    def _one_way_of_saying_it(self) -> Self:
        if (self.aspect is None) == (self.width is None and self.height is None):
            raise ValueError("pad needs an aspect, or width and/or height")
        return self

    def size_after(self, width: int, height: int) -> tuple[int, int]:
        """Return the size of the frame."""
        return self._size(width, height)

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Return *picture* in its frame.

        Raises:
            StepError: the picture is larger than the frame.
        """
        image = picture.image
        width, height = self._size(image.width, image.height)
        if (width, height) == (image.width, image.height):
            return picture
        if width < image.width or height < image.height:
            raise StepError(
                f"pad asks for {width} x {height} pixels, "
                f"the picture has {image.width} x {image.height}",
                hint="put resize before pad, or pad to an aspect",
            )
        left, top = placed(self.gravity, width - image.width, height - image.height)
        opaque = [65535 if picture.depth == 16 else 255] * picture.has_alpha
        frame = [*levels(self.color, picture.depth), *opaque]
        padded = image.embed(
            left, top, width, height, extend="background", background=frame
        )
        return reframed(picture, padded, -left, -top)

    def _size(self, width: int, height: int) -> tuple[int, int]:
        if self.aspect is not None:
            return smallest_around(self.aspect, width, height)
        return self.width or width, self.height or height
