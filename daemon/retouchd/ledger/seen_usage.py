"""What models used of late, for jobs that must know before they spend."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a worker carries what is found here, but never opens a ledger
    from retouchd.ledger.database import Database

Key = tuple[str, str, int, int]
"""Model, device, and the classes of the sizes that a step took and gave.

Both sizes: a network may enlarge far past the size that is asked for, so that what it
makes costs more or less by what it began with.
"""

TRIAL = "trial"
"""The step that tells of a network at work on noise, to see what it uses here."""

NEWEST_RUNS = 20_000
"""So many runs of steps are looked at; what lies further back tells of old times."""

_LEAST_MEGAPIXELS = 0.01


@dataclass(frozen=True)
class Use:
    """Quantities: CPU seconds, seconds of the device, joules."""

    cpu_s: float = 0.0
    gpu_s: float = 0.0
    joules: float = 0.0

    def plus(self, other: Use) -> Use:
        """Return both together."""
        return Use(
            self.cpu_s + other.cpu_s,
            self.gpu_s + other.gpu_s,
            self.joules + other.joules,
        )

    def times(self, factor: float) -> Use:
        """Return so many times as much."""
        return Use(self.cpu_s * factor, self.gpu_s * factor, self.joules * factor)


def size_class(megapixels: float) -> int:
    """Return the power of two, in megapixels, that is nearest."""
    return round(math.log2(max(megapixels, _LEAST_MEGAPIXELS)))


def seen_usage(database: Database, newest: int = NEWEST_RUNS) -> dict[Key, Use]:
    """Return what each model used for a megapixel, by device and sizes.

    The mean over the *newest* runs of steps; the larger of what a step took and gave
    counts as its size.
    """
    rows = database.rows(
        "SELECT model, device, cpu_s, gpu_s, joules, megapixels_in, megapixels_out "
        "FROM step_runs "
        "WHERE id > (SELECT max(id) FROM step_runs) - ? AND model <> '' AND step <> ?",
        [newest, TRIAL],
    )
    sums: defaultdict[Key, list[float]] = defaultdict(lambda: [0.0] * 4)
    for row in rows:
        taken, given = row["megapixels_in"] or 0.0, row["megapixels_out"] or 0.0
        total = sums[row["model"], row["device"], size_class(taken), size_class(given)]
        megapixels = max(taken, given, _LEAST_MEGAPIXELS)
        for number, part in enumerate((*_used(row), megapixels)):
            total[number] += part
    return {
        key: Use(*(part / megapixels for part in parts))
        for key, (*parts, megapixels) in sums.items()
    }


def _used(row: dict[str, Any]) -> tuple[float, float, float]:
    return row["cpu_s"] or 0.0, row["gpu_s"] or 0.0, row["joules"] or 0.0
