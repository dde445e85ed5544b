"""Dated prices and frozen charges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import sqlite_utils

from retouchd.errors import ConfigError
from retouchd.ledger.database import Database
from retouchd.ledger.prices import (
    DEFAULT_BOOK,
    Price,
    PriceBook,
    current,
    import_prices,
    list_prices,
    read_price_book,
    set_price,
)
from retouchd.ledger.usage import book_charges, book_usage, credit_of
from retouchd.values import StepRun

Booker = Callable[..., None]

OLD = "2020-01-01T00:00:00.000Z"
NOON = "2026-11-22T12:00:00.000Z"
LATER = "2026-12-01T00:00:00.000Z"
POWER = Price("local", "electricity", "kWh", "0.31", source="our bill")


def in_force(ledger: Database, at: str) -> PriceBook:
    """The prices at *at*."""
    return ledger.write(lambda db: current(db, at)).result(60)


def put(ledger: Database, price: Price, at: str) -> Price:
    """Set one price."""
    return ledger.write(lambda db: set_price(db, price, at)).result(60)


def test_default_prices_all_say_where_they_come_from(ledger: Database) -> None:
    """A new ledger holds the shipped prices, each with source and confidence."""
    stored = ledger.write(list_prices).result(60)

    assert len(stored) == len(read_price_book(DEFAULT_BOOK).prices)
    assert all(price.source and price.confidence for price in stored)
    assert {
        price.confidence == "unpriced" for price in stored if price.price is None
    } == {True}


def test_a_new_price_ends_the_old_one(ledger: Database) -> None:
    """Each moment has its price; before the first own one that is the shipped one."""
    put(ledger, POWER, NOON)
    put(ledger, replace(POWER, price="0.42"), LATER)

    found = [
        in_force(ledger, at).find("electricity", "joule") for at in (OLD, NOON, LATER)
    ]

    assert [price and price.price for price in found] == ["0.195", "0.31", "0.42"]
    rows = ledger.rows(
        "SELECT version, valid_from, valid_to FROM prices WHERE provider = 'local'"
    )
    assert [tuple(row.values()) for row in rows] == [(1, NOON, LATER), (2, LATER, None)]


def test_a_price_without_forerunner_also_holds_before_its_date(
    ledger: Database,
) -> None:
    """Its date is the day somebody read it; nothing else was known then."""
    put(ledger, replace(POWER, item="steam", unit="credit"), NOON)
    put(ledger, replace(POWER, item="steam", unit="credit", price="9"), LATER)

    found = in_force(ledger, OLD).find("steam", "credit")

    assert found
    assert found.price == "0.31"


def test_setting_the_same_price_again_changes_nothing(ledger: Database) -> None:
    """An import that is repeated adds no versions."""
    before = ledger.rows("SELECT * FROM prices")

    ledger.write(lambda db: import_prices(db, DEFAULT_BOOK, LATER)).result(60)

    assert ledger.rows("SELECT * FROM prices") == before


def test_a_price_may_end(ledger: Database) -> None:
    """A retired offer has no price from its end on."""
    put(ledger, replace(POWER, item="old-model", unit="image", valid_to=LATER), NOON)

    assert in_force(ledger, NOON).find("old-model", "image")
    assert in_force(ledger, LATER).find("old-model", "image") is None


@pytest.mark.parametrize(
    ("device", "item"),
    [
        ("NVIDIA H200", "H200"),
        ("cuda:0 NVIDIA A100-SXM4-80GB", "A100"),
        ("NVIDIA L40S", "L40S"),
        ("Tesla T4", "T4"),
        ("cuda:0", None),
    ],
)
def test_devices_find_their_price(device: str, item: str | None) -> None:
    """A device's long name finds the price of its model, and of no other."""
    price = read_price_book(DEFAULT_BOOK).find(device, "gpu_second")

    assert (price.item if price else None) == item


@pytest.mark.parametrize(
    ("origin", "quantity", "unit"),
    [
        ("nano-banana", 1.0, "image"),
        ("flux", 2.5, "megapixel"),
        ("kling", 5.0, "second"),
        ("never-heard-of", 1.0, "image"),
    ],
)
def test_generators_count_as_their_price_does(
    origin: str, quantity: float, unit: str
) -> None:
    """One picture is so many images, megapixels or seconds."""
    prices = read_price_book(DEFAULT_BOOK)

    credit = credit_of(origin, prices, megapixels=2.5, seconds=5.0)

    assert (credit.item, credit.quantity, credit.unit) == (origin, quantity, unit)


@pytest.mark.parametrize("wrong", ["free", "-1", "NaN", "1e-13", 0.04, ""])
def test_wrong_prices_are_refused(tmp_path: Path, wrong: object) -> None:
    """The error names file and key."""
    file = tmp_path / "book.toml"
    value = wrong if isinstance(wrong, float) else f'"{wrong}"'
    head = 'provider = "a"\nitem = "b"\nunit = "image"'
    file.write_text(f"[[prices]]\n{head}\nprice = {value}\n")

    with pytest.raises(ConfigError, match=r"book\.toml: prices\[0\]\.price"):
        read_price_book(file)


def test_price_book_with_a_misspelt_key_is_refused(tmp_path: Path) -> None:
    """The message shows the key and the fields there are."""
    file = tmp_path / "book.toml"
    file.write_text('[[prices]]\nprovider = "a"\nitm = "b"\nunit = "image"\n')

    with pytest.raises(ConfigError, match=r"itm.*fields: provider"):
        read_price_book(file)


def test_booked_amounts_are_exact(ledger: Database, book: Booker) -> None:
    """A script that knows only the tables finds every digit of every charge."""
    book("one")

    charges = ledger.rows(
        "SELECT category, quantity, amount, price FROM job_charges "
        "JOIN prices ON prices.id = price_id"
    )

    for charge in charges:
        product = Decimal(charge["quantity"]) * Decimal(charge["price"])
        assert Decimal(charge["amount"]) == product
    by_hand = {
        "compute": Decimal("2.123457") * Decimal("0.000011244444")  # CPU seconds
        + Decimal("0.000036388889") * Decimal("4.45"),  # 0.131 s in H200 hours
        "energy": Decimal("0.000025416667") * Decimal("0.195"),  # 91.5 J in kWh
        "credits": Decimal("0.039"),
        "people": Decimal("0.005555555556") * 39,  # 20 s in hours
    }
    costs = ledger.rows("SELECT * FROM job_costs")[0]
    assert {name: Decimal(costs[name]) for name in by_hand} == by_hand
    assert Decimal(costs["total"]) == sum(by_hand.values())


def test_charging_twice_books_only_what_is_new(ledger: Database, book: Booker) -> None:
    """A repeat books nothing; a second attempt books its own seconds at new prices."""
    book("one")
    before = ledger.rows("SELECT * FROM job_charges")
    ledger.write(lambda db: book_charges(db, "one", current(db, NOON), LATER)).result(
        60
    )
    assert ledger.rows("SELECT * FROM job_charges") == before
    put(ledger, Price("local", "cpu_core", "cpu_hour", "3.6"), LATER)

    def second_attempt(db: sqlite_utils.Database) -> None:
        book_usage(db, "one", [StepRun(step="upscale", attempt=2, cpu_s=0.5)], at=LATER)
        book_charges(db, "one", current(db, LATER), LATER)

    ledger.write(second_attempt).result(60)

    added = ledger.rows("SELECT * FROM job_charges")[len(before) :]
    assert [(row["measured"], row["quantity"]) for row in added] == [
        ("0.5", "0.000138888889")  # hours
    ]


def test_without_a_price_the_amount_is_null_and_never_0(ledger: Database) -> None:
    """Usage of an unknown device is charged without amount, and waits for a price."""

    def work(db: sqlite_utils.Database) -> None:
        row = {"id": "j", "hot_folder": "h", "source_name": "s", "state": "done"}
        db.table("jobs").insert(row)
        runs = [StepRun(step="upscale", device="cuda:0", gpu_s=2.0)]
        book_usage(db, "j", runs, at=NOON)
        book_charges(db, "j", current(db, NOON), NOON)

    ledger.write(work).result(60)

    charge = ledger.rows(
        "SELECT quantity, amount, price, prices.item FROM job_charges "
        "JOIN prices ON prices.id = price_id"
    )
    assert charge == [
        {"quantity": "2", "amount": None, "price": None, "item": "cuda:0"}
    ]
