"""Reads the jobs of a stretch of time with all that was booked on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from retouchd.ledger.database import Query
from retouchd.ledger.schema.report_views import APPROVED, MOMENT
from retouchd.ledger.sums.shares import Run
from retouchd.ledger.sums.tallies import Charge, atoms, micro


@dataclass(frozen=True)
class Verdict:
    """One review of a job; *seconds_us* in microseconds."""

    reviewer: str
    verdict: str
    seconds_us: int
    estimated: bool


@dataclass(frozen=True)
class JobFacts:
    """One job with all that was booked on it.

    Attributes:
        row: what ``_JOBS`` selects.
    """

    row: dict[str, Any]
    runs: list[Run] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def clip_us(self) -> int:
        """How long its clip runs, in microseconds; 0: it is none, or nobody knows."""
        return micro(self.row["clip_seconds"])


def jobs_between(query: Query, begin: str, end: str) -> Iterator[JobFacts]:
    """Read the jobs that arrived from *begin* on and before *end*, times as text."""
    condition = f"{MOMENT} >= :begin AND {MOMENT} < :end"
    return _read(query, condition, begin=begin, end=end)


def refined_before(query: Query, begin: str, end: str) -> Iterator[JobFacts]:
    """Read the jobs before *begin* that approved jobs from then to *end* refine."""
    if not begin:
        return iter(())
    found = query(_ANCESTORS, {"begin": begin, "end": end})
    ids = json.dumps([row[0] for row in found])
    return _read(query, "jobs.id IN (SELECT value FROM json_each(:ids))", ids=ids)


# What is put into these queries are fixed texts.
_ANCESTORS = f"""
WITH RECURSIVE chain (id) AS (
    SELECT parent FROM jobs WHERE parent IS NOT NULL
        AND {MOMENT} >= :begin AND {MOMENT} < :end AND {APPROVED}
    UNION SELECT parent FROM jobs JOIN chain USING (id) WHERE parent IS NOT NULL
)
SELECT jobs.id FROM jobs JOIN chain USING (id) WHERE {MOMENT} < :begin
"""  # noqa: S608  see above

_JOBS = f"""
SELECT id, hot_folder, rule, origin, kind, clip_seconds, state, parent,
    {APPROVED} AS approved, arrived_at, started_at, delivered_at,
    coalesce(delivered_at, finished_at) AS ended_at,
    substr(coalesce(delivered_at, finished_at, arrived_at), 1, 10) AS day,
    coalesce(width_in * height_in * max(coalesce(frames, 1), 1), 0) AS pixels_in,
    CASE WHEN state IN ('delivered', 'done') THEN (
        SELECT coalesce(sum(width * height), 0) FROM deliveries
        WHERE job_id = jobs.id AND role = 'result' AND delivered_at IS NOT NULL
    ) ELSE 0 END AS pixels_out
FROM jobs WHERE """  # noqa: S608  see above

_RUNS = """
SELECT job_id, coalesce(model, ''), coalesce(step_runs.tier, ''), step,
    coalesce(device, 'gpu'), attempt,
    wall_ms, cpu_s, gpu_s, joules, megapixels_in, megapixels_out,
    coalesce(step_runs.started_at, '')
FROM jobs CROSS JOIN step_runs ON job_id = jobs.id WHERE """

_CHARGES = """
SELECT job_id, category, job_charges.item, measured_unit, unit, job_charges.currency,
    measured, quantity, amount
FROM jobs CROSS JOIN job_charges ON job_id = jobs.id
    CROSS JOIN prices ON prices.id = price_id WHERE """

_VERDICTS = """
SELECT job_id, coalesce(reviewer, ''), verdict, seconds, coalesce(seconds_estimated, 0)
FROM jobs CROSS JOIN reviews ON job_id = jobs.id WHERE """


def _read(query: Query, condition: str, **window: str) -> Iterator[JobFacts]:
    jobs = {row["id"]: JobFacts(dict(row)) for row in query(_JOBS + condition, window)}
    for job, *facts in query(_RUNS + condition, window):
        jobs[job].runs.append(_run(*facts))
    for job, *facts in query(_CHARGES + condition, window):
        jobs[job].charges.append(_charge(*facts))
    for job, reviewer, verdict, seconds, estimated in query(
        _VERDICTS + condition, window
    ):
        seconds_us = micro(seconds)
        made = Verdict(reviewer, verdict, seconds_us, bool(estimated))
        jobs[job].verdicts.append(made)
    yield from jobs.values()


def _run(*facts: Any) -> Run:
    """Make a run of the columns of ``_RUNS``; those with a unit become whole."""
    named, measured, (started_at,) = facts[:5], facts[5:11], facts[11:]
    return Run._make((*named, *map(micro, measured), started_at))


def _charge(*facts: Any) -> Charge:
    *key, measured, quantity, amount = facts
    return Charge(
        key=tuple(key),
        measured=atoms(measured),
        quantity=atoms(quantity),
        amount=None if amount is None else atoms(amount),
    )
