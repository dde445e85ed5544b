"""``erase``: what was erased is gone, nothing else changed, and nobody sees where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from retouchd.gate import Attempt, Gate, Stage
from retouchd.media.measures.fill import fill_faults
from retouchd.media.measures.planes import Box, luma_of
from retouchd.media.pixels import to_array
from retouchd.values import GateRun

_Finding = tuple[float, str, float, str, Box]


class Erase(Gate):
    """Look at each area that ``erase`` filled.

    Attributes:
        max_left: correlation of the detail inside before and after.
        max_seam: levels of 255 by which a fill may stand out all along its border.
        max_texture: how many times more or less detail than any side of its surround.
    """

    watches: ClassVar[tuple[str, ...]] = ("erase",)

    max_left: float = Field(default=0.45, gt=0, le=1)
    max_seam: float = Field(default=4.0, gt=0)
    max_texture: float = Field(default=1.25, gt=1)

    def judge(self, attempt: Attempt) -> GateRun:
        """Report pixels changed elsewhere, else the worst area."""
        for stage in attempt.stages_of(self.watches):
            if stage.mask is not None and (strayed := _changed_elsewhere(stage)):
                words = "pixels outside the tagged areas changed"
                return GateRun("erase", strayed, "px", 0, False, words, "erase")  # noqa: FBT003  (passed)
        findings = [
            finding
            for stage in attempt.stages_of(self.watches)
            for finding in self._findings(stage)
        ]
        if not findings:
            return GateRun("erase", 0, "levels", self.max_seam, passed=True)
        value, unit, most, words, _ = max(findings, key=lambda one: one[0] / one[2])
        bad = [one for one in findings if one[0] > one[2]]
        return GateRun(
            "erase",
            round(value, 4),
            unit,
            most,
            passed=not bad,
            detail=words if bad else "",
            step="erase" if bad else "",
            regions=tuple(dict.fromkeys(one[4] for one in bad)),
        )

    def _findings(self, stage: Stage) -> Iterator[_Finding]:
        if stage.mask is None:
            return
        mask = to_array(stage.mask)[:, :, 0]
        for found in fill_faults(luma_of(stage.before), luma_of(stage.after), mask):
            left, seam, texture = self.max_left, self.max_seam, self.max_texture
            yield found.left, "left", left, "the erased thing still shows", found.box
            yield found.seam, "levels", seam, "the border of the fill shows", found.box
            words = "the fill has another texture than its surround"
            yield found.texture, "texture", texture, words, found.box


def _changed_elsewhere(stage: Stage) -> int:
    """Count pixels outside the mask that are not the same to the byte."""
    assert stage.mask is not None  # noqa: S101  (checked by the caller)
    differs = stage.before.image != stage.after.image
    outside = stage.mask == 0
    both = differs.bandor() & outside
    changed: int = round(both.avg() / 255 * both.width * both.height)
    return changed
