"""Cost and output over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from retouchd.ledger.lines import Line
from retouchd.ledger.schema.tables import CATEGORIES
from retouchd.ledger.units import EXACT
from retouchd.report.page.charts import Bar, columns
from retouchd.report.page.markup import Safe, section, table
from retouchd.report.summary import Summary
from retouchd.report.wording import money

_MOST_DAYS = 62
"""Days that have a column each; a longer time is shown by months."""


@dataclass(frozen=True)
class _Point:
    """One day or month.

    Attributes:
        name: such as ``2026-11-23`` or ``2026-11``.
        costs: booked money by category.
    """

    name: str
    files: int
    approved: int
    costs: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        return _sum(self.costs.values())

    @property
    def each(self) -> Decimal | None:
        if not self.approved:
            return None
        return EXACT.divide(self.total, Decimal(self.approved))


def about_days(summary: Summary) -> Safe:
    """Show cost and output over time, where there is more than one day."""
    days = {line.group: line for line in summary.days if line.group[:1].isdigit()}
    if len(days) < 2:
        return Safe("")
    is_short = _length(days) <= _MOST_DAYS
    points = _by_day(days) if is_short else _by_month(days)
    unit, currency = "day" if is_short else "month", summary.report.currency
    rows = [
        [
            one.name,
            f"{one.files:,}",
            f"{one.approved:,}",
            money(one.total),
            money(one.each),
        ]
        for one in points
        if one.files
    ]
    return section(
        f"{unit.title()} by {unit}",
        columns(
            f"Booked cost in {currency}, by the {unit} in which jobs ended",
            [Bar(one.name, _sizes(one, 1), money(one.total)) for one in points],
        ),
        columns(
            f"Cost per approved asset in {currency}",
            [
                Bar(one.name, _sizes(one, one.approved), money(one.each))
                for one in points
            ],
        ),
        table(
            f"The same by {unit}",
            [unit, "files", "approved", "cost", "per approved"],
            rows,
        ),
    )


def _sizes(point: _Point, count: int) -> dict[str, float]:
    if not count:
        return {}
    return {name: float(point.costs[name]) / count for name in CATEGORIES}


def _length(days: Iterable[str]) -> int:
    names = sorted(days)
    return (date.fromisoformat(names[-1]) - date.fromisoformat(names[0])).days + 1


def _by_day(days: Mapping[str, Line]) -> list[_Point]:
    """Give each day its place, those without a job too."""
    begin = date.fromisoformat(min(days))
    names = [
        (begin + timedelta(days=number)).isoformat() for number in range(_length(days))
    ]
    return [_point(name, [days[name]] if name in days else []) for name in names]


def _by_month(days: Mapping[str, Line]) -> list[_Point]:
    months: dict[str, list[Line]] = {}
    for name, line in sorted(days.items()):
        months.setdefault(name[:7], []).append(line)
    return [_point(name, lines) for name, lines in months.items()]


def _point(name: str, lines: list[Line]) -> _Point:
    return _Point(
        name,
        sum(line.jobs for line in lines),
        sum(line.approved for line in lines),
        {part: _sum(line.costs[part] for line in lines) for part in CATEGORIES},
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
