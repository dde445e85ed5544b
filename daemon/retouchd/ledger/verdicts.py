"""What one person said about one result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["approve", "reject", "undo", "fix"]
"""``fix``: the result is turned down as it is, and refined."""

FOLDER = "folder"
"""Reviewer of a verdict that somebody gave by moving a file."""


@dataclass(frozen=True)
class Opinion:
    """A verdict with all that is booked of it.

    Attributes:
        reviewer: a name.
        reason: code of a reject reason, or for a fix ``fixed by JOB``.
        note: free words.
        seconds: how long the person looked.
        is_estimated: whether nobody measured that.
    """

    verdict: Verdict
    reviewer: str
    reason: str = ""
    note: str = ""
    seconds: float = 0.0
    is_estimated: bool = True

    def sentence(self) -> str:
        """Say who, why and in what words."""
        parts = (f"by {self.reviewer}", self.reason, self.note)
        return ": ".join(part for part in parts if part)
