"""How numbered frames become one drop, and how fast they run."""

from __future__ import annotations

from fractions import Fraction

from pydantic import BaseModel, ConfigDict, Field

_NTSC = Fraction(1000, 1001)


class Sequence(BaseModel):
    """What a rule with ``match: {kind: sequence}`` says of its frames.

    Attributes:
        rate: frames per second; 24 is the cinema's. 23.976, 29.97, 59.94 and 119.88
            stand for the exact 24000/1001 and so on.
        wait: seconds, beyond the settle time, in which no frame may have come or
            changed; an end marker ends the wait.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate: float = Field(default=24, ge=1, le=240)
    wait: float = Field(default=10, ge=0, le=86_400)

    @property
    def frames_per_second(self) -> Fraction:
        """The rate as an exact number."""
        ntsc = round(self.rate) * _NTSC
        if abs(float(ntsc) - self.rate) < 0.001:
            return ntsc
        return Fraction(self.rate).limit_denominator(1000)
