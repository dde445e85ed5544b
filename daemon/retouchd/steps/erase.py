"""The step ``erase``: what is tagged goes, the picture behind it is invented."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from retouchd.errors import StepError
from retouchd.media.grain import add_grain
from retouchd.media.patch import blend_in, rasterise
from retouchd.media.pixels import from_array, to_array
from retouchd.models.filling import fill_holes
from retouchd.step import ModelStep, Tools
from retouchd.values import Picture, Region, Task


class Erase(ModelStep):
    """Fill the tagged regions.

    Attributes:
        regions: patterns of labels, such as ``erase:*``.
        grow: pixels by which each region is widened; nothing beyond ever changes.
        feather: pixels, of those, over which the fill fades in.
    """

    task: ClassVar[Task] = "inpaint"
    source_type: ClassVar[str] = "compositeWithTrainedAlgorithmicMedia"

    regions: tuple[str, ...] = Field(default=("erase:*",), min_length=1)
    grow: int = Field(default=6, ge=0, le=200)
    feather: int = Field(default=3, ge=0, le=200)

    def apply(self, picture: Picture, tools: Tools) -> Picture:
        """Return *picture* without the regions that match, and without their tags.

        Pixels outside the grown regions and the alpha band stay as they are.

        Raises:
            StepError: regions match, and yet no pixel would change.
            ModelError: the model is missing or fails.
        """
        wanted = [region for region in picture.regions if self._matches(region)]
        if not wanted:
            return picture
        pixels = to_array(picture.image)
        height, width = pixels.shape[:2]
        hole = rasterise(wanted, width, height, self.grow)
        tools.mask = from_array(hole.astype(np.uint8)[:, :, None] * np.uint8(255))
        before = pixels[:, :, :3]
        session = tools.model(self.task, name=self.model, tier=self.tier)
        filled = add_grain(fill_holes(session, before, hole), hole)
        after = blend_in(before, filled, hole, min(self.feather, self.grow))
        if np.array_equal(before, after):
            raise _nothing_changed(wanted)
        result: Any = np.dstack([after, pixels[:, :, 3:]])
        kept = tuple(region for region in picture.regions if region not in wanted)
        return replace(picture, image=from_array(result), regions=kept)

    def _matches(self, region: Region) -> bool:
        return any(fnmatchcase(region.label, pattern) for pattern in self.regions)


def _nothing_changed(regions: list[Region]) -> StepError:
    labels = ", ".join(sorted({region.label for region in regions}))
    return StepError(
        f"erasing {labels} changes no pixel",
        hint="the region lies outside the picture, or on an even surface with nothing "
        "on it; correct the tag",
        regions=labels,
    )
