"""The contract of a gate: its thresholds, and one method that judges a result."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from retouchd.values import GateRun, Picture


class Gate(BaseModel):
    """One automatic check of the result; the file it stands in names its word."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def judge(self, before: Picture, after: Picture) -> GateRun:
        """Compare the upright input with the result of the steps."""
        raise NotImplementedError
