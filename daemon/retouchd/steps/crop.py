"""``crop``: cut the picture to a shape or a size."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from retouchd.errors import StepError
from retouchd.media.framing import Aspect, Gravity, largest_inside, placed, reframed
from retouchd.step import Step, Tools
from retouchd.values import Picture


class Crop(Step):
    """Keep the largest part of an aspect ratio, or exactly some pixels.

    Attributes:
        aspect: width to height, such as ``4:5``.
        width, height: pixels of the part; an edge that is not named stays whole.
        gravity: which part is kept.
    """

    aspect: Aspect | None = None
    width: int | None = Field(default=None, ge=1, le=100_000)
    height: int | None = Field(default=None, ge=1, le=100_000)
    gravity: Gravity = "centre"

    @model_validator(mode="after")
    def _one_way_of_saying_it(self) -> Self:
        if (self.aspect is None) == (self.width is None and self.height is None):
            raise ValueError("crop needs an aspect, or width and/or height")
        return self

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Return the part of *picture* that the rule asks for.

        Raises:
            StepError: the picture is smaller than that part.
        """
        image = picture.image
        width, height = self._size(image.width, image.height)
        if (width, height) == (image.width, image.height):
            return picture
        if width > image.width or height > image.height:
            raise StepError(
                f"crop asks for {width} x {height} pixels, "
                f"the picture has {image.width} x {image.height}",
                hint="put resize or upscale before crop, or crop to an aspect",
            )
        left, top = placed(self.gravity, image.width - width, image.height - height)
        return reframed(picture, image.crop(left, top, width, height), left, top)

    def _size(self, width: int, height: int) -> tuple[int, int]:
        if self.aspect is not None:
            return largest_inside(self.aspect, width, height)
        return self.width or width, self.height or height
