"""Where the money goes, and the prices at which it was booked."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from retouchd.ledger.schema.tables import CATEGORIES
from retouchd.ledger.units import EXACT
from retouchd.report.page.alternatives import written_price
from retouchd.report.page.charts import Bar, bars
from retouchd.report.page.markup import Safe, joined, paragraph, section, table
from retouchd.report.summary import Summary, idle_money
from retouchd.report.wording import money, percent

_MOST = 8
"""Rows of a share; what is smaller is added up in one."""

_TITLES = {
    "origin": ("By origin of the file", "unknown"),
    "step": ("By step", "no step"),
    "model": ("By model", "without a model"),
    "tier": ("By tier", "without a model"),
    "person": ("By person", "not people's time"),
}
"""Of each share: its title, and what is said of what has no name."""


def about_money(summary: Summary) -> Safe:
    """Split the booked money, by category and by what caused it."""
    report = summary.report
    if not report.total.total:
        return section("Where the money goes", paragraph("Nothing was booked."))
    shares = [
        _share(*words, report.shares[name], report.total.total)
        for name, words in _TITLES.items()
        if name in report.shares
    ]
    return section(
        "Where the money goes",
        _by_category(summary),
        Safe(f'<div class="two">{joined(shares)}</div>'),
        *_notes(summary),
    )


def _by_category(summary: Summary) -> Safe:
    report = summary.report
    rows = [
        Bar(
            name,
            {name: float(report.total.costs[name])},
            f"{money(report.total.costs[name])} "
            f"({percent(float(report.total.costs[name] / report.total.total))})",
        )
        for name in CATEGORIES
    ]
    return bars(
        f"All that was booked, {money(report.total.total, report.currency)}", rows
    )


def _share(
    title: str, nameless: str, parts: Mapping[str, Decimal], whole: Decimal
) -> Safe:
    ordered = sorted(parts.items(), key=lambda part: -part[1])
    rest = ordered[_MOST:]
    shown = [(name, amount) for name, amount in ordered[:_MOST] if amount]
    if rest:
        left = Decimal(0)
        for _, amount in rest:
            left = EXACT.add(left, amount)
        shown.append((f"{len(rest)} more", left))
    rows = [
        Bar(
            nameless if name == "-" else name,
            {"all": float(amount)},
            _part(amount, whole),
        )
        for name, amount in shown
    ]
    return bars(title, rows)


def _part(amount: Decimal, whole: Decimal) -> str:
    return f"{money(amount)} ({percent(float(amount / whole))})"


def _notes(summary: Summary) -> list[Safe]:
    report = summary.report
    notes = [
        paragraph(
            "People's time and credits belong to a whole job; among its steps, models "
            "and tiers they are split by running time.",
            "soft",
        )
    ]
    if report.total.unpriced:
        notes.append(
            paragraph(
                f"{report.total.unpriced:,} charges have no price in {report.currency} "
                "and are not in these sums; retouchd prices list shows which."
            )
        )
    if idle := idle_money(report):
        notes.append(
            paragraph(
                f"Beside this {money(idle, report.currency)} were booked on machines "
                "while no job ran; they are in no sum above.",
            )
        )
    if report.total.carried:
        notes.append(
            paragraph(
                f"{money(report.total.carried, report.currency)} more count for the "
                "approved assets: booked before this time, on jobs that they refine.",
            )
        )
    return notes


def about_prices(summary: Summary) -> Safe:
    """List the prices of all that was charged, every version."""
    rows = [
        [
            price.item,
            "unpriced" if price.price is None else written_price(price),
            str(price.version),
            _valid(price.valid_from, price.valid_to),
            price.provider,
            f"{price.source} ({price.confidence})",
        ]
        for price in summary.prices
    ]
    return section(
        "Prices",
        table(
            "Prices of what was charged; a cost stays booked at the version of its day",
            ["item", "price", "version", "in force", "provider", "source"],
            rows,
            texts=(0, 1, 3, 4, 5),
        ),
    )


def _valid(begin: str, end: str | None) -> str:
    begin = "undated" if begin.startswith("1970") else f"from {begin[:10]}"
    return begin + (f" to {end[:10]}" if end else "")
