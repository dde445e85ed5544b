"""A report for programs: rows, JSON and CSV; ``tables`` and ``page`` are for people."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from retouchd.ledger.lines import Line, Report
from retouchd.ledger.schema.tables import CATEGORIES
from retouchd.ledger.units import written
from retouchd.report.alternatives import Alternative
from retouchd.report.summary import Summary, figures

Value = str | int | float | None
Row = dict[str, Value]

Part = Literal["lines", "figures", "shares", "alternatives", "assumptions"]
"""What one CSV file can hold: each is a table of its own."""

_COUNTS = (
    "jobs",
    "delivered",
    "approved",
    "rejected",
    "in_review",
    "failed",
    "waiting",
    "finished",
    "first_pass",
    "first_pass_plain",
    "attempts",
    "escalated",
)
_MEASURES = (
    "megapixels_in",
    "megapixels_out",
    "files_per_hour",
    "seconds_p50",
    "seconds_p95",
    "first_edit_p50",
    "first_edit_p95",
    "cpu_s",
    "gpu_s",
    "cpu_utilisation",
    "gpu_utilisation",
    "first_pass_yield",
    "plain_yield",
    "escalation_share",
    "reviews",
    "people_given_s",
    "people_estimated_s",
    "clip_s",
)


def as_rows(report: Report) -> list[Row]:
    """Return one flat mapping per line, the total last; money as decimal text."""
    return [_row(line) for line in (*report.lines, report.total)]


def rows_of(summary: Summary, part: Part) -> list[Row]:
    """Return the rows of one part; exact, money as decimal text."""
    match part:
        case "lines":
            return as_rows(summary.report)
        case "figures":
            return [
                {"figure": one.key, "value": one.value}
                for one in figures(summary.report)
            ]
        case "shares":
            return _share_rows(summary.report.shares)
        case "alternatives":
            compared = summary.comparison
            return [
                _alternative_row(one)
                for one in (*compared.generators, *compared.services)
            ]
        case "assumptions":
            return _assumption_rows(summary)


def as_json(summary: Summary) -> str:
    """Write all parts; money is text, so no digit is lost."""
    report = summary.report
    lines = as_rows(report)
    content = {
        "by": report.by,
        "since": report.since,
        "until": report.until,
        "repriced_at": report.repriced_at,
        "currency": report.currency,
        "made_at": summary.made_at,
        "lines": lines[:-1],
        "total": lines[-1],
        "figures": {one.key: one.value for one in figures(report)},
        "idle": {name: written(amount) for name, amount in report.idle.items()},
        "shares": {
            name: {group: written(amount) for group, amount in parts.items()}
            for name, parts in report.shares.items()
        },
        "alternatives": rows_of(summary, "alternatives"),
        "assumptions": rows_of(summary, "assumptions"),
        "prices": _price_rows(summary),
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def as_csv(summary: Summary, part: Part = "lines") -> str:
    """Write one part as a header and one record per row (RFC 4180).

    Of ``lines`` the total is the last record.
    """
    rows = rows_of(summary, part)
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _row(line: Line) -> Row:
    row: Row = {"group": line.group}
    row |= {name: getattr(line, name) for name in _COUNTS}
    row |= {name: _rounded(getattr(line, name)) for name in _MEASURES}
    row |= {name: written(line.costs[name]) for name in CATEGORIES}
    row |= {
        "total": written(line.total),
        "carried": written(line.carried),
        "per_delivered": _text(line.per_delivered),
        "per_approved": _text(line.per_approved),
        "clip_cost": written(line.clip_cost),
        "per_clip_second": _text(line.per_clip_second),
        "unpriced": line.unpriced,
    }
    if line.repriced is not None:
        row |= {
            "repriced": written(line.repriced),
            "repriced_per_approved": _text(line.repriced_per_approved),
            "repriced_unpriced": line.repriced_gaps,
        }
    return row


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 6)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else written(amount)


def _share_rows(shares: Mapping[str, Mapping[str, Decimal]]) -> list[Row]:
    return [
        {"by": name, "group": group, "amount": written(amount)}
        for name, parts in shares.items()
        for group, amount in parts.items()
    ]


def _alternative_row(one: Alternative) -> Row:
    price = one.price
    return {
        "kind": "service" if one.replaces else "generator",
        "name": one.name,
        "replaces": one.replaces or "asset",
        "each": _text(one.each),
        "credits": _text(one.credits),
        "waiting": written(one.waiting),
        "operator": written(one.operator),
        "ours": _text(one.ours),
        "factor": one.factor,
        "price": price.price if price else None,
        "currency": price.currency if price else None,
        "unit": price.unit if price else None,
        "valid_from": price.valid_from if price else None,
        "source": price.source if price else one.note,
    }


def _assumption_rows(summary: Summary) -> list[Row]:
    return [
        {
            "name": one.name,
            "value": written(one.value),
            "unit": one.unit,
            "source": one.source,
            "changed": one.changed,
        }
        for one in summary.comparison.assumptions
    ]


def _price_rows(summary: Summary) -> list[Row]:
    return [
        {
            "provider": one.provider,
            "item": one.item,
            "unit": one.unit,
            "price": one.price,
            "currency": one.currency,
            "version": one.version,
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
            "source": one.source,
            "confidence": one.confidence,
        }
        for one in summary.prices
    ]
