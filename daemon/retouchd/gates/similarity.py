"""``similarity``: the result is not what was delivered before."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from retouchd.gate import Attempt, Gate
from retouchd.media.fingerprint import fingerprint_of
from retouchd.values import GateRun

_UNLIKE = 64


class Similarity(Gate):
    """Compare the result with all earlier deliveries.

    Without a ledger, as in ``retouchd try``, there is nothing to compare with.

    Attributes:
        max_distance: bits of 64 by which a duplicate may differ.
        among: deliveries of this hot folder, or of all.
    """

    max_distance: int = Field(default=6, ge=0, le=16)
    among: Literal["hot_folder", "all"] = "hot_folder"

    def judge(self, attempt: Attempt) -> GateRun:
        """Report the distance to the delivery that looks most alike, 64: none does.

        No step is blamed: editing the same picture again makes no other one of it.
        """
        earlier = attempt.earlier
        found = earlier and earlier.file.nearest(
            fingerprint_of(attempt.after),
            self.max_distance,
            earlier.hot_folder if self.among == "hot_folder" else None,
            own=earlier.job,
        )
        detail = (
            f"looks like {found.name}, which was delivered as job {found.job}"
            if found
            else ""
        )
        return GateRun(
            "similarity",
            found.distance if found else _UNLIKE,
            "bits",
            self.max_distance,
            passed=not found,
            detail=detail,
        )
