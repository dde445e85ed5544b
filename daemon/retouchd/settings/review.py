"""How the time of people who look at results is counted."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_Time = Annotated[float, Field(ge=0, le=86_400)]


class Review(BaseModel):
    """Seconds of a person for each verdict that nobody timed; they are estimates.

    Attributes:
        approve_seconds: for a result that is good.
        reject_seconds: for one that is turned down.
        undo_seconds: for taking a verdict back.
        fix_seconds: for saying what is to be refined, and where.
        idle_seconds: of a look that is measured, no more than this counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    approve_seconds: _Time = 10.0
    reject_seconds: _Time = 20.0
    undo_seconds: _Time = 5.0
    fix_seconds: _Time = 45.0
    idle_seconds: Annotated[float, Field(gt=0, le=86_400)] = 120.0

    def estimate(self, verdict: str) -> float:
        """Return the seconds that a *verdict* takes as a rule."""
        return float(getattr(self, f"{verdict}_seconds"))
