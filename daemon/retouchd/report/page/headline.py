"""The head of the page: what an approved asset costs, in a sentence and six figures."""

from __future__ import annotations

from retouchd.report.page.markup import Safe, joined, paragraph, safe
from retouchd.report.summary import Summary, people_each, people_seconds, people_share
from retouchd.report.wording import duration, money, percent, times


def header(summary: Summary) -> Safe:
    """Say what the page is about, and the most important thing in one sentence."""
    line, currency = summary.report.total, summary.report.currency
    if line.per_approved is None:
        words = "No asset was approved in this time, so there is no cost of one yet."
    else:
        words = (
            f"{line.approved:,} assets were approved, at {money(line.per_approved)} "
            f"{currency} each: {_main_part(summary)}."
        )
    return Safe(
        "<header><h1>What an approved asset costs</h1>\n"
        f"{paragraph(span(summary), 'soft')}\n{paragraph(words, 'lead')}</header>"
    )


def span(summary: Summary) -> str:
    """Say of which time the page tells."""
    days = [line.group for line in summary.days if line.group[:1].isdigit()]
    report = summary.report
    asked = [
        f"arrived from {report.since} on" if report.since else "",
        f"and before {report.until}" if report.until else "",
    ]
    jobs = " ".join(filter(None, [f"{report.total.jobs:,} files", *asked]))
    ended = f"finished from {min(days)} to {max(days)}, UTC" if days else ""
    return "; ".join(filter(None, [jobs, ended, f"amounts in {report.currency}"]))


def _main_part(summary: Summary) -> str:
    share = people_share(summary.report.total) or 0.0
    rest = "" if share >= 0.5 else ", the rest machines and credits"
    return f"{percent(share)} of it is the time of people{rest}"


def tiles(summary: Summary) -> Safe:
    """Show the headline figures."""
    report, line = summary.report, summary.report.total
    each = people_each(line)
    estimated = (
        f", {duration(line.people_estimated_s)} of it estimated"
        if line.people_estimated_s
        else ""
    )
    cells = [
        _tile(
            "Cost per approved asset",
            money(line.per_approved, report.currency),
            "rejects, retries, escalations and reviews included",
            "first",
        ),
        _regenerated(summary),
        _serviced(summary),
        _tile(
            "First-pass yield",
            percent(line.first_pass_yield),
            f"{line.first_pass:,} of {line.finished:,} finished files were approved "
            "without a rejection",
        ),
        _tile(
            "People's time per approved asset",
            duration(each),
            f"{duration(people_seconds(line))} in total{estimated}",
        ),
        _tile(
            "From arrival to delivery",
            duration(line.seconds_p50),
            f"half of all; 95 % within {duration(line.seconds_p95)}",
        ),
    ]
    return Safe(f'<dl class="tiles">{joined(cells)}</dl>')


def _regenerated(summary: Summary) -> Safe:
    best = summary.comparison.cheapest_generator
    name = "Generating it again costs"
    if best is None or best.factor is None:
        return _tile(name, "-", "nothing was approved, or no generator has a price")
    tries = next(a for a in summary.comparison.assumptions if a.name == "tries")
    return _tile(
        name,
        f"{times(best.factor)} as much",
        f"{money(best.each, summary.comparison.currency)} at the cheapest, "
        f"{best.name}, with {tries.value.normalize():f} tries",
    )


def _serviced(summary: Summary) -> Safe:
    """Compare with the service that is cheapest against our own step."""
    priced = [
        one
        for one in summary.comparison.services
        if one.each is not None and one.ours is not None
    ]
    name = "The cheapest service for a step costs"
    if not priced:
        return _tile(name, "-", "no step here has a service with a price")
    best = min(priced, key=lambda one: one.factor or 0.0)
    return _tile(
        name,
        f"{times(best.factor)} as much",
        f"{best.replaces.replace('_', ' ')} by {best.name} at "
        f"{money(best.each, summary.comparison.currency)}; "
        f"here {money(best.ours)} for machines",
    )


def _tile(name: str, figure: str, words: str, kind: str = "") -> Safe:
    mark = f' class="{kind}"' if kind else ""
    return Safe(
        f"<div{mark}><dt>{safe(name)}</dt>"
        f"<dd>{safe(figure)}<small>{safe(words)}</small></dd></div>"
    )
