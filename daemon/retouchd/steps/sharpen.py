"""``sharpen``: an unsharp mask on luminance, its halos limited."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from retouchd.step import Step, Tools
from retouchd.values import Picture

# Rec. 709 luma, on the encoded values: close to what the eye takes for brightness.
_LUMA = [0.2126, 0.7152, 0.0722]

# Share of full range; a halo of 6 % is not yet seen as a line beside the edge.
_LARGEST_CHANGE = 0.06


class Sharpen(Step):
    """Strengthen detail without touching colour or flat areas.

    Attributes:
        amount: share of the detail that is added, 0..5.
        radius: sigma of the blur that tells detail from shape, in pixels, 0.3..50.
    """

    source_type: ClassVar[str] = "algorithmicallyEnhanced"

    amount: float = Field(default=0.6, ge=0, le=5)
    radius: float = Field(default=1.0, ge=0.3, le=50)

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Return *picture* sharpened; no pixel changes by more than 6 % of the range.

        Red, green and blue all move by as much as the luma, so hues stay.
        """
        if self.amount == 0:
            return picture
        image = picture.image
        colours = image.extract_band(0, n=3)
        luma = colours.recomb([_LUMA])
        detail = luma - luma.gaussblur(self.radius, precision="float")
        largest = _LARGEST_CHANGE * (65535 if picture.depth == 16 else 255)
        change = (detail * self.amount).clamp(min=-largest, max=largest)
        sharp = (colours + change).rint().cast(image.format)
        sharp = sharp.copy(interpretation=image.interpretation)
        if picture.has_alpha:
            sharp = sharp.bandjoin(image.extract_band(3))
        return picture.with_image(sharp)
