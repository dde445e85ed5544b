"""``resize``: bring the picture to exactly a size, smaller or larger."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from retouchd.media.framing import resized
from retouchd.media.size import Size
from retouchd.step import Step, Tools
from retouchd.values import Picture


class Resize(Step, Size):
    """Scale the picture, keeping its proportions; regions stay where they are."""

    @model_validator(mode="after")
    def _asks_for_a_size(self) -> Self:
        if not self.is_set:
            raise ValueError(
                "resize needs a size: long_edge, short_edge, width, height, "
                "megapixels or factor"
            )
        return self

    def size_after(self, width: int, height: int) -> tuple[int, int]:
        """Return the size that the rule asks for."""
        return self.target(width, height)

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Return *picture* in the size that the rule asks for."""
        image = picture.image
        width, height = self.target(image.width, image.height)
        return picture.with_image(resized(image, width, height))
