"""``retouchd prices``."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import click

from retouchd.cli.shared import json_option, ledger_of, pass_config, settings_from, show
from retouchd.errors import ConfigError, Problem
from retouchd.ledger.database import Database
from retouchd.ledger.prices import Price, book_at, import_prices, set_price
from retouchd.timestamps import utc

_STORED = "SELECT * FROM prices ORDER BY provider, item, unit, version"
_SHOWN = (
    "provider",
    "item",
    "unit",
    "price",
    "currency",
    "valid_from",
    "valid_to",
    "version",
    "confidence",
    "source",
)
_FORM = "a price book is a TOML file with a [[prices]] table for each price"
_EXAMPLE = "Such as: retouchd prices set local cpu_core cpu_hour 0.03"


@click.group()
def prices() -> None:
    """Look at and change the price book."""


@prices.command("list")
@click.option("--all", "every", is_flag=True, help="Past and future prices too.")
@json_option
@pass_config
def list_prices(config: str | None, *, every: bool, as_json: bool) -> None:
    """List the prices in force with their sources."""
    found = [Price(**row) for row in ledger_of(config).rows(_STORED)]
    if not every:
        found = book_at(found, utc(time.time())).prices
    rows = [{name: getattr(price, name) for name in _SHOWN} for price in found]
    rows.sort(key=lambda row: (row["provider"], row["item"], row["unit"]))
    show(rows, as_json=as_json, nothing="no prices")


@prices.command("set", epilog=_EXAMPLE)
@click.argument("provider")
@click.argument("item")
@click.argument("unit")
@click.argument("price")
@click.option("--currency", default="USD", show_default=True)
@click.option("--from", "valid_from", default="", help="UTC time; else now.")
@click.option("--source", default="set by hand", show_default=True)
@json_option
@pass_config
def set_one(  # noqa: PLR0913, PLR0917  (each is a part of one price)
    config: str | None,
    provider: str,
    item: str,
    unit: str,
    price: str,
    currency: str,
    valid_from: str,
    source: str,
    *,
    as_json: bool,
) -> None:
    """Put a PRICE per UNIT of an ITEM in force; booked costs stay as they are.

    A price of the PROVIDER "local" wins over those that come with retouchd.
    """
    wanted = Price(
        provider,
        item,
        unit,
        price,
        currency,
        valid_from=valid_from,
        source=source,
        confidence="own",
    )
    ledger = Database.open(settings_from(config).database)
    at = utc(time.time())
    stored = ledger.write(lambda db: set_price(db, wanted, at)).result()
    ledger.close()
    show([asdict(stored)], as_json=as_json, nothing="")


@prices.command("import")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@pass_config
def import_file(config: str | None, file: Path) -> None:
    """Put every price of the TOML FILE in force."""
    ledger = Database.open(settings_from(config).database)
    at = utc(time.time())
    stored = ledger.write(lambda db: import_prices(db, file, at)).result()
    ledger.close()
    if not stored:
        raise ConfigError(Problem("has no [[prices]] table", _FORM, str(file)))
    click.echo(f"{len(stored)} prices are in force")
