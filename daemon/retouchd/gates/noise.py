"""``noise``: calm areas of the result are calm."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from retouchd.gate import Attempt, Gate, Stage
from retouchd.media.measures.noise import noise_of
from retouchd.media.measures.planes import luma_of
from retouchd.values import GateRun, Picture

_LEAST_ADDED = 0.5


class Noise(Gate):
    """Judge the noise of the result, grain that a step adds included.

    The step that added most of it is to blame; noise of the input is nobody's fault.

    Attributes:
        max_sigma: standard deviation in levels of 255.
    """

    watches: ClassVar[tuple[str, ...]] = ("upscale", "sharpen", "grade")

    max_sigma: float = Field(default=4.0, gt=0, le=64)

    def judge(self, attempt: Attempt) -> GateRun:
        """Report the noise; a picture that is all black or white passes."""
        sigma = _noise(attempt.after)
        passed = sigma <= self.max_sigma
        detail = "" if passed else "even the calmest areas of the result are noisy"
        return GateRun(
            "noise",
            round(sigma, 3),
            "levels",
            self.max_sigma,
            passed,
            detail,
            step="" if passed else _blamed(attempt.stages_of(self.watches)),
        )


def _blamed(stages: tuple[Stage, ...]) -> str:
    """Return the step that added most noise; empty: none added any to speak of."""
    added = [
        (_noise(stage.after) - _noise(stage.before), stage.word) for stage in stages
    ]
    most, word = max(added, default=(0.0, ""))
    return word if most >= _LEAST_ADDED else ""


def _noise(picture: Picture) -> float:
    return noise_of(luma_of(picture)) or 0.0
