"""``remove_background``: cut the subject out and set it before another background."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from retouchd.errors import StepError
from retouchd.inspect.kind import Limits, examine
from retouchd.media.backdrop import centred, on_background, on_nothing, shadow_of
from retouchd.media.colour import Colour, levels, to_depth
from retouchd.media.framing import reframed
from retouchd.media.matte import Cutout, cut_out
from retouchd.media.pixels import Pixels, from_array, to_array
from retouchd.media.still import decode
from retouchd.models.matting import estimate_matte
from retouchd.step import ModelStep, RuleFile, Tools
from retouchd.values import Picture, Task

Background = Annotated[
    Literal["transparent"] | Colour | RuleFile, Field(union_mode="left_to_right")
]
"""``transparent``, a colour, or a picture, its path relative to the rule."""


class RemoveBackground(ModelStep):
    """Cut the subject out.

    Attributes:
        background: what comes behind it; a picture is scaled to cover the frame.
        shadow: ``keep`` carries the shadow over, from a background of one colour.
        centre: cut the frame down to the subject and set it into the middle.
        empty: what becomes of a picture in which the model finds no subject: ``fail``,
            or ``keep`` it as it is, with a note in the job's story.
        margin: with *centre*, space on each side, as share of the subject's longer
            edge.
    """

    task: ClassVar[Task] = "matte"
    source_type: ClassVar[str] = "algorithmicallyEnhanced"

    background: Background = "transparent"
    shadow: Literal["none", "keep"] = "none"
    empty: Literal["fail", "keep"] = "fail"
    centre: bool = False
    margin: float = Field(default=0.05, ge=0, le=0.5)

    def apply(self, picture: Picture, tools: Tools) -> Picture:
        """Return the subject before its new background.

        RGBA where that is transparent, RGB otherwise; the depth stays.

        Raises:
            StepError: the model finds no subject, and *empty* is ``fail``.
            ModelError: the model is missing or fails.
            InputError: the background picture cannot be read.
        """
        pixels = to_array(picture.image)
        cutout = self._cut_out(pixels, tools)
        tools.mask = from_array(cutout.alpha[:, :, None])
        if not (cutout.alpha > np.iinfo(cutout.alpha.dtype).max // 2).any():
            return self._without_subject(picture, tools)
        left, top = 0, 0
        if self.centre:
            cutout, left, top = centred(cutout, self.margin)
        image = from_array(self._composed(cutout))
        return reframed(picture, image, left, top)

    def _without_subject(self, picture: Picture, tools: Tools) -> Picture:
        name = tools.used[-1].manifest.name
        if self.empty == "keep":
            tools.notes.append(f"{name} finds no subject: the background stays")
            return picture
        raise StepError(
            f"{name} finds no subject",
            hint="keep this picture away from the rule, name another model, or let "
            "the rule say empty: keep",
        )

    def _cut_out(self, pixels: Pixels, tools: Tools) -> Cutout:
        colours = np.ascontiguousarray(pixels[:, :, :3])
        session = tools.model(self.task, name=self.model, tier=self.tier)
        cutout = cut_out(colours, estimate_matte(session, colours))
        if pixels.shape[2] == 4:
            cutout = replace(cutout, alpha=np.minimum(cutout.alpha, pixels[:, :, 3]))
        if self.shadow == "none":
            return cutout
        shadow = shadow_of(colours, cutout.alpha)
        if shadow is None:
            tools.notes.append("the shadow is left out: the background has a pattern")
        return replace(cutout, shadow=shadow)

    def _composed(self, cutout: Cutout) -> Pixels:
        if self.background == "transparent":
            return on_nothing(cutout)
        depth = 16 if cutout.alpha.dtype == np.uint16 else 8
        if isinstance(self.background, Path):
            height, width = cutout.alpha.shape
            return on_background(cutout, _cover(self.background, width, height, depth))
        colour = np.array(levels(self.background, depth), cutout.alpha.dtype)
        return on_background(cutout, colour[None, None])


def _cover(path: Path, width: int, height: int, depth: int) -> Pixels:
    """Read a background and scale it to cover *width* x *height*, its middle kept."""
    backdrop = decode(path, examine(path, Limits()).header).image
    if backdrop.bands == 4:
        backdrop = backdrop.flatten(background=levels("#ffffff", depth))
    covering = backdrop.thumbnail_image(width, height=height, crop="centre")
    return to_array(to_depth(covering, depth))
