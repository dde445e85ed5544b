"""``sharpness``: something in the result is sharp."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from retouchd.gate import Attempt, Gate
from retouchd.media.measures.blur import blur_of
from retouchd.media.measures.planes import luma_of
from retouchd.values import GateRun


class Sharpness(Gate):
    """Judge the sharpest parts of the result; a soft background is no defect.

    Where the picture was enlarged, that step is to blame: a better model invents the
    detail that a larger picture needs. A soft input alone is nobody's fault.

    Attributes:
        max_blur: 0 (razor-sharp) to 1 (blurring it more changes nothing).
    """

    watches: ClassVar[tuple[str, ...]] = ("upscale",)

    max_blur: float = Field(default=0.44, gt=0, le=1)

    def judge(self, attempt: Attempt) -> GateRun:
        """Report the blur; a picture without any detail passes."""
        blur = blur_of(luma_of(attempt.after))
        if blur is None:
            return GateRun("sharpness", 0, "blur", self.max_blur, passed=True)
        passed = blur <= self.max_blur
        detail = "" if passed else "nothing in the result is sharp"
        enlarged = [
            stage.word
            for stage in attempt.stages_of(self.watches)
            if stage.after.megapixels > stage.before.megapixels
        ]
        step = enlarged[-1] if enlarged and not passed else ""
        return GateRun(
            "sharpness", round(blur, 4), "blur", self.max_blur, passed, detail, step
        )
