"""Throughput and cost, grouped; every figure is a sum of rows of the ledger."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal

from retouchd.ledger.database import Database
from retouchd.ledger.lines import SHARED, Grouping, Line, Report
from retouchd.ledger.money import book_money, costs_of, idle_costs, main_currency
from retouchd.ledger.prices import Price, PriceBook, book_at
from retouchd.ledger.sums.groups import PER_JOB, Tallies, add_up
from retouchd.ledger.sums.job_facts import refined_before
from retouchd.ledger.sums.rollups import Rollups, Window
from retouchd.ledger.sums.tallies import COUNTS, Tally, nearest_rank

_MICRO = 1_000_000
_PRICES = (
    f"SELECT {', '.join(field.name for field in fields(Price))} FROM prices "  # noqa: S608
    "ORDER BY provider, item, unit, version"
)


@dataclass(frozen=True)
class _Terms:
    """What every line of one report is measured by.

    Attributes:
        window_s: from the first arrival to the last end of a job.
        prices: for the second figure; ``None``: not asked.
    """

    currency: str
    window_s: float
    cores: int
    gpus: int
    prices: PriceBook | None


def report(  # noqa: PLR0913  (each is one line of what a person asks for)
    db: Database,
    by: Grouping = "hot_folder",
    since: str | None = None,
    prices: PriceBook | None = None,
    *,
    until: str | None = None,
    at: str | None = None,
    cores: int | None = None,
    beside: Collection[Grouping] = (),
) -> Report:
    """Add up the jobs that arrived at or after *since* and before *until*.

    Nothing in the ledger is changed. What is added up once is kept beside it, see
    ``Rollups``.

    Args:
        db: the ledger.
        by: what makes a group.
        since: a time or a date as text, such as ``2026-11-01``; ``None``: all.
        prices: other prices, for a second figure beside the booked one.
        until: likewise; ``None``: up to now.
        at: a time or a date: the prices of the ledger that were in force then, at the
            end of the date, make the second figure.
        cores: CPU cores of the utilisation; ``None``: those of this machine.
        beside: further groupings, for ``Report.beside``.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    window = Window(since or "", until)
    whole = by if by in PER_JOB else PER_JOB[0]  # holds each job once
    timed = {by, *beside, whole}
    wanted = (timed | {*SHARED}) - {"category"}
    with db.snapshot() as query, Rollups.beside(db.path) as rollups:
        tallies = rollups.collect(query, window, wanted, timed)
        carried = add_up(refined_before(query, window.begin, window.end))
        idle = idle_costs(query, window.begin, window.end)
        if at is not None:
            prices = book_at((Price(*row) for row in query(_PRICES, {})), at)
    total = _together(tallies[whole].values())
    before = _together(carried["hot_folder"].values())
    terms = _terms(total, prices, cores)
    lines = {
        name: tuple(
            _line(group, tally, carried[name].get(group, Tally()), terms)
            for group, tally in sorted(tallies[name].items())
        )
        for name in {by, *beside}
    }
    return Report(
        by=by,
        since=since,
        until=until,
        currency=terms.currency,
        lines=lines[by],
        total=_line("total", total, before, terms),
        shares=_shares(tallies, total, terms.currency),
        idle=idle.get(terms.currency, {}),
        window_s=terms.window_s,
        cores=terms.cores,
        gpus=terms.gpus,
        repriced_at=at,
        beside=lines,
    )


def _together(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.add(tally)
    return total


def _terms(total: Tally, prices: PriceBook | None, cores: int | None) -> _Terms:
    return _Terms(
        currency=main_currency(total),
        window_s=_seconds_between(total.begin, total.end),
        cores=cores or len(os.sched_getaffinity(0)),
        gpus=len(total.devices),
        prices=prices,
    )


def _seconds_between(begin: str, end: str) -> float:
    if begin >= end:
        return 0.0
    taken = datetime.fromisoformat(end) - datetime.fromisoformat(begin)
    return taken.total_seconds()


def _shares(
    tallies: Tallies, total: Tally, currency: str
) -> dict[str, dict[str, Decimal]]:
    """Split the booked money by each of ``SHARED``."""
    split = {
        name: {
            group: sum(costs_of(tally, currency).values(), Decimal(0))
            for group, tally in sorted(tallies[name].items())
        }
        for name in SHARED
        if name != "category"
    }
    return {"category": costs_of(total, currency), **split}


def _line(group: str, tally: Tally, before: Tally, terms: _Terms) -> Line:
    line = Line(group)
    _count(line, tally)
    _time(line, tally)
    line.cpu_utilisation = _busy(line.cpu_s, terms.window_s, terms.cores)
    line.gpu_utilisation = _busy(line.gpu_s, terms.window_s, terms.gpus)
    book_money(line, tally, before, terms.currency, terms.prices)
    return line


def _count(line: Line, tally: Tally) -> None:
    counts = dict(zip(COUNTS, tally.counts, strict=True))
    line.megapixels_in = counts.pop("pixels_in") / _MICRO
    line.megapixels_out = counts.pop("pixels_out") / _MICRO
    line.cpu_s = counts.pop("cpu_us") / _MICRO
    line.gpu_s = counts.pop("gpu_us") / _MICRO
    line.clip_s = counts.pop("clip_us") / _MICRO
    line.people_given_s = counts.pop("given_us") / _MICRO
    line.people_estimated_s = counts.pop("estimated_us") / _MICRO
    for name, count in counts.items():
        setattr(line, name, count)


def _time(line: Line, tally: Tally) -> None:
    line.seconds_p50 = nearest_rank(tally.waits, 50)
    line.seconds_p95 = nearest_rank(tally.waits, 95)
    line.first_edit_p50 = nearest_rank(tally.starts, 50)
    line.first_edit_p95 = nearest_rank(tally.starts, 95)
    window = _seconds_between(tally.first, tally.last)
    if window:
        line.files_per_hour = len(tally.waits) * 3600 / window


def _busy(seconds: float, window_s: float, units: int) -> float | None:
    """Return the share 0..1 of *units* x *window_s* that was busy."""
    return seconds / (window_s * units) if window_s and units else None
