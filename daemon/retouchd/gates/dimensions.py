"""``dimensions``: the result has the size and shape that was promised."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from retouchd.gate import Attempt, Gate
from retouchd.media.framing import Aspect, ratio
from retouchd.values import GateRun


class Dimensions(Gate):
    """Check the pixels of the result.

    Attributes:
        min_long_edge, max_long_edge: bounds of the longer edge, in pixels.
        width, height: exact edges, in pixels.
        aspect: width to height; met when an edge is less than a pixel off.
    """

    min_long_edge: int | None = Field(default=None, ge=1)
    max_long_edge: int | None = Field(default=None, ge=1)
    width: int | None = Field(default=None, ge=1)
    height: int | None = Field(default=None, ge=1)
    aspect: Aspect | None = None

    @model_validator(mode="after")
    def _checks_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(
                f"dimensions needs one of {', '.join(type(self).model_fields)}"
            )
        return self

    def judge(self, attempt: Attempt) -> GateRun:
        """Report the first check that fails, or else the first one asked for."""
        image = attempt.after.image
        runs = self._checks(image.width, image.height)
        return next((run for run in runs if not run.passed), runs[0])

    def _checks(self, width: int, height: int) -> list[GateRun]:
        long_edge = max(width, height)
        checks: list[tuple[str, float, float | None, bool]] = [
            (
                "min_long_edge",
                long_edge,
                self.min_long_edge,
                long_edge >= (self.min_long_edge or 0),
            ),
            (
                "max_long_edge",
                long_edge,
                self.max_long_edge,
                long_edge <= (self.max_long_edge or long_edge),
            ),
            ("width", width, self.width, width == self.width),
            ("height", height, self.height, height == self.height),
        ]
        runs = [
            _run(name, value, "px", threshold, passed=passed)
            for name, value, threshold, passed in checks
            if threshold is not None
        ]
        if self.aspect is not None:
            wanted = ratio(self.aspect)
            passed = (
                abs(width - height * wanted) < 1 or abs(height - width / wanted) < 1
            )
            runs.append(_run("aspect", width / height, "w/h", wanted, passed=passed))
        return runs


def _run(
    name: str, value: float, unit: str, threshold: float, *, passed: bool
) -> GateRun:
    detail = "" if passed else f"{name} is {value:g}, wanted {threshold:g}"
    return GateRun("dimensions", value, unit, threshold, passed, detail)
