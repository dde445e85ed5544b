"""``clipping``: no step drives colours into black or white."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from retouchd.gate import Attempt, Gate, Stage
from retouchd.media.measures.clipping import clipped_share
from retouchd.media.measures.planes import colours_of
from retouchd.values import GateRun


class Clipping(Gate):
    """Compare the clipped share of the picture on either side of each step.

    A white background is no clipping, so steps that set one are not looked at.

    Attributes:
        max_added: share of all pixels, 0..1, that one step may clip.
    """

    watches: ClassVar[tuple[str, ...]] = ("grade", "unify", "upscale", "sharpen")

    max_added: float = Field(default=0.01, gt=0, le=1)

    def judge(self, attempt: Attempt) -> GateRun:
        """Report the step that clips most."""
        stages = attempt.stages_of(self.watches)
        found = [(_added(stage), stage.word) for stage in stages]
        added, word = max(found, default=(0.0, ""))
        passed = added <= self.max_added
        detail = "" if passed else f"{added:.1%} of the picture lost its detail"
        return GateRun(
            "clipping",
            round(added, 5),
            "share",
            self.max_added,
            passed,
            detail,
            "" if passed else word,
        )


def _added(stage: Stage) -> float:
    before, after = colours_of(stage.before), colours_of(stage.after)
    return max(0.0, clipped_share(after) - clipped_share(before))
