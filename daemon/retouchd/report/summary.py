"""Everything one report says: its lines, its figures, and the alternatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from retouchd.ledger.database import Database
from retouchd.ledger.lines import Grouping, Line, Report
from retouchd.ledger.price_history import price_history, versions_for
from retouchd.ledger.prices import Price, PriceBook, book_at
from retouchd.ledger.reports import report
from retouchd.ledger.units import EXACT, written
from retouchd.report.alternatives import Comparison, assumptions, compare
from retouchd.report.wording import decimals, duration, money, percent


@dataclass(frozen=True)
class Summary:
    """A report with what belongs to it.

    Attributes:
        report: grouped as the asker wanted.
        days: the lines of the same report by day.
        comparison: the alternatives.
        prices: every version of the prices of what was charged.
        made_at: when it was made, as text.
    """

    report: Report
    days: Sequence[Line]
    comparison: Comparison
    prices: Sequence[Price]
    made_at: str


@dataclass(frozen=True)
class Question:
    """What somebody asks a report for; see ``reports.report``.

    Attributes:
        assumed: assumptions to change, by name, with their values as text.
    """

    by: Grouping = "hot_folder"
    since: str | None = None
    until: str | None = None
    prices: PriceBook | None = None
    at: str | None = None
    assumed: Mapping[str, str] = field(default_factory=dict)


def summarise(database: Database, asked: Question, now: str) -> Summary:
    """Answer *asked*.

    Args:
        database: the ledger; only read.
        asked: what is wanted.
        now: time as text, for the prices of the alternatives.

    Raises:
        ConfigError: an assumption is unknown or no number.
        LedgerError: the ledger cannot be read.
    """
    assumed = assumptions(asked.assumed)
    made = report(
        database,
        asked.by,
        asked.since,
        asked.prices,
        until=asked.until,
        at=asked.at,
        beside=("step", "day"),
    )
    history = price_history(database)
    comparison = compare(made, made.beside["step"], book_at(history, now), assumed)
    prices = versions_for(history, made.total.charges)
    return Summary(made, made.beside["day"], comparison, prices, now)


@dataclass(frozen=True)
class Figure:
    """One figure about all jobs of a report.

    Attributes:
        key: its name in JSON.
        name: for people.
        value: exact; money as decimal text; ``None``: there is none.
        text: as people read it.
    """

    key: str
    name: str
    value: str | float | int | None
    text: str


def people_seconds(line: Line) -> float:
    """Return the seconds that people gave, told or estimated."""
    return line.people_given_s + line.people_estimated_s


def people_each(line: Line) -> float | None:
    """Return the seconds of people for each approved asset."""
    return people_seconds(line) / line.approved if line.approved else None


def people_share(line: Line) -> float | None:
    """Return the share 0..1 of the cost that is people's time."""
    return float(line.costs["people"] / line.total) if line.total else None


def idle_money(report: Report) -> Decimal:
    """Return what was booked on no job."""
    total = Decimal(0)
    for amount in report.idle.values():
        total = EXACT.add(total, amount)
    return total


def figures(report: Report) -> list[Figure]:
    """Return the figures of all jobs, the most important first."""
    return [*_money(report), *_quality(report.total), *_speed(report)]


def _money(report: Report) -> list[Figure]:
    line, currency = report.total, report.currency

    def amount(key: str, name: str, value: Decimal | None) -> Figure:
        exact = None if value is None else written(value)
        return Figure(key, name, exact, money(value, currency))

    rows = [
        amount("per_approved", "cost per approved asset", line.per_approved),
        amount("per_delivered", "cost per delivered asset", line.per_delivered),
    ]
    if line.repriced is not None:
        other = line.repriced_per_approved
        rows.append(
            amount("repriced_per_approved", "per approved asset, re-priced", other)
        )
    if line.clip_s:
        each_second = line.per_clip_second
        rows += [
            amount("per_clip_second", "cost per second of video", each_second),
            Figure("clip_s", "video", line.clip_s, duration(line.clip_s)),
        ]
    share = people_share(line)
    seconds = people_seconds(line)
    each = people_each(line)
    return [
        *rows,
        Figure("people_share", "of the cost, people's time", share, percent(share)),
        Figure("people_s", "people's time", seconds, duration(seconds)),
        Figure(
            "people_s_per_approved", "for each approved asset", each, duration(each)
        ),
        Figure(
            "people_estimated_s",
            "of people's time, estimated",
            line.people_estimated_s,
            duration(line.people_estimated_s),
        ),
        amount("idle", "machines while no job ran", idle_money(report)),
    ]


def _quality(line: Line) -> list[Figure]:
    return [
        Figure(
            "first_pass_yield",
            "first-pass yield",
            line.first_pass_yield,
            percent(line.first_pass_yield),
        ),
        Figure(
            "plain_yield",
            "first-pass yield without escalation",
            line.plain_yield,
            percent(line.plain_yield),
        ),
        Figure(
            "escalation_share",
            "attempts that escalated",
            line.escalation_share,
            percent(line.escalation_share),
        ),
    ]


def _speed(report: Report) -> list[Figure]:
    line = report.total
    spans = (
        ("first_edit_p50", "arrival to first edit, half of all", line.first_edit_p50),
        ("first_edit_p95", "arrival to first edit, 95 %", line.first_edit_p95),
        ("seconds_p50", "arrival to delivery, half of all", line.seconds_p50),
        ("seconds_p95", "arrival to delivery, 95 %", line.seconds_p95),
    )
    return [
        *(Figure(key, name, value, duration(value)) for key, name, value in spans),
        Figure(
            "files_per_hour",
            "files an hour",
            line.files_per_hour,
            decimals(line.files_per_hour),
        ),
        Figure(
            "cpu_utilisation",
            f"processor use, of {report.cores} cores",
            line.cpu_utilisation,
            percent(line.cpu_utilisation),
        ),
        Figure(
            "gpu_utilisation",
            f"GPU use, of {report.gpus} devices",
            line.gpu_utilisation,
            percent(line.gpu_utilisation),
        ),
    ]
