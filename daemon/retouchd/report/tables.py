"""A report for people at a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from retouchd.ledger.lines import Line, Report
from retouchd.report.summary import Summary, figures
from retouchd.report.wording import decimals, duration, money, percent, times


def render_tables(summary: Summary) -> list[Table]:
    """Build tables for a terminal; figures are shortened to be read by people."""
    tables = [_lines_table(summary.report), _figures_table(summary.report)]
    if summary.report.total.total:
        tables.append(_shares_table(summary.report))
    return [*tables, _alternatives_table(summary), _assumptions_table(summary)]


def _lines_table(report: Report) -> Table:
    asked = (
        f"since {report.since}" if report.since else "",
        f"until {report.until}" if report.until else "",
    )
    title = ", ".join(filter(None, [f"By {report.by}", *asked]))
    table = Table(title=title, show_footer=True)
    has_clips = bool(report.total.clip_s)
    total = _short(report.total, report.currency, has_clips=has_clips)
    for name, value in total.items():
        header = report.by if name == "group" else name
        table.add_column(
            header, footer=value, justify="left" if name == "group" else "right"
        )
    for line in report.lines:
        cells = _short(line, report.currency, has_clips=has_clips)
        # Text, because a name such as [bold] would steer the table.
        table.add_row(*(Text(cell) for cell in cells.values()))
    return table


def _short(line: Line, currency: str, *, has_clips: bool) -> dict[str, str]:
    """Shorten a line for the terminal; what is unpriced is said, never counted as 0."""
    unpriced = f" +{line.unpriced} unpriced" if line.unpriced else ""
    row = {
        "group": line.group,
        "jobs": str(line.jobs),
        "approved": str(line.approved),
        "rejected": str(line.rejected),
        "failed": str(line.failed),
        "review": str(line.in_review),
        "waiting": str(line.waiting),
        "yield": percent(line.first_pass_yield),
        "MP out": decimals(line.megapixels_out),
        "files/h": decimals(line.files_per_hour),
        "p50": duration(line.seconds_p50),
        "p95": duration(line.seconds_p95),
        f"cost ({currency})": f"{line.total:.6f}{unpriced}",
        "per approved": money(line.per_approved),
    }
    if has_clips:
        row["video"] = duration(line.clip_s or None)
        row["per second"] = money(line.per_clip_second)
    if line.repriced is not None:
        gaps = f" +{line.repriced_gaps} unpriced" if line.repriced_gaps else ""
        row["repriced"] = f"{line.repriced:.6f}{gaps}"
    return row


def _plain(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title)
    for number, name in enumerate(head):
        table.add_column(name, justify="left" if number == 0 else "right")
    for cells in rows:
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _figures_table(report: Report) -> Table:
    rows = [[one.name, one.text] for one in figures(report)]
    return _plain("All jobs", ["figure", "value"], rows)


def _shares_table(report: Report) -> Table:
    whole = report.total.total
    rows = [
        [name, group, money(amount), percent(float(amount / whole))]
        for name, parts in report.shares.items()
        for group, amount in sorted(parts.items(), key=lambda part: -part[1])
        if amount
    ]
    return _plain("Where the money goes", ["by", "group", report.currency, ""], rows)


def _alternatives_table(summary: Summary) -> Table:
    compared = summary.comparison
    rows = [
        [
            one.replaces or "asset",
            one.name,
            "unpriced" if one.each is None else money(one.each),
            money(one.ours),
            times(one.factor),
        ]
        for one in (*compared.generators, *compared.services)
    ]
    title = f"Generated again, or sent to a service ({compared.currency})"
    return _plain(title, ["instead of", "by", "each", "here", "against ours"], rows)


def _assumptions_table(summary: Summary) -> Table:
    compared = summary.comparison
    rows = [
        [one.name, f"{one.value.normalize():f}", one.unit, one.source]
        for one in compared.assumptions
    ]
    if compared.people and compared.people.price:
        unit = f"{compared.people.currency} per {compared.people.unit}"
        rows.append(
            ["people's time", compared.people.price, unit, compared.people.source]
        )
    return _plain("Assumed of it", ["assumption", "value", "unit", "source"], rows)
