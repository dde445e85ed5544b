"""Throughput and cost, grouped; every figure is a sum of rows of the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any, Literal

from retouchd.ledger.database import Database
from retouchd.ledger.prices import PriceBook
from retouchd.ledger.schema import CATEGORIES
from retouchd.ledger.shares import Run, share_out
from retouchd.ledger.units import EXACT
from retouchd.ledger.usage import cost

Grouping = Literal["hot_folder", "rule", "origin", "model", "tier", "step", "day"]

_PER_RUN = ("model", "tier", "step")
_NAMELESS = "-"


@dataclass
class Line:
    """One group of a report, or its total.

    Times in seconds, sizes in megapixels, money as exact decimals. A job that used two
    models counts in both of their lines, but its cost is split between them.

    Attributes:
        waiting: jobs that wait for space, a share or a person.
        files_per_hour: delivered files over the time from the first arrival to the
            last delivery; ``None`` without a delivery.
        seconds_p50, seconds_p95: from arrival to delivery, nearest rank.
        costs: booked money by category.
        unpriced: charges without an amount in the currency of the report.
        repriced: what the same usage costs at other prices; ``None``: not asked.
        repriced_gaps: charges that the other prices do not cover.
    """

    group: str
    jobs: int = 0
    delivered: int = 0
    failed: int = 0
    waiting: int = 0
    megapixels_in: float = 0.0
    megapixels_out: float = 0.0
    files_per_hour: float | None = None
    seconds_p50: float | None = None
    seconds_p95: float | None = None
    cpu_s: float = 0.0
    gpu_s: float = 0.0
    costs: dict[str, Decimal] = field(
        default_factory=lambda: dict.fromkeys(CATEGORIES, Decimal(0))
    )
    unpriced: int = 0
    repriced: Decimal | None = None
    repriced_gaps: int = 0

    @property
    def total(self) -> Decimal:
        """All booked money of the group."""
        with localcontext(EXACT):
            return sum(self.costs.values(), Decimal(0))

    @property
    def per_delivered(self) -> Decimal | None:
        """Booked money for each delivered file, to 12 places."""
        if not self.delivered:
            return None
        return round(self.total / self.delivered, 12)


@dataclass(frozen=True)
class Report:
    """Lines by group, in alphabetical order, and the line of all jobs."""

    by: Grouping
    since: str | None
    currency: str
    lines: tuple[Line, ...]
    total: Line


@dataclass(frozen=True)
class _Job:
    """One job with all that was booked on it."""

    row: dict[str, Any]
    runs: list[Run]
    charges: list[dict[str, Any]]


def report(
    db: Database,
    by: Grouping = "hot_folder",
    since: str | None = None,
    prices: PriceBook | None = None,
) -> Report:
    """Add up the jobs that arrived at or after *since*.

    Args:
        db: the ledger; only read.
        by: what makes a group.
        since: a time or a date as text, such as ``2026-11-01``; ``None``: all.
        prices: other prices, for a second figure beside the booked one.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    jobs = _load(db, since or "")
    currency = _main_currency(jobs)
    parts: dict[str, list[_Job]] = {}
    with localcontext(EXACT):
        for job in jobs:
            for group, part in _parts(job, by):
                parts.setdefault(group, []).append(part)
        lines = [
            _add_up(group, parts[group], by, currency, prices)
            for group in sorted(parts)
        ]
        total = _add_up("total", jobs, "day", currency, prices)
    return Report(by, since, currency, tuple(lines), total)


def _load(db: Database, since: str) -> list[_Job]:
    jobs = [_Job(row, [], []) for row in db.rows(_JOBS, {"since": since})]
    known = {job.row["id"]: job for job in jobs}
    for row in db.rows(_RUNS, {"since": since}):
        known[row.pop("job_id")].runs.append(Run(**row))
    for row in db.rows(_CHARGES, {"since": since}):
        known[row["job_id"]].charges.append(row)
    return jobs


_SINCE = "coalesce(jobs.arrived_at, jobs.claimed_at, '~') >= :since"

# The texts put in are constants of this file.
_JOBS = f"""
SELECT id, hot_folder, rule, origin, state, arrived_at, delivered_at,
    substr(coalesce(delivered_at, finished_at, arrived_at), 1, 10) AS day,
    coalesce(width_in * height_in * max(coalesce(frames, 1), 1), 0) / 1e6
        AS megapixels_in,
    (SELECT coalesce(sum(width * height), 0) / 1e6 FROM deliveries
        WHERE job_id = jobs.id AND delivered_at IS NOT NULL) AS megapixels_out
FROM jobs WHERE {_SINCE} ORDER BY id
"""  # noqa: S608  see above

_RUNS = f"""
SELECT job_id, coalesce(nullif(model, ''), '{_NAMELESS}') AS model,
    coalesce(nullif(step_runs.tier, ''), '{_NAMELESS}') AS tier, step,
    coalesce(device, 'gpu') AS device, coalesce(wall_ms, 0) AS wall_ms,
    coalesce(cpu_s, 0) AS cpu_s, coalesce(gpu_s, 0) AS gpu_s,
    coalesce(joules, 0) AS joules, coalesce(megapixels_in, 0) AS megapixels_in,
    coalesce(megapixels_out, 0) AS megapixels_out
FROM step_runs JOIN jobs ON jobs.id = job_id WHERE {_SINCE} ORDER BY step_runs.id
"""  # noqa: S608  see above

_CHARGES = f"""
SELECT job_id, category, item, measured, measured_unit, amount, currency
FROM job_charges JOIN jobs ON jobs.id = job_id WHERE {_SINCE} ORDER BY job_charges.id
"""  # noqa: S608  see above


def _main_currency(jobs: Iterable[_Job]) -> str:
    """Return the currency of most charges; sums never mix two."""
    counted = Counter(charge["currency"] for job in jobs for charge in job.charges)
    return counted.most_common(1)[0][0] if counted else "USD"


def _parts(job: _Job, by: Grouping) -> list[tuple[str, _Job]]:
    """Cut *job* into its parts by group; most groupings leave it whole."""
    if by not in _PER_RUN:
        return [(job.row[by] or _NAMELESS, job)]
    runs: dict[str, list[Run]] = {}
    for run in job.runs:
        runs.setdefault(getattr(run, by), []).append(run)
    groups = runs or {_NAMELESS: []}
    charges: dict[str, list[dict[str, Any]]] = {group: [] for group in groups}
    for charge in job.charges:
        for group, share in share_out(charge, groups).items():
            charges[group].append(share)
    return [
        (group, _Job(job.row, own, charges[group])) for group, own in groups.items()
    ]


def _add_up(
    group: str,
    jobs: Sequence[_Job],
    by: Grouping,
    currency: str,
    prices: PriceBook | None,
) -> Line:
    line = Line(group, jobs=len(jobs))
    _count(line, jobs)
    _measure(line, jobs, by)
    _time(line, jobs)
    _price(line, jobs, currency)
    if prices is not None:
        _reprice(line, jobs, prices)
    return line


def _count(line: Line, jobs: Iterable[_Job]) -> None:
    states = Counter(job.row["state"] for job in jobs)
    line.delivered = states["delivered"] + states["done"]
    line.failed = states["failed"]
    line.waiting = states["waiting"] + states["held"] + states["review"]


def _measure(line: Line, jobs: Sequence[_Job], by: Grouping) -> None:
    """Add sizes and seconds; a model's megapixels are those that it computed itself."""
    runs = [run for job in jobs for run in job.runs]
    line.cpu_s = round(sum(run.cpu_s for run in runs), 6)
    line.gpu_s = round(sum(run.gpu_s for run in runs), 6)
    if by in _PER_RUN:
        line.megapixels_in = sum(run.megapixels_in for run in runs)
        line.megapixels_out = sum(run.megapixels_out for run in runs)
    else:
        line.megapixels_in = sum(job.row["megapixels_in"] for job in jobs)
        line.megapixels_out = sum(job.row["megapixels_out"] for job in jobs)


def _time(line: Line, jobs: Iterable[_Job]) -> None:
    spans = [
        (_seconds(job.row["arrived_at"]), _seconds(job.row["delivered_at"]))
        for job in jobs
        # A clock that was set back in between leaves no duration that could be told.
        if job.row["arrived_at"]
        and job.row["delivered_at"]
        and job.row["arrived_at"] <= job.row["delivered_at"]
    ]
    if not spans:
        return
    waits = sorted(delivered - arrived for arrived, delivered in spans)
    line.seconds_p50 = _nearest_rank(waits, 50)
    line.seconds_p95 = _nearest_rank(waits, 95)
    window = max(end for _, end in spans) - min(begin for begin, _ in spans)
    if window > 0:
        line.files_per_hour = len(spans) * 3600 / window


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()


def _nearest_rank(ordered: Sequence[float], percent: int) -> float:
    """Return the smallest value that *percent* % of all do not exceed."""
    rank = -(-len(ordered) * percent // 100)
    return round(ordered[rank - 1], 3)


def _price(line: Line, jobs: Iterable[_Job], currency: str) -> None:
    for job in jobs:
        for charge in job.charges:
            if charge["amount"] is None or charge["currency"] != currency:
                line.unpriced += 1
            else:
                line.costs[charge["category"]] += Decimal(charge["amount"])


def _reprice(line: Line, jobs: Iterable[_Job], prices: PriceBook) -> None:
    line.repriced = Decimal(0)
    for job in jobs:
        for charge in job.charges:
            price = prices.find(charge["item"], charge["measured_unit"])
            amount = cost(Decimal(charge["measured"]), price)
            if amount is None:
                line.repriced_gaps += 1
            else:
                line.repriced += amount
