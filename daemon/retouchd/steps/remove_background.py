"""``remove_background``: cut the subject out and set it before another background."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from retouchd.errors import StepError
from retouchd.inspect.kind import Limits, examine
from retouchd.media.backdrop import centred, on_background, on_nothing, shadow_of
from retouchd.media.colour import Colour, levels, to_depth
from retouchd.media.framing import reframed
from retouchd.media.matte import Cutout, Floats, own_colours, refined
from retouchd.media.motion.dense import Levels, Motion, motion_between, small_frame
from retouchd.media.motion.steady import steadied
from retouchd.media.pixels import Pixels, from_array, to_array
from retouchd.media.still import decode
from retouchd.models.matting import estimate_matte
from retouchd.step import ModelStep, RuleFile, Tools
from retouchd.values import Picture, Task

Background = Annotated[
    Literal["transparent"] | Colour | RuleFile, Field(union_mode="left_to_right")
]
"""``transparent``, a colour, or a picture, its path relative to the rule."""


@dataclass(frozen=True)
class _Seen:
    """What a frame shows of the subject.

    Attributes:
        planes: ``alpha``, and ``shadow`` if asked for; (H, W), 0 to the peak.
        is_empty: whether the model finds no subject.
        small: the frame, to be compared with the next one.
        motion: from the frame before; ``None``: there is none in this shot.
    """

    picture: Picture
    planes: dict[str, Pixels]
    is_empty: bool
    small: Levels
    motion: Motion | None = None


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
        alpha = self._alpha(pixels, tools)
        tools.mask = from_array(alpha[:, :, None])
        if not _shows_something(alpha):
            return self._without_subject(picture, tools)
        cutout = own_colours(_colours(pixels), alpha)
        cutout = replace(cutout, shadow=self._shadow(pixels, alpha, tools))
        left, top = 0, 0
        if self.centre:
            cutout, left, top = centred(cutout, self.margin)
        image = from_array(self._composed(cutout))
        return reframed(picture, image, left, top)

    def over(self, frames: Iterable[Picture], tools: Tools) -> Iterator[Picture]:
        """Cut the subject out of frames that follow one another in a shot.

        Alpha and shadow are averaged over time where nothing moves or changes; what
        moves takes them along. Colours of the edge follow from that alpha.

        Raises:
            StepError: the subject is to be centred, or see ``apply``.
            ModelError, InputError: see ``apply``.
        """
        if self.centre:
            raise StepError(
                "with centre a clip would jump: each frame would be cut differently",
                hint="leave centre out of the rule for clips; the step crop cuts all "
                "frames alike",
            )
        seen = _beside_the_last(tools.each(self._look, frames), tools)
        return tools.each(self._finish, _steady(tools.each(_compare, seen), tools))

    def _look(self, picture: Picture, tools: Tools) -> _Seen:
        pixels = to_array(picture.image)
        alpha = self._alpha(pixels, tools)
        is_empty = not _shows_something(alpha)
        if is_empty:
            self._without_subject(picture, tools)
        planes = {"alpha": alpha}
        if self.shadow == "keep":
            shadow = self._shadow(pixels, alpha, tools)
            planes["shadow"] = _stored(shadow, alpha)
        return _Seen(picture, planes, is_empty, small_frame(pixels))

    def _finish(self, seen: _Seen, tools: Tools) -> Picture:
        pixels = to_array(seen.picture.image)
        alpha = _limited(seen.planes["alpha"], pixels)
        tools.mask = from_array(alpha[:, :, None])
        if seen.is_empty:
            return seen.picture
        cutout = own_colours(_colours(pixels), alpha)
        if self.shadow == "keep":
            light = seen.planes["shadow"] / np.float32(np.iinfo(alpha.dtype).max)
            cutout = replace(cutout, shadow=np.asarray(light, np.float32))
        return seen.picture.with_image(from_array(self._composed(cutout)))

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

    def _alpha(self, pixels: Pixels, tools: Tools) -> Pixels:
        colours = _colours(pixels)
        session = tools.model(self.task, name=self.model, tier=self.tier)
        return _limited(refined(colours, estimate_matte(session, colours)), pixels)

    def _shadow(self, pixels: Pixels, alpha: Pixels, tools: Tools) -> Floats | None:
        if self.shadow == "none":
            return None
        shadow = shadow_of(_colours(pixels), alpha)
        if shadow is None:
            tools.notes.append("the shadow is left out: the background has a pattern")
        return shadow

    def _composed(self, cutout: Cutout) -> Pixels:
        if self.background == "transparent":
            return on_nothing(cutout)
        depth = 16 if cutout.alpha.dtype == np.uint16 else 8
        if isinstance(self.background, Path):
            height, width = cutout.alpha.shape
            return on_background(cutout, _cover(self.background, width, height, depth))
        colour = np.array(levels(self.background, depth), cutout.alpha.dtype)
        return on_background(cutout, colour[None, None])


def _colours(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[:, :, :3])


def _limited(alpha: Pixels, pixels: Pixels) -> Pixels:
    """Return *alpha*, nowhere above the opacity that *pixels* have."""
    return np.minimum(alpha, pixels[:, :, 3]) if pixels.shape[2] == 4 else alpha


def _shows_something(alpha: Pixels) -> bool:
    return bool((alpha > np.iinfo(alpha.dtype).max // 2).any())


def _stored(light: Floats | None, alpha: Pixels) -> Pixels:
    """Return a shadow (H, W) in the depth of *alpha*."""
    peak = np.iinfo(alpha.dtype).max
    if light is None:
        return np.full_like(alpha, peak)
    return np.rint(light * peak).astype(alpha.dtype)


def _beside_the_last(
    frames: Iterable[_Seen], tools: Tools
) -> Iterator[tuple[Levels | None, _Seen]]:
    """Lay the small frame before beside each of *frames*."""
    before = tools.carried.get("frame")
    for seen in frames:
        yield before, seen
        before = seen.small


def _compare(pair: tuple[Levels | None, _Seen], _: Tools) -> _Seen:
    before, seen = pair
    if before is None:
        return seen
    return replace(seen, motion=motion_between(before, seen.small))


def _steady(frames: Iterable[_Seen], tools: Tools) -> Iterator[_Seen]:
    """Average the planes over time; what was reached is carried on."""
    for seen in frames:
        planes = seen.planes
        if seen.motion is not None:
            planes = {
                name: steadied(plane, tools.carried[name], seen.motion)
                for name, plane in planes.items()
            }
        tools.carried = {"frame": seen.small, **planes}
        yield replace(seen, planes=planes)


def _cover(path: Path, width: int, height: int, depth: int) -> Pixels:
    """Read a background and scale it to cover *width* x *height*, its middle kept."""
    backdrop = decode(path, examine(path, Limits()).header).image
    if backdrop.bands == 4:
        backdrop = backdrop.flatten(background=levels("#ffffff", depth))
    covering = backdrop.thumbnail_image(width, height=height, crop="centre")
    return to_array(to_depth(covering, depth))
