"""What steps were seen to use at each tier, for a guess at another tier."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from retouchd.ledger.database import Database
from retouchd.ledger.schema.report_views import MOMENT
from retouchd.ledger.units import EXACT

Resource = tuple[str, str, str]
"""Category, item and base unit, as charges have them."""


@dataclass(frozen=True)
class StepUsage:
    """All runs of one step at one tier.

    Attributes:
        megapixels: sum over the runs, of the larger of what they took and gave.
        used: sums in base units.
    """

    runs: int
    megapixels: Decimal
    used: Mapping[Resource, Decimal]

    def for_megapixels(self, megapixels: Decimal) -> dict[Resource, Decimal]:
        """Return what *megapixels* would have used at this rate."""
        rate = EXACT.divide(megapixels, self.megapixels)
        return {name: EXACT.multiply(sum_, rate) for name, sum_ in self.used.items()}


def usage_by_step(
    database: Database, tier: str, since: str = ""
) -> dict[str, StepUsage]:
    """Add up what the models of each step used at *tier*.

    Args:
        database: the ledger; only read.
        tier: ``draft``, ``standard`` or ``hero``.
        since: first arrival that counts, as text; empty: the whole ledger.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    runs: dict[str, int] = defaultdict(int)
    megapixels: dict[str, Decimal] = defaultdict(Decimal)
    used: dict[str, dict[Resource, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    runs_of = _LATE_RUNS if since else "step_runs"
    sql = _SUMS.format(runs=runs_of)
    for row in database.rows(sql, {"tier": tier, "since": since}):
        step = row["step"]
        runs[step] += row["runs"]
        megapixels[step] += _exact(row["megapixels"])
        for resource, amount in (
            (("compute", "cpu_core", "cpu_second"), row["cpu_s"]),
            (("compute", row["device"], "gpu_second"), row["gpu_s"]),
            (("energy", "electricity", "joule"), row["joules"]),
        ):
            if amount:
                used[step][resource] += _exact(amount)
    return {
        step: StepUsage(runs[step], megapixels[step], used[step])
        for step in runs
        if megapixels[step]
    }


def _exact(amount: float) -> Decimal:
    # Usage is stored to the millionth; what a float's sum adds below is noise.
    return Decimal(repr(round(amount, 6)))


_SUMS = """
SELECT step, coalesce(device, 'gpu') AS device, count(*) AS runs,
    sum(max(coalesce(megapixels_in, 0), coalesce(megapixels_out, 0))) AS megapixels,
    sum(cpu_s) AS cpu_s, sum(gpu_s) AS gpu_s, sum(joules) AS joules
FROM {runs} WHERE step_runs.tier = :tier AND model <> ''
GROUP BY step, device
"""

_LATE_RUNS = f"jobs CROSS JOIN step_runs ON job_id = jobs.id AND {MOMENT} >= :since"
