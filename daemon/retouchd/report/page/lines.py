"""The lines of the report, and what became of the files."""

from __future__ import annotations

from retouchd.ledger.lines import Line
from retouchd.ledger.schema.tables import CATEGORIES
from retouchd.report.page.charts import Bar, bars
from retouchd.report.page.markup import Safe, section, table
from retouchd.report.summary import Summary, figures
from retouchd.report.wording import duration, money, percent

_MOST_BARS = 12

_HEAD = (
    "files",
    "approved",
    "cost",
    "per approved",
    "first-pass yield",
    "rejected",
    "failed",
    "open",
    "half within",
    "95 % within",
)


def about_lines(summary: Summary) -> Safe:
    """Compare the groups that the asker chose."""
    report = summary.report
    name = report.by.replace("_", " ")
    if not report.lines:
        return Safe("")
    dearest = sorted(
        (line for line in report.lines if line.per_approved is not None),
        key=lambda line: -(line.per_approved or 0),
    )
    chart = bars(
        f"Cost per approved asset by {name}, in {report.currency}",
        [
            Bar(_named(line.group), _each(line), money(line.per_approved))
            for line in dearest[:_MOST_BARS]
        ],
    )
    repriced = report.total.repriced is not None
    has_gaps = bool(report.total.unpriced)
    has_clips = bool(report.total.clip_s)
    head = [name, *_HEAD, *(["per second of video"] if has_clips else [])]
    head += ["unpriced charges"] if has_gaps else []
    if repriced:
        head += ["re-priced cost", "not re-priced"]
    rows = [
        _cells(line, has_gaps=has_gaps, has_clips=has_clips)
        for line in (*report.lines, report.total)
    ]
    parts = [chart] if dearest else []
    parts.append(table(f"All figures by {name}", head, rows, total=True))
    return section(f"By {name}", *parts)


def _named(group: str) -> str:
    return "none named" if group == "-" else group


def _each(line: Line) -> dict[str, float]:
    """Split the cost of one approved asset of a line by category."""
    if not line.approved:
        return {}
    return {name: float(line.costs[name]) / line.approved for name in CATEGORIES}


def _cells(line: Line, *, has_gaps: bool, has_clips: bool) -> list[str]:
    cells = [
        _named(line.group),
        f"{line.jobs:,}",
        f"{line.approved:,}",
        money(line.total),
        money(line.per_approved),
        percent(line.first_pass_yield),
        f"{line.rejected:,}",
        f"{line.failed:,}",
        f"{_open(line):,}",
        duration(line.seconds_p50),
        duration(line.seconds_p95),
    ]
    if has_clips:
        cells.append(money(line.per_clip_second))
    if has_gaps:
        cells.append(f"{line.unpriced:,}")
    if line.repriced is not None:
        cells += [money(line.repriced), f"{line.repriced_gaps:,}"]
    return cells


def _open(line: Line) -> int:
    """Count the files without an end: in review, waiting, or at work."""
    return max(0, line.jobs - line.approved - line.rejected - line.failed)


def about_outcomes(summary: Summary) -> Safe:
    """Show what became of the files, and the figures of the whole."""
    line = summary.report.total
    if not line.jobs:
        return Safe("")
    ends = {
        "approved": line.approved,
        "rejected": line.rejected,
        "failed": line.failed,
        "in review": line.in_review,
        "on their way": _open(line) - line.in_review,
    }
    rows = [
        Bar(name, {name: float(count)}, f"{count:,} ({percent(count / line.jobs)})")
        for name, count in ends.items()
        if count > 0
    ]
    return section(
        "What became of the files",
        bars(f"{line.jobs:,} files", rows),
        table(
            "Figures of all files",
            ["figure", "value"],
            [[one.name, one.text] for one in figures(summary.report)],
        ),
    )
