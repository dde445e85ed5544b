"""``noise``: calm areas of the result are calm."""

from __future__ import annotations

from pydantic import Field

from retouchd.gate import Attempt, Gate
from retouchd.media.measures.noise import noise_of
from retouchd.media.measures.planes import luma_of
from retouchd.values import GateRun


class Noise(Gate):
    """Judge the noise of the result, grain that a step adds included.

    Attributes:
        max_sigma: standard deviation in levels of 255.
    """

    max_sigma: float = Field(default=4.0, gt=0, le=64)

    def judge(self, attempt: Attempt) -> GateRun:
        """Report the noise; a picture that is all black or white passes."""
        sigma = noise_of(luma_of(attempt.after)) or 0.0
        passed = sigma <= self.max_sigma
        detail = "" if passed else "even the calmest areas of the result are noisy"
        return GateRun(
            "noise", round(sigma, 3), "levels", self.max_sigma, passed, detail
        )
