"""``geometry``: what the picture shows keeps its proportions and its parts."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from retouchd.gate import Attempt, Gate, Stage
from retouchd.media.measures.geometry import Shape, shape_by_features
from retouchd.media.measures.planes import Box, Greys, greys_of
from retouchd.media.measures.silhouette import shape_by_silhouette
from retouchd.media.pixels import to_array
from retouchd.values import GateRun

_Finding = tuple[float, str, float, str, tuple[Box, ...]]


class Geometry(Gate):
    """Compare the shape of the picture on either side of each step.

    Crops, borders, another size and another backdrop are no change of shape. After
    ``remove_background`` the subject that it found is what counts.

    Attributes:
        max_stretch: share by which one direction may become longer than another.
        max_degrees: by which the picture may be turned.
        max_warp: shift of an area within the picture, as share of the long edge.
        max_parts: largest part that came or went, as share of the area.
    """

    watches: ClassVar[tuple[str, ...]] = (
        *("upscale", "remove_background", "sharpen"),
        *("resize", "crop", "pad"),
    )

    max_stretch: float = Field(default=0.02, gt=0, le=1)
    max_degrees: float = Field(default=0.7, gt=0, le=180)
    max_warp: float = Field(default=0.007, gt=0, le=1)
    max_parts: float = Field(default=0.002, gt=0, le=1)

    def judge(self, attempt: Attempt) -> GateRun:
        """Report the worst change; a picture too plain to be compared passes."""
        worst: _Finding = (0.0, "share", self.max_stretch, "", ())
        blamed = ""
        for stage in attempt.stages_of(self.watches):
            for one in self._findings(stage):
                if one[0] / one[2] > worst[0] / worst[2]:
                    worst, blamed = one, stage.word
        value, unit, limit, words, where = worst
        passed = value <= limit
        return GateRun(
            "geometry",
            round(value, 5),
            unit,
            limit,
            passed,
            detail="" if passed else words,
            step="" if passed else blamed,
            regions=() if passed else where,
        )

    def _findings(self, stage: Stage) -> list[_Finding]:
        shape = _shape_of(stage)
        if shape is None:
            return []
        return [
            (
                shape.stretch,
                "stretch",
                self.max_stretch,
                f"it is {shape.stretch:.1%} longer in one direction than it was",
                (),
            ),
            (
                shape.degrees,
                "degrees",
                self.max_degrees,
                "it is mirrored"
                if shape.degrees == 180
                else f"it is turned by {shape.degrees:.1f} degrees",
                (),
            ),
            (
                shape.warp,
                "warp",
                self.max_warp,
                "a part of it is bent or moved",
                (shape.warp_box,),
            ),
            (
                shape.parts,
                "parts",
                self.max_parts,
                "a part of it vanished, or something grew",
                (shape.parts_box,),
            ),
        ]


def _shape_of(stage: Stage) -> Shape | None:
    if stage.after is stage.before:
        return None
    before, after = greys_of(stage.before), greys_of(stage.after)
    subject = None if stage.mask is None else _subject(stage)
    return shape_by_features(before, after, subject) or shape_by_silhouette(
        before, after, subject
    )


def _subject(stage: Stage) -> Greys:
    """Return what ``remove_background`` found, 0..255."""
    mask = to_array(stage.mask)[:, :, 0]
    levels = mask if mask.dtype == np.uint8 else mask // 257
    return np.asarray(levels, np.uint8)
