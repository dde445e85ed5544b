"""``retouchd report``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import get_args

import click

from retouchd.cli.shared import console, ledger_of, pass_config
from retouchd.ledger.lines import Grouping
from retouchd.ledger.prices import read_price_book
from retouchd.report.formats import Part, as_csv, as_json
from retouchd.report.page import render_page
from retouchd.report.summary import Question, Summary, summarise
from retouchd.report.tables import render_tables
from retouchd.timestamps import utc


@click.command()
@click.option(
    "--by",
    type=click.Choice(get_args(Grouping)),
    default="hot_folder",
    show_default=True,
)
@click.option("--since", help="UTC date or time, such as 2026-11-01.")
@click.option("--until", help="UTC date or time; what arrived from it on is left out.")
@click.option(
    "--prices",
    "price_file",
    type=click.Path(exists=True, path_type=Path),
    help="Show what the same usage costs at these prices, beside the booked figure.",
)
@click.option("--at", help="The same at the ledger's own prices of this UTC date.")
@click.option(
    "--assume",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change an assumption about generating again, such as tries=6.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "html"]),
    default="table",
    show_default=True,
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@click.option(
    "--part",
    type=click.Choice(get_args(Part)),
    default="lines",
    show_default=True,
    help="Which table --format csv writes.",
)
@pass_config
def report(  # noqa: PLR0913, PLR0917  (each is an option that people give)
    config: str | None,
    by: Grouping,
    since: str | None,
    until: str | None,
    price_file: Path | None,
    at: str | None,
    assume: tuple[str, ...],
    form: str,
    part: Part,
) -> None:
    """Report throughput, and the cost of an approved asset."""
    prices = read_price_book(price_file) if price_file else None
    if prices is not None and at is not None:
        raise click.UsageError("--prices and --at: choose one")
    asked = Question(by, since, until, prices, at, _assumed(assume))
    made = summarise(ledger_of(config), asked, utc(time.time()))
    if form == "table":
        for table in render_tables(made):
            console().print(table)
    else:
        click.echo(_text(made, form, part))


def _text(made: Summary, form: str, part: Part) -> str:
    if form == "json":
        return as_json(made)
    return as_csv(made, part) if form == "csv" else render_page(made)


def _assumed(pairs: tuple[str, ...]) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            raise click.UsageError(f"--assume {pair!r}: write NAME=VALUE")
    return dict(pair.split("=", 1) for pair in pairs)
