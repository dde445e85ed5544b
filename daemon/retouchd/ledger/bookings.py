"""What was booked since a moment, summed row by row as it comes, for metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from retouchd.ledger.database import Database


@dataclass
class StepSums:
    """Totals of one step on one device since the daemon started."""

    runs: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    gpu_s: float = 0.0
    joules: float = 0.0


IDLE = ("idle", "cpu")
"""Step and device under which time on no job is counted."""


@dataclass
class Bookings:
    """Sums of usage and cost that only grow; each row of the ledger is read once.

    Attributes:
        steps: by (step, device); time on no job is the step ``idle``.
        costs: by (category, currency), of jobs and of idle time; rows without a
            price are not in it.
        unpriced: booked rows without a price, by category.
    """

    database: Database
    steps: dict[tuple[str, str], StepSums] = field(default_factory=dict)
    costs: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    unpriced: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._last_step = self._newest("step_runs")
        self._last_charge = self._newest("job_charges")
        self._last_overhead = self._newest("overheads")

    def refresh(self) -> None:
        """Add what was booked since the last call."""
        for row in self.database.rows(
            "SELECT id, step, device, wall_ms, cpu_s, gpu_s, joules FROM step_runs "
            "WHERE id > ? ORDER BY id",
            [self._last_step],
        ):
            self._last_step = row["id"]
            sums = self.steps.setdefault((row["step"], row["device"] or ""), StepSums())
            sums.runs += 1
            sums.wall_s += (row["wall_ms"] or 0.0) / 1000
            sums.cpu_s += row["cpu_s"] or 0.0
            sums.gpu_s += row["gpu_s"] or 0.0
            sums.joules += row["joules"] or 0.0
        for row in self.database.rows(
            "SELECT id, category, currency, amount FROM job_charges "
            "WHERE id > ? ORDER BY id",
            [self._last_charge],
        ):
            self._last_charge = row["id"]
            self._add_charge(row["category"], row["currency"], row["amount"])
        self._add_idle_time()

    def _add_idle_time(self) -> None:
        for row in self.database.rows(
            "SELECT id, category, currency, amount, measured FROM overheads "
            "WHERE id > ? ORDER BY id",
            [self._last_overhead],
        ):
            self._last_overhead = row["id"]
            sums = self.steps.setdefault(IDLE, StepSums())
            if row["category"] == "energy":
                sums.joules += float(row["measured"])
            else:
                sums.cpu_s += float(row["measured"])
            self._add_charge(row["category"], row["currency"], row["amount"])

    def _add_charge(self, category: str, currency: str, amount: str | None) -> None:
        if amount is None:
            self.unpriced[category] += 1
            return
        key = (category, currency)
        self.costs[key] = self.costs.get(key, Decimal(0)) + Decimal(amount)

    def _newest(self, table: str) -> int:
        sql = f"SELECT max(id) AS id FROM {table}"  # noqa: S608  (one of three fixed names)
        return int(self.database.rows(sql)[0]["id"] or 0)


def oldest_arrivals(database: Database) -> dict[str, str]:
    """Return by hot folder when its oldest unfinished job arrived."""
    rows = database.rows(
        "SELECT hot_folder, min(arrived_at) AS at FROM jobs WHERE state IN "
        "('claimed', 'queued', 'running', 'rendered', 'delivered', 'waiting') "
        "GROUP BY hot_folder"
    )
    return {row["hot_folder"]: row["at"] for row in rows if row["at"]}
