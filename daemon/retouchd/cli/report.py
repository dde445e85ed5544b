"""``retouchd report``."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from retouchd.cli.shared import console, ledger_of, pass_config
from retouchd.ledger.prices import read_price_book
from retouchd.ledger.report_formats import as_csv, as_html, as_json, render_table
from retouchd.ledger.reports import Grouping
from retouchd.ledger.reports import report as make_report

_TEXTS = {"json": as_json, "csv": as_csv, "html": as_html}


@click.command()
@click.option(
    "--by",
    type=click.Choice(get_args(Grouping)),
    default="hot_folder",
    show_default=True,
)
@click.option("--since", help="UTC date or time, such as 2026-11-01.")
@click.option(
    "--prices",
    "price_file",
    type=click.Path(exists=True, path_type=Path),
    help="Show what the same usage costs at these prices, beside the booked figure.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", *_TEXTS]),
    default="table",
    show_default=True,
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@pass_config
def report(
    config: str | None,
    by: Grouping,
    since: str | None,
    price_file: Path | None,
    form: str,
) -> None:
    """Report throughput and cost."""
    prices = read_price_book(price_file) if price_file else None
    made = make_report(ledger_of(config), by, since, prices)
    if form == "table":
        console().print(render_table(made))
    else:
        click.echo(_TEXTS[form](made))
