"""A report as a table, JSON, CSV or one HTML page that needs nothing else."""

from __future__ import annotations

import csv
import html
import io
import json
from decimal import Decimal

from rich.console import JustifyMethod
from rich.table import Table

from retouchd.ledger.reports import Line, Report
from retouchd.ledger.schema import CATEGORIES
from retouchd.ledger.units import written

Value = str | int | float | None

_BAR_WIDTH = 240
_BAR_COLOURS = ("#3b6ea5", "#8fb339", "#d98f2b", "#a54a6b")


def as_rows(report: Report) -> list[dict[str, Value]]:
    """Return one flat mapping per line, the total last; money as decimal text."""
    return [_row(line) for line in (*report.lines, report.total)]


def as_json(report: Report) -> str:
    """Write the report with its parameters; money is text, so no digit is lost."""
    lines = as_rows(report)
    content = {
        "by": report.by,
        "since": report.since,
        "currency": report.currency,
        "lines": lines[:-1],
        "total": lines[-1],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def as_csv(report: Report) -> str:
    """Write a header and one record per line, the total last (RFC 4180)."""
    rows = as_rows(report)
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def render_table(report: Report) -> Table:
    """Build a table for a terminal; figures are shortened to be read by people."""
    money = f"cost ({report.currency})"
    title = f"By {report.by}" + (f", since {report.since}" if report.since else "")
    table = Table(title=title, show_footer=True)
    for name, value in _short(report.total).items():
        header = {"group": report.by, "total": money}.get(name, name)
        justify: JustifyMethod = "left" if name == "group" else "right"
        table.add_column(header, footer=value, justify=justify)
    for line in report.lines:
        table.add_row(*_short(line).values())
    return table


def as_html(report: Report) -> str:
    """Write one page: a bar of costs per group, and the table with all figures."""
    rows = as_rows(report)
    head = "".join(f"<th>{html.escape(name)}</th>" for name in rows[0])
    body = "\n".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    title = html.escape(f"retouchd: cost by {report.by}")
    since = html.escape(f"since {report.since}" if report.since else "all jobs")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 14px system-ui, sans-serif; margin: 2em }}
th, td {{ padding: .2em .6em; text-align: right; border-bottom: 1px solid #ccc }}
th:first-child, td:first-child {{ text-align: left }}
tr:last-child {{ font-weight: bold }}
</style></head><body>
<h1>{title}</h1><p>{since}; amounts in {html.escape(report.currency)}</p>
{_bars(report)}
<table><thead><tr>{head}</tr></thead><tbody>
{body}
</tbody></table></body></html>
"""


def _row(line: Line) -> dict[str, Value]:
    row: dict[str, Value] = {
        "group": line.group,
        "jobs": line.jobs,
        "delivered": line.delivered,
        "failed": line.failed,
        "waiting": line.waiting,
        "megapixels_in": round(line.megapixels_in, 6),
        "megapixels_out": round(line.megapixels_out, 6),
        "files_per_hour": _rounded(line.files_per_hour),
        "seconds_p50": line.seconds_p50,
        "seconds_p95": line.seconds_p95,
        "cpu_s": line.cpu_s,
        "gpu_s": line.gpu_s,
    }
    row |= {name: written(line.costs[name]) for name in CATEGORIES}
    row |= {
        "total": written(line.total),
        "per_delivered": _text(line.per_delivered),
        "unpriced": line.unpriced,
    }
    if line.repriced is not None:
        row |= {
            "repriced": written(line.repriced),
            "repriced_unpriced": line.repriced_gaps,
        }
    return row


def _short(line: Line) -> dict[str, str]:
    """Shorten a line for the terminal; what is unpriced is said, never counted as 0."""
    unpriced = f" +{line.unpriced} unpriced" if line.unpriced else ""
    row = {
        "group": line.group,
        "jobs": str(line.jobs),
        "delivered": str(line.delivered),
        "failed": str(line.failed),
        "waiting": str(line.waiting),
        "MP out": f"{line.megapixels_out:.1f}",
        "files/h": _decimals(line.files_per_hour),
        "p50 s": _decimals(line.seconds_p50),
        "p95 s": _decimals(line.seconds_p95),
        "cpu s": f"{line.cpu_s:.1f}",
        "gpu s": f"{line.gpu_s:.1f}",
        "total": f"{line.total:.6f}{unpriced}",
        "per file": _text(
            None if line.per_delivered is None else round(line.per_delivered, 6)
        )
        or "-",
    }
    if line.repriced is not None:
        gaps = f" +{line.repriced_gaps} unpriced" if line.repriced_gaps else ""
        row["repriced"] = f"{line.repriced:.6f}{gaps}"
    return row


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 3)


def _decimals(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.1f}"


def _text(money: Decimal | None) -> str | None:
    return None if money is None else written(money)


def _cells(row: dict[str, Value]) -> str:
    texts = ("" if value is None else str(value) for value in row.values())
    return "".join(f"<td>{html.escape(text)}</td>" for text in texts)


def _bars(report: Report) -> str:
    """Draw one stacked bar per group, on a scale that the dearest one fills."""
    longest = max((line.total for line in report.lines), default=Decimal(0))
    if not longest:
        return "<p>Nothing was booked.</p>"
    keys = " ".join(
        f'<span style="color:{colour}">&#9632; {name}</span>'
        for name, colour in zip(CATEGORIES, _BAR_COLOURS, strict=True)
    )
    bars = "\n".join(
        f"<tr><td>{html.escape(line.group)}</td><td>{_bar(line, longest)}</td></tr>"
        for line in report.lines
    )
    return f"<p>{keys}</p><table>{bars}</table>"


def _bar(line: Line, longest: Decimal) -> str:
    left, pieces = 0.0, []
    for name, colour in zip(CATEGORIES, _BAR_COLOURS, strict=True):
        width = float(line.costs[name] / longest) * _BAR_WIDTH
        pieces.append(
            f'<rect x="{left:.2f}" width="{width:.2f}" height="12" fill="{colour}"/>'
        )
        left += width
    return f'<svg width="{_BAR_WIDTH}" height="12">{"".join(pieces)}</svg>'
