"""``fidelity``: what was enlarged still shows what the input shows, and no more."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from retouchd.gate import Attempt, Gate, Stage
from retouchd.media.measures.likeness import Likeness, likeness_of
from retouchd.media.measures.planes import luma_of, shrunk
from retouchd.values import GateRun

_WORK_PIXELS = 2_000_000


class Fidelity(Gate):
    """Bring each enlarged picture back to its size before and compare the two.

    Attributes:
        min_psnr: dB over the whole picture.
        min_ssim: likeness of the tile (24 px of the input) that is least alike.
    """

    watches: ClassVar[tuple[str, ...]] = ("upscale", "sharpen")

    min_psnr: float = Field(default=28.0, ge=0, le=60)
    min_ssim: float = Field(default=0.92, ge=0, le=1)

    def judge(self, attempt: Attempt) -> GateRun:
        """Report the stage that is least alike, by tile or as a whole."""
        stages = attempt.stages_of(self.watches)
        if not stages:
            return GateRun("fidelity", 60, "dB", self.min_psnr, passed=True)
        found = [(stage.word, self._compare(stage)) for stage in stages]
        word, worst = min(found, key=lambda each: each[1].worst)
        if worst.worst < self.min_ssim:
            return GateRun(
                "fidelity",
                round(worst.worst, 4),
                "SSIM",
                self.min_ssim,
                passed=False,
                detail="parts of the result show something else than the input",
                step=word,
                regions=worst.where,
            )
        word, weakest = min(found, key=lambda each: each[1].psnr)
        passed = weakest.psnr >= self.min_psnr
        detail = "" if passed else "the result as a whole strays from the input"
        value = round(weakest.psnr, 2)
        return GateRun(
            "fidelity",
            value,
            "dB",
            self.min_psnr,
            passed,
            detail,
            "" if passed else word,
        )

    def _compare(self, stage: Stage) -> Likeness:
        before, after = luma_of(stage.before), luma_of(stage.after)
        height, width = before.shape
        scale = min(1.0, (_WORK_PIXELS / (width * height)) ** 0.5)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        return likeness_of(shrunk(before, *size), shrunk(after, *size), self.min_ssim)
