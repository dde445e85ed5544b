"""``retouchd whatif``."""

from __future__ import annotations

import json
import time

import click
from rich.table import Table
from rich.text import Text

from retouchd.cli.shared import console, json_option, ledger_of, pass_config
from retouchd.ledger.price_history import price_history
from retouchd.ledger.prices import book_at
from retouchd.ledger.reports import report
from retouchd.ledger.units import EXACT, written
from retouchd.report.price_changes import read_price_change
from retouchd.report.whatif import WhatIf, read_tier_change, what_if
from retouchd.timestamps import utc

_DAY = 86_400

_EXAMPLE = (
    "Such as: retouchd whatif --price credits.kling=+60% --price people.reviewer=45 "
    "--tier hero=standard"
)


@click.command(epilog=_EXAMPLE)
@click.option(
    "--price",
    "prices",
    multiple=True,
    metavar="CATEGORY.ITEM=VALUE",
    help="Another price for its unit, or a change such as +60%; * for every item.",
)
@click.option(
    "--tier",
    "tiers",
    multiple=True,
    metavar="FROM=TO",
    help="Let steps that ran at one tier have run at another: an estimate.",
)
@click.option("--days", type=click.IntRange(1, 36_500), default=30, show_default=True)
@json_option
@pass_config
def whatif(
    config: str | None,
    prices: tuple[str, ...],
    tiers: tuple[str, ...],
    days: int,
    *,
    as_json: bool,
) -> None:
    """Tell what the last days would have cost at other prices or tiers.

    Nothing is stored: booked costs stay as they are.
    """
    price_changes = [read_price_change(text) for text in prices]
    tier_changes = [read_tier_change(text) for text in tiers]
    ledger = ledger_of(config)
    now = time.time()
    since = utc(now - days * _DAY)
    made = report(ledger, since=since)
    book = book_at(price_history(ledger), utc(now))
    told = what_if(ledger, made, book, price_changes, tier_changes)
    if as_json:
        asked = {"since": since, "days": days, "prices": prices, "tiers": tiers}
        click.echo(json.dumps(asked | _content(told), indent=2))
        return
    console().print(_table(told, f"The last {days} days"))
    for note in told.notes:
        click.echo(f"- {note}")
    if told.unpriced:
        click.echo(f"- {told.unpriced} charges have no price: they count as nothing")


def _content(told: WhatIf) -> dict[str, object]:
    return {
        "currency": told.currency,
        "approved": told.approved,
        "carried": written(told.carried),
        "unpriced": told.unpriced,
        "lines": [
            {"name": name, "booked": None, "what_if": None, "difference": None}
            if booked is None or changed is None
            else {
                "name": name,
                "booked": written(booked),
                "what_if": written(changed),
                "difference": written(EXACT.subtract(changed, booked)),
            }
            for name, booked, changed in told.figures()
        ],
        "notes": told.notes,
    }


def _table(told: WhatIf, title: str) -> Table:
    table = Table(title=f"{title}, in {told.currency}")
    table.add_column("")
    for name in ("booked", "what if", "difference", "%"):
        table.add_column(name, justify="right")
    for name, booked, changed in told.figures():
        if booked is None or changed is None:
            table.add_row(Text(name), "-", "-", "-", "-")
            continue
        difference = EXACT.subtract(changed, booked)
        percent = f"{100 * difference / booked:+.1f}" if booked else "-"
        table.add_row(
            Text(name),
            f"{booked:.6f}",
            f"{changed:.6f}",
            f"{difference:+.6f}",
            percent,
        )
    return table
