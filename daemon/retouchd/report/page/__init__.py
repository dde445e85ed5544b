"""A report as one HTML page that needs nothing else: to be mailed, printed, kept."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from retouchd.report.page.alternatives import about_alternatives, about_assumptions
from retouchd.report.page.days import about_days
from retouchd.report.page.headline import header, tiles
from retouchd.report.page.lines import about_lines, about_outcomes
from retouchd.report.page.markup import Safe, joined
from retouchd.report.page.money import about_money, about_prices
from retouchd.report.summary import Summary

_STYLE = Path(__file__).with_name("page.css")


def render_page(summary: Summary) -> str:
    """Write the page.

    It loads nothing: no script, no font, no picture from elsewhere. What comes from
    files and people is escaped.
    """
    parts = (
        header(summary),
        tiles(summary),
        about_alternatives(summary),
        about_money(summary),
        about_lines(summary),
        about_days(summary),
        about_outcomes(summary),
        about_assumptions(summary),
        about_prices(summary),
    )
    body = joined(part for part in parts if part)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>What an approved asset costs</title>
<style>
{_style()}</style>
</head>
<body>
{body}
{_footer(summary)}
</body>
</html>
"""


def _footer(summary: Summary) -> Safe:
    return Safe(
        f'<footer class="soft">Made by retouchd from its ledger at {summary.made_at}. '
        "Booked costs are frozen at the prices of their day; every figure can be "
        "traced to rows of usage and prices.</footer>"
    )


@cache
def _style() -> str:
    return _STYLE.read_text("utf-8")
