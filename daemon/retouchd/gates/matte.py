"""``matte``: the cut-out is whole, clean and sure of its edge."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from retouchd.gate import Attempt, Gate, Stage
from retouchd.media.measures.cutout import CutoutFaults, faults_of
from retouchd.media.measures.planes import colours_of
from retouchd.media.pixels import to_array
from retouchd.values import GateRun


class Matte(Gate):
    """Look at the opacity that ``remove_background`` found.

    Attributes:
        min_certainty: share of what is visible that must be solid; hair and glass
            want less.
        max_holes: share of the subject that may be missing inside it.
        max_crumbs: share of the subject that loose crumbs may have.
        crumb: a loose piece up to this share of the largest one is a crumb.
        max_cut: share of the frame's border that the subject may touch; 1: any.
    """

    watches: ClassVar[tuple[str, ...]] = ("remove_background",)

    min_certainty: float = Field(default=0.5, ge=0, le=1)
    max_holes: float = Field(default=0.004, ge=0, le=1)
    max_crumbs: float = Field(default=0.004, ge=0, le=1)
    crumb: float = Field(default=0.05, ge=0, le=1)
    max_cut: float = Field(default=1.0, ge=0, le=1)

    def judge(self, attempt: Attempt) -> GateRun:
        """Report the first fault, else how sure the edge is."""
        found = None
        for stage in attempt.stages_of(self.watches):
            found = self._look(stage)
        if found is None:
            return GateRun("matte", 1, "certainty", self.min_certainty, passed=True)
        checks = (
            ("holes", found.holes, self.max_holes, "there are holes in the subject"),
            ("crumbs", found.crumbs, self.max_crumbs, "bits of background are left"),
            ("cut", found.cut, self.max_cut, "the frame cuts the subject"),
        )
        for unit, value, most, words in checks:
            if value > most:
                return self._failed(round(value, 5), unit, most, words, found)
        least = self.min_certainty
        if found.certainty < least:
            words = "much of the edge is neither subject nor background"
            return self._failed(
                round(found.certainty, 4), "certainty", least, words, found
            )
        return GateRun(
            "matte", round(found.certainty, 4), "certainty", least, passed=True
        )

    @staticmethod
    def _failed(
        value: float, unit: str, limit: float, words: str, found: CutoutFaults
    ) -> GateRun:
        return GateRun(
            "matte",
            value,
            unit,
            limit,
            passed=False,
            detail=words,
            step="remove_background",
            regions=found.where,
        )

    def _look(self, stage: Stage) -> CutoutFaults | None:
        if stage.mask is None:
            return None
        mask = to_array(stage.mask)[:, :, 0]
        alpha = mask.astype(np.float32) / np.float32(np.iinfo(mask.dtype).max)
        return faults_of(colours_of(stage.before), alpha, self.crumb)
