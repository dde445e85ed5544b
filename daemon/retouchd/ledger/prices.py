"""The price book: dated prices of quantities, each with its source.

A price never changes. ``set_price`` ends the row in force and adds the next version,
so that a cost booked last month can still be explained.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import sqlite_utils

from retouchd.errors import ConfigError, Problem
from retouchd.ledger.units import base_unit, is_named_in

DEFAULT_BOOK = Path(__file__).with_name("price_book.toml")

OWN = "local"
"""The provider whose prices win: what this very site pays."""

_BY_ITEM = "provider, item, unit, version"
_END_OF_DAY = "0000-00-00T23:59:59.999Z"  # completes a date to a time
_LONG_AGO = "1970-01-01T00:00:00.000Z"
_MOST_PLACES = 12  # with the 12 of a quantity: the 24 that the view job_costs adds


@dataclass(frozen=True)
class Price:
    """What one unit of an item costs.

    Attributes:
        provider: who asks for it; ``local`` for what this site pays.
        item: such as ``cpu_core``, ``H200``, ``electricity`` or an origin's name.
        unit: such as ``gpu_hour``, ``kWh``, ``image``.
        price: decimal text, money per *unit*; ``None``: unpriced, never 0.
        currency: ISO 4217.
        valid_from: time as text; ``""`` is filled in when the row is stored.
        source: where the figure was read, with its date.
        confidence: ``transcribed``, ``secondary``, ``measured``, ``estimate``, ...
        id: its row in the ledger; 0 where it is not stored.
        version: counts the prices of one item.
    """

    provider: str
    item: str
    unit: str
    price: str | None = None
    currency: str = "USD"
    valid_from: str = ""
    valid_to: str | None = None
    source: str = ""
    confidence: str = "estimate"
    id: int = 0
    version: int = 1

    @property
    def key(self) -> tuple[str, str, str]:
        """What one price in force is about."""
        return self.provider, self.item, self.unit


class PriceBook:
    """The prices in force at one moment."""

    def __init__(self, prices: Iterable[Price]) -> None:
        # The site's own prices come first; the others keep their order.
        self.prices = sorted(prices, key=lambda price: price.provider != OWN)

    def find(self, item: str, unit: str) -> Price | None:
        """Return the price of *item* in a unit that measures the same as *unit*.

        Devices are found by any longer name, see ``is_named_in``.
        """
        fitting = [
            price
            for price in self.prices
            if base_unit(price.unit) == base_unit(unit)
            and (
                price.item == item
                or (base_unit(unit) == "gpu_second" and is_named_in(price.item, item))
            )
        ]
        return fitting[0] if fitting else None


def current(db: sqlite_utils.Database, at: str) -> PriceBook:
    """Return the prices in force at *at*, a time as text."""
    return PriceBook(_in_force(list_prices(db), at))


def book_at(prices: Iterable[Price], at: str) -> PriceBook:
    """Return those of *prices* that are in force at *at*.

    Args:
        prices: every one ever stored, the versions of an item in order.
        at: a time as text, or a date, which stands for its end.
    """
    return PriceBook(_in_force(prices, at + _END_OF_DAY[len(at) :]))


def _in_force(prices: Iterable[Price], at: str) -> list[Price]:
    """Pick what holds at *at* from all prices, oldest first.

    Where nothing held yet, the first row that came later does: the date of a price is
    the day somebody read it, not the day it began.
    """
    begun: dict[tuple[str, str, str], Price] = {}
    later: dict[tuple[str, str, str], Price] = {}
    for price in prices:
        if price.valid_from <= at:
            begun[price.key] = price
        else:
            later.setdefault(price.key, price)
    holding = [
        price
        for price in begun.values()
        if price.valid_to is None or price.valid_to > at
    ]
    known = {(price.item, base_unit(price.unit)) for price in begun.values()}
    return holding + [
        price
        for price in later.values()
        if (price.item, base_unit(price.unit)) not in known
    ]


def list_prices(db: sqlite_utils.Database) -> list[Price]:
    """Return every price ever stored, item by item, oldest first."""
    rows = db.table("prices").rows_where(order_by=_BY_ITEM)
    return [Price(**row) for row in rows]


def set_price(db: sqlite_utils.Database, price: Price, at: str) -> Price:
    """Put *price* in force from its ``valid_from``, or from *at* where it has none.

    Use it inside a ``Database.write``. A price that says what is in force already
    changes nothing.

    Returns:
        the row now in force, with its id and version.

    Raises:
        ConfigError: the price is no decimal number of at most 12 places.
    """
    _check(price)
    begin = price.valid_from or at
    old = _latest(db, price.key)
    if old and (old.price, old.currency, old.source, old.valid_to) == (
        price.price,
        price.currency,
        price.source,
        price.valid_to,
    ):
        return old
    if old and old.valid_to is None:
        db.table("prices").update(old.id, {"valid_to": begin})
    row = asdict(price) | {
        "valid_from": begin,
        "version": old.version + 1 if old else 1,
    }
    del row["id"]
    db.table("prices").insert(row)
    return _latest(db, price.key) or price


def import_prices(db: sqlite_utils.Database, file: Path, at: str) -> list[Price]:
    """Put every price of the TOML *file* in force.

    Raises:
        ConfigError: the file is unreadable or a price in it is wrong.
    """
    return [set_price(db, price, at) for price in read_price_book(file).prices]


def import_default_prices(db: sqlite_utils.Database) -> None:
    """Fill a new ledger with the prices that ship with retouchd."""
    import_prices(db, DEFAULT_BOOK, _LONG_AGO)


def import_missing_prices(db: sqlite_utils.Database) -> None:
    """Add the shipped prices of what an older ledger has no price row of."""
    known = {price.key for price in list_prices(db)}
    for price in read_price_book(DEFAULT_BOOK).prices:
        if price.key not in known:
            set_price(db, price, _LONG_AGO)


def read_price_book(file: Path) -> PriceBook:
    """Read ``[[prices]]`` tables with the fields of ``Price``.

    Raises:
        ConfigError: not TOML, an unknown or missing field, or a wrong number.
    """
    try:
        tables = tomllib.loads(file.read_text("utf-8")).get("prices", [])
    except (OSError, ValueError) as error:
        raise ConfigError(
            Problem(str(error), "a price book is a TOML file", file=str(file))
        ) from error
    return PriceBook(
        _from_table(table, str(file), number) for number, table in enumerate(tables)
    )


def _from_table(table: dict[str, Any], file: str, number: int) -> Price:
    try:
        price = Price(**table)
    except TypeError as error:
        hint = "fields: provider, item, unit, price, currency, source, confidence"
        raise ConfigError(
            Problem(str(error), hint, file=file, key=f"prices[{number}]")
        ) from error
    _check(price, file, f"prices[{number}].price")
    return price


def _check(price: Price, file: str = "", key: str = "price") -> None:
    if price.price is None:
        return
    try:
        number = Decimal(price.price)
        exponent = number.as_tuple().exponent
    except (InvalidOperation, TypeError, ValueError):
        number, exponent = Decimal(-1), 0
    if not (number.is_finite() and number >= 0) or int(exponent) < -_MOST_PLACES:
        raise ConfigError(
            Problem(
                f"{price.item}: {price.price!r} is no price",
                'write a decimal text of at most 12 places, such as "0.04"',
                file=file,
                key=key,
            )
        )


def _latest(db: sqlite_utils.Database, key: tuple[str, str, str]) -> Price | None:
    rows = db.table("prices").rows_where(
        "provider = ? AND item = ? AND unit = ?", key, order_by="version DESC", limit=1
    )
    return next((Price(**row) for row in rows), None)
