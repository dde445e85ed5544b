"""The step ``erase``: what is tagged goes, the picture behind it is invented."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from retouchd.errors import StepError
from retouchd.media.grain import add_grain
from retouchd.media.motion.borrow import borrow
from retouchd.media.motion.sight import Seen, Window, sight_of
from retouchd.media.motion.window import frames_held, windows
from retouchd.media.patch import Mask, blend_in, rasterise
from retouchd.media.pixels import Pixels, from_array, to_array
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
        if not self._wanted(picture):
            return picture
        pixels = to_array(picture.image)
        hole = self._hole(picture)
        known = pixels[:, :, :3], np.zeros_like(hole)
        after = self._erased(picture, pixels, hole, known, tools)
        if np.array_equal(to_array(after.image), pixels):
            raise _nothing_changed(self._wanted(picture))
        return after

    def over(self, frames: Iterable[Picture], tools: Tools) -> Iterator[Picture]:
        """Erase from frames that follow one another in a shot.

        What other frames show of a hidden area is taken from them, where they agree
        and what surrounds it fits; the model invents the rest. A frame in which
        nothing changes is none to complain about: it may be black.

        Raises:
            ModelError: see ``apply``.
        """
        seen = tools.each(self._look, frames)
        return tools.each(self._reveal, windows(seen, tools.carried))

    def frames_held(self, width: int, height: int) -> int:
        """Return how many there are in a window."""
        return frames_held(width, height)

    def _look(self, picture: Picture, _: Tools) -> Seen:
        return sight_of(picture, self._hole(picture))

    def _reveal(self, window: Window, tools: Tools) -> Picture:
        picture, hole = window.now.picture, window.now.hidden
        if not self._wanted(picture):
            return picture
        pixels = to_array(picture.image)
        known = borrow(pixels[:, :, :3], window)
        return self._erased(picture, pixels, hole, known, tools)

    def _erased(
        self,
        picture: Picture,
        pixels: Pixels,
        hole: Mask,
        known: tuple[Pixels, Mask],
        tools: Tools,
    ) -> Picture:
        """Return *picture* with its hole filled, and without the tags of it.

        Args:
            picture: the frame.
            pixels: its pixels.
            hole: (H, W), what goes.
            known: (H, W, 3), the colours with what is known of the hole, and (H, W)
                where that is; the model invents the rest.
            tools: for the model; they learn the hole.
        """
        tools.mask = from_array(hole.astype(np.uint8)[:, :, None] * np.uint8(255))
        filled, is_known = known
        unknown = hole & ~is_known
        if unknown.any():
            session = tools.model(self.task, name=self.model, tier=self.tier)
            filled = add_grain(fill_holes(session, filled, unknown), unknown)
        colours = pixels[:, :, :3]
        after = blend_in(colours, filled, hole, min(self.feather, self.grow))
        result: Any = np.dstack([after, pixels[:, :, 3:]])
        wanted = self._wanted(picture)
        kept = tuple(region for region in picture.regions if region not in wanted)
        return replace(picture, image=from_array(result), regions=kept)

    def _hole(self, picture: Picture) -> Mask:
        image = picture.image
        return _drawn(self._wanted(picture), image.width, image.height, self.grow)

    def _wanted(self, picture: Picture) -> tuple[Region, ...]:
        return tuple(one for one in picture.regions if self._matches(one))

    def _matches(self, region: Region) -> bool:
        return any(fnmatchcase(region.label, pattern) for pattern in self.regions)


@lru_cache(maxsize=2)
def _drawn(regions: tuple[Region, ...], width: int, height: int, grow: int) -> Mask:
    """Draw a hole, once for all frames that share it."""
    hole = rasterise(regions, width, height, grow)
    hole.setflags(write=False)
    return hole


def _nothing_changed(regions: tuple[Region, ...]) -> StepError:
    labels = ", ".join(sorted({region.label for region in regions}))
    return StepError(
        f"erasing {labels} changes no pixel",
        hint="the region lies outside the picture, or on an even surface with nothing "
        "on it; correct the tag",
        regions=labels,
    )
