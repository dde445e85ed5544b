"""The one way sizes are written in rules: an edge, both edges, area or factor."""

from __future__ import annotations

import math

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Size(BaseModel):
    """A wanted size, in pixels of the upright picture.

    Exactly one of ``long_edge``, ``short_edge``, ``megapixels``, ``factor``, or
    ``width`` and/or ``height``. Two edges mean 'fit inside'.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    long_edge: int | None = Field(default=None, ge=1, le=100_000)
    short_edge: int | None = Field(default=None, ge=1, le=100_000)
    width: int | None = Field(default=None, ge=1, le=100_000)
    height: int | None = Field(default=None, ge=1, le=100_000)
    megapixels: float | None = Field(default=None, gt=0, le=10_000)
    factor: float | None = Field(default=None, gt=0, le=64)

    @model_validator(mode="after")
    def _one_way_of_saying_it(self) -> Size:
        ways = [self.long_edge, self.short_edge, self.megapixels, self.factor]
        ways.append(self.width or self.height)
        if sum(way is not None for way in ways) > 1:
            raise ValueError(
                "give one of long_edge, short_edge, megapixels, factor, "
                "or width and height"
            )
        return self

    @property
    def is_set(self) -> bool:
        """Whether any size was asked for."""
        sizes = (self.long_edge, self.short_edge, self.width, self.height)
        return any(
            value is not None for value in (*sizes, self.megapixels, self.factor)
        )

    def scale_for(self, width: int, height: int) -> float:
        """Return the factor that brings *width* x *height* pixels to this size."""
        if self.long_edge is not None:
            return self.long_edge / max(width, height)
        if self.short_edge is not None:
            return self.short_edge / min(width, height)
        if self.megapixels is not None:
            return math.sqrt(self.megapixels * 1e6 / (width * height))
        if self.factor is not None:
            return self.factor
        edges = [(self.width, width), (self.height, height)]
        return min((want / have for want, have in edges if want), default=1.0)

    def target(self, width: int, height: int) -> tuple[int, int]:
        """Return the exact size in pixels for a picture of *width* x *height*.

        The edge that was asked for comes out exactly as asked; the other one is
        rounded to the nearest pixel, never below 1.
        """
        scale = self.scale_for(width, height)
        return max(1, round(width * scale)), max(1, round(height * scale))
