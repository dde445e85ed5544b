"""``dimensions``: the result has the size, shape and form that was promised."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from retouchd.gate import Attempt, Gate
from retouchd.inspect.magic import HEAD_BYTES, format_of
from retouchd.media.colour import is_srgb
from retouchd.media.framing import Aspect, ratio
from retouchd.media.still import open_image
from retouchd.values import GateRun, Rendition

_CLIPS = {"mov", "matroska"}


class Dimensions(Gate):
    """Check the pixels of the result, and the files that were written of it.

    Attributes:
        min_long_edge, max_long_edge: bounds of the longer edge, in pixels.
        width, height: exact edges, in pixels.
        aspect: width to height; met when an edge is less than a pixel off.
        max_mb: how large each file may be, in millions of bytes.
        formats: what each file may be, by content: ``jpeg``, ``png``, ``mov`` ...
        profile: ``srgb``: each still must carry the sRGB profile, or none.
    """

    min_long_edge: int | None = Field(default=None, ge=1)
    max_long_edge: int | None = Field(default=None, ge=1)
    width: int | None = Field(default=None, ge=1)
    height: int | None = Field(default=None, ge=1)
    aspect: Aspect | None = None
    max_mb: float | None = Field(default=None, gt=0)
    formats: tuple[
        Literal["jpeg", "png", "tiff", "webp", "avif", "mov", "matroska"], ...
    ] = ()
    profile: Literal["srgb"] | None = None

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
        long_edge = max(image.width, image.height)
        runs = self._checks(image.width, image.height)
        # Where only files are judged there is nothing to object to pixels.
        runs = runs or [_run("long_edge", long_edge, "px", 1, passed=True)]
        return _first(runs)

    def judge_files(self, results: tuple[Rendition, ...]) -> GateRun | None:
        """Report the first file that is too large, or not of the wanted form."""
        runs = [run for made in results for run in self._file_checks(made)]
        return _first(runs) if runs else None

    def _file_checks(self, made: Rendition) -> Iterator[GateRun]:
        if self.max_mb is not None:
            size = made.bytes / 1e6
            passed = size <= self.max_mb
            detail = "" if passed else f"{made.name} has {size:.3g} MB"
            yield GateRun("dimensions", size, "MB", self.max_mb, passed, detail)
        if self.formats:
            found = _format_of(made.stage)
            passed = found in self.formats
            detail = "" if passed else f"{made.name} is {found or 'of no known format'}"
            yield GateRun("dimensions", float(passed), "format", 1, passed, detail)
        if self.profile and _format_of(made.stage) not in _CLIPS:
            passed = _carries_srgb(made.stage)
            detail = "" if passed else f"{made.name} carries another profile than sRGB"
            yield GateRun("dimensions", float(passed), "profile", 1, passed, detail)

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


def _format_of(file: Path) -> str:
    with file.open("rb") as opened:
        return format_of(opened.read(HEAD_BYTES))


def _carries_srgb(file: Path) -> bool:
    """Whether the still *file* is marked as sRGB, or not marked, which means it."""
    image = open_image(file, _format_of(file))
    field = "icc-profile-data"
    return not image.get_typeof(field) or is_srgb(bytes(image.get(field)))


def _first(runs: list[GateRun]) -> GateRun:
    """Return the first verdict that failed, else the first one."""
    return next((run for run in runs if not run.passed), runs[0])


def _run(
    name: str, value: float, unit: str, threshold: float, *, passed: bool
) -> GateRun:
    detail = "" if passed else f"{name} is {value:g}, wanted {threshold:g}"
    return GateRun("dimensions", value, unit, threshold, passed, detail)
