"""The step ``upscale``: enlarges by a network to exactly the size that is asked for."""

from __future__ import annotations

import math
from typing import ClassVar, Self

from pydantic import ValidationInfo, model_validator

from retouchd.media.framing import resized
from retouchd.media.pixels import from_array, to_array
from retouchd.media.size import Size
from retouchd.media.vips import pyvips
from retouchd.models.tiles import enlarge
from retouchd.step import ModelStep, Tools
from retouchd.values import Picture, Task


class Upscale(Size, ModelStep):
    """Enlarge to the size; a picture that is larger stays as it is."""

    task: ClassVar[Task] = "upscale"
    source_type: ClassVar[str] = "algorithmicallyEnhanced"

    @model_validator(mode="after")
    def _has_a_size(self, info: ValidationInfo) -> Upscale:
        if not self.is_set and not (info.context or {}).get("has_goal"):
            raise ValueError(
                "say how large: long_edge, short_edge, width, height, "
                "megapixels or factor; or give the rule a goal"
            )
        return self

    def aiming_at(self, long_edge: int) -> Self:
        """Return this step with the goal's size, unless the rule names one."""
        if self.is_set:
            return self
        return self.model_copy(update={"long_edge": long_edge})

    def size_after(self, width: int, height: int) -> tuple[int, int]:
        """Return the size at which the network leaves the picture before Lanczos."""
        scale = 1
        while scale < self.scale_for(width, height):
            scale *= 2
        return width * scale, height * scale

    def apply(self, picture: Picture, tools: Tools) -> Picture:
        """Return *picture* enlarged; regions are fractions and stay.

        The network enlarges past the size, Lanczos brings it back to the pixel. Alpha
        is enlarged by Lanczos; the colours under it are enlarged as they are.

        Raises:
            ModelError: the model is missing or fails.
        """
        image = picture.image
        width, height = self.target(image.width, image.height)
        if width <= image.width and height <= image.height:
            return picture
        colours = self._enlarged(image.extract_band(0, n=3), width, height, tools)
        colours = resized(colours, width, height)
        if picture.has_alpha:
            alpha = resized(image.extract_band(3), width, height)
            colours = colours.bandjoin(alpha)
        return picture.with_image(colours.copy(interpretation=image.interpretation))

    def _enlarged(
        self, image: pyvips.Image, width: int, height: int, tools: Tools
    ) -> pyvips.Image:
        """Enlarge by networks, as often as it takes, until the size is reached."""
        pixels = to_array(image)
        while pixels.shape[1] < width or pixels.shape[0] < height:
            missing = max(width / pixels.shape[1], height / pixels.shape[0])
            session = tools.model(
                self.task, name=self.model, tier=self.tier, scale=math.ceil(missing)
            )
            pixels = enlarge(session, pixels)
        return from_array(pixels)
