"""``brand_colour``: the colours of the brand stay what they are."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from retouchd.gate import Attempt, Gate
from retouchd.media.colour import Colour, levels
from retouchd.media.measures.brand import colour_shift
from retouchd.values import GateRun

_LEAST_SHARE = 0.0005


class BrandColour(Gate):
    """Find each named colour before a step and measure it again after the step.

    Attributes:
        colours: such as ``"#d4213d"``.
        max_delta_e: CIEDE2000 that the mean of such an area may move; 1 is just
            visible side by side.
        found_within: CIEDE2000 from the named colour up to which an area counts.
    """

    watches: ClassVar[tuple[str, ...]] = ("grade", "unify", "upscale", "erase")

    colours: tuple[Colour, ...] = Field(min_length=1)
    max_delta_e: float = Field(default=2.0, gt=0, le=100)
    found_within: float = Field(default=8.0, gt=0, le=50)

    def judge(self, attempt: Attempt) -> GateRun:
        """Report the colour that moved most; colours that are not there are fine."""
        worst, name, word = 0.0, "", ""
        for stage in attempt.stages_of(self.watches):
            for colour in self.colours:
                red, green, blue = levels(colour, 8)
                share, shift = colour_shift(
                    stage.before, stage.after, (red, green, blue), self.found_within
                )
                if share >= _LEAST_SHARE and shift > worst:
                    worst, name, word = shift, colour, stage.word
        passed = worst <= self.max_delta_e
        detail = "" if passed else f"{name} is not the colour it was"
        return GateRun(
            "brand_colour",
            round(worst, 3),
            "CIEDE2000",
            self.max_delta_e,
            passed,
            detail,
            "" if passed else word,
        )
