"""Generating again and services: a stated model, worked by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from retouchd.errors import ConfigError
from retouchd.ledger.lines import Line, Report
from retouchd.ledger.prices import DEFAULT_BOOK, Price, PriceBook, read_price_book
from retouchd.report.alternatives import Alternative, assumptions, compare

BOOK = PriceBook(
    [
        Price("google", "nano-banana", "image", "0.04"),
        Price("bfl", "flux", "megapixel", "0.03"),
        Price("midjourney", "midjourney", "image", None, source="a subscription"),
        Price("openai", "openai", "image", "0.03", currency="EUR"),
        Price("people", "reviewer", "people_hour", "36"),
        Price("remove.bg", "remove-background", "image", "0.2"),
    ]
)


def whole(per_approved: str = "0.1", currency: str = "USD") -> Report:
    """A report of ten approved assets."""
    total = Line("total", jobs=10, approved=10)
    total.costs["people"] = 10 * Decimal(per_approved)
    return Report("rule", None, None, currency, (), total)


def step(name: str, compute: str, energy: str, jobs: int) -> Line:
    """The line of one step, with a person's time that must not count."""
    line = Line(name, jobs=jobs)
    line.costs |= {
        "compute": Decimal(compute),
        "energy": Decimal(energy),
        "people": Decimal(7),
    }
    return line


def by_name(found: tuple[Alternative, ...]) -> dict[str, Alternative]:
    """Find alternatives by their names."""
    return {one.name: one for one in found}


def test_generating_again_is_the_stated_model() -> None:
    """Tries x credits, plus waiting and operator at the price of people."""
    changes = {
        "tries": "5",
        "operator_minutes": "3",
        "waiting_seconds": "36",
        "waiting_share": "0.5",
        "generated_megapixels": "2",
    }

    found = by_name(compare(whole(), [], BOOK, assumptions(changes)).generators)

    nano, flux = found["Nano Banana"], found["FLUX.2 pro"]
    assert nano.credits == Decimal("0.20")
    assert nano.waiting == Decimal("0.90")  # 5 x 18 s at a cent a second
    assert nano.operator == Decimal("9.00")  # 5 x 180 s
    assert nano.each == Decimal("10.10")
    assert nano.factor == 101
    assert flux.credits == Decimal("0.30")


def test_what_has_no_price_stays_unpriced() -> None:
    """Not 0, not a guess: no figure, with the reason."""
    found = by_name(compare(whole(), [], BOOK, assumptions()).generators)

    assert found["Midjourney"].each is None
    assert found["Midjourney"].note == "a subscription"
    assert found["GPT Image"].each is None
    assert found["GPT Image"].note == "priced in EUR"
    assert found["Seedream"].note == "not in the price book"


def test_people_without_a_price_leave_generating_unpriced() -> None:
    """Credits alone would not be the cost of generating again."""
    book = PriceBook(one for one in BOOK.prices if one.item != "reviewer")

    compared = compare(whole(), [], book, assumptions())

    assert compared.cheapest_generator is None
    assert all(one.each is None for one in compared.generators)


def test_services_stand_beside_the_machines_of_one_step() -> None:
    """Compute and energy for each job with that step, people left out."""
    line = step("remove_background", "0.003", "0.001", 4)

    compared = compare(whole(), [line], BOOK, assumptions())

    found = by_name(compared.services)
    assert found["remove.bg"].ours == Decimal("0.001")
    assert found["remove.bg"].each == Decimal("0.2")
    assert found["remove.bg"].factor == 200
    assert found["Photoroom"].each is None
    assert found["hosted LaMa"].ours is None


def test_another_currency_compares_with_nothing() -> None:
    """Dollars are not euros."""
    compared = compare(whole(currency="GBP"), [], BOOK, assumptions())

    assert {one.each for one in (*compared.generators, *compared.services)} == {None}


def test_every_assumption_has_a_source_and_can_change() -> None:
    """A changed one says so; the others keep their values."""
    usual = assumptions()

    for one in usual:
        changed = {a.name: a for a in assumptions({one.name: "0.25"})}
        assert one.source
        assert one.unit
        assert changed[one.name] == replace(one, value=Decimal("0.25"), changed=True)
        assert sum(a.changed for a in changed.values()) == 1


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("trys", "3", "no such assumption"),
        ("tries", "many", "no number"),
        ("tries", "-1", "no number"),
        ("tries", "NaN", "no number"),
        ("tries", "1e12", "no number"),
    ],
)
def test_refuses_what_is_no_assumption(name: str, value: str, words: str) -> None:
    """With the names that there are, or the form of a number."""
    with pytest.raises(ConfigError, match=words):
        assumptions({name: value})


def test_the_shipped_book_prices_what_the_page_promises() -> None:
    """The named services and most generators have a dated price or are unpriced."""
    compared = compare(whole(), [], read_price_book(DEFAULT_BOOK), assumptions())

    priced = {one.name for one in compared.generators if one.each is not None}
    services = {one.name for one in compared.services if one.each is not None}

    assert {"Nano Banana", "Nano Banana Pro", "FLUX.2 pro", "Seedream"} <= priced
    assert "Midjourney" not in priced
    assert {"remove.bg", "Photoroom", "Bria", "Claid"} <= services
    assert {"Topaz, up to 24 MP", "Replicate (Real-ESRGAN)"} <= services
