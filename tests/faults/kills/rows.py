"""How a verdict reads in the table of figures."""

from __future__ import annotations

from auditor import Verdict


def counts(verdict: Verdict) -> dict[str, int]:
    """Return how many inputs ended how."""
    return {
        "right": verdict.right,
        "failed": verdict.failed,
        "lost": len(verdict.lost),
        "duplicated": len(verdict.duplicated),
        "half": len(verdict.half),
    }
