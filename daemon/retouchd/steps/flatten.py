"""``flatten``: lay the picture on one colour."""

from __future__ import annotations

from retouchd.media.colour import Colour, levels
from retouchd.step import Step, Tools
from retouchd.values import Picture


class Flatten(Step):
    """Replace transparency by a colour."""

    color: Colour = "#ffffff"

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Return *picture* without alpha."""
        if not picture.has_alpha:
            return picture
        background = levels(self.color, picture.depth)
        return picture.with_image(picture.image.flatten(background=background))
