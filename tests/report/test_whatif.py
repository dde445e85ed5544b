"""What if: exact for prices, a stated estimate for tiers, and nothing is stored."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any

import pytest

from retouchd.errors import ConfigError
from retouchd.ledger.database import Database
from retouchd.ledger.price_history import price_history
from retouchd.ledger.prices import Price, book_at, set_price
from retouchd.ledger.reports import report
from retouchd.ledger.units import EXACT
from retouchd.report.price_changes import read_price_change
from retouchd.report.whatif import WhatIf, read_tier_change, what_if

DAY = datetime(2026, 11, 20, 9, tzinfo=UTC)
SINCE = "2026-11-01"
NOW = "2026-11-23T12:00:00.000Z"


def ask(ledger: Database, *prices: str, tiers: tuple[str, ...] = ()) -> WhatIf:
    """Ask as the command does."""
    return what_if(
        ledger,
        report(ledger, since=SINCE),
        book_at(price_history(ledger), NOW),
        [read_price_change(text) for text in prices],
        [read_tier_change(text) for text in tiers],
    )


def fingerprint(ledger: Database) -> str:
    """Digest of every stored row."""
    tables = ("jobs", "step_runs", "credits", "reviews", "prices", "job_charges")
    rows = [ledger.rows(f"SELECT * FROM {table}") for table in tables]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def repriced(ledger: Database, where: str, price: str) -> Decimal:
    """Price charges anew, row by row, from the rows themselves."""
    rows = ledger.rows(f"SELECT quantity FROM job_charges WHERE {where}")
    with localcontext(EXACT):
        return sum((Decimal(r["quantity"]) * Decimal(price) for r in rows), Decimal(0))


def total(told: WhatIf) -> tuple[Decimal, Decimal]:
    """Return the booked and the changed total."""
    [row] = [row for row in told.figures() if row[0] == "total"]
    assert row[1] is not None
    assert row[2] is not None
    return row[1], row[2]


def test_nothing_changed_is_what_was_booked(busy: Any) -> None:
    """To the last digit."""
    told = ask(busy.ledger)

    assert told.changed == told.booked
    assert total(told)[0] == report(busy.ledger).total.total


def test_an_absolute_price_is_that_of_the_charges_unit(busy: Any) -> None:
    """45 an hour: every quantity x 45, exact, and only people change."""
    told = ask(busy.ledger, "people.reviewer=45")

    expected = repriced(busy.ledger, "category = 'people'", "45")
    assert told.changed["people"] == expected
    others = ("compute", "energy", "credits")
    assert [told.changed[name] for name in others] == [
        told.booked[name] for name in others
    ]


def test_a_percentage_changes_what_was_booked(busy: Any) -> None:
    """+60 % of one item; its longer-named kin keeps its price."""
    told = ask(busy.ledger, "credits.nano-banana=+60%")

    plain = repriced(busy.ledger, "item = 'nano-banana'", "0.039")
    rise = told.changed["credits"] - told.booked["credits"]
    assert rise == plain * Decimal("0.6")


def test_a_device_is_named_as_in_the_price_book(busy: Any) -> None:
    """L4 means NVIDIA L4; the star means all of a category."""
    told = ask(busy.ledger, "compute.L4=-100%")
    all_free = ask(busy.ledger, "compute.*=-100%")

    core = repriced(busy.ledger, "item = 'cpu_core'", "0.000011244444")
    assert told.changed["compute"] == core
    assert all_free.changed["compute"] == 0


def test_a_price_fills_a_gap(busy: Any) -> None:
    """What was unpriced counts once it is given a price; a percentage cannot."""
    where = "item = 'midjourney'"
    gaps = len(busy.ledger.rows(f"SELECT 1 FROM job_charges WHERE {where}"))

    told = ask(busy.ledger, "credits.midjourney=0.05")
    still = ask(busy.ledger, "credits.midjourney=+50%")

    assert gaps
    assert told.unpriced == 0
    assert told.changed["credits"] - told.booked["credits"] == repriced(
        busy.ledger, where, "0.05"
    )
    assert still.unpriced == gaps


def test_nothing_is_stored(busy: Any) -> None:
    """Every row stays byte for byte."""
    before = fingerprint(busy.ledger)

    ask(busy.ledger, "people.reviewer=45", "credits.*=+10%", tiers=("hero=standard",))

    assert fingerprint(busy.ledger) == before


def test_another_tier_costs_what_it_was_seen_to_cost(busy: Any) -> None:
    """Draft instead of hero: a twentieth of the GPU seconds, as the studio books."""
    told = ask(busy.ledger, tiers=("hero=draft",))

    runs = "step_runs WHERE tier = 'hero' AND model <> ''"
    [hero] = busy.ledger.rows(
        f"SELECT count(*) AS runs, sum(gpu_s) AS gpu_s FROM {runs}"
    )
    saved = Decimal(repr(round(hero["gpu_s"], 6))) * Decimal("0.95")
    price = Decimal("0.8048") / 3600
    assert float(told.booked["compute"] - told.changed["compute"]) == pytest.approx(
        float(saved * price), rel=1e-6
    )
    assert told.changed["people"] == told.booked["people"]
    counted = sum(int(note.split()[1]) for note in told.notes)
    assert counted == hero["runs"]


def test_changed_prices_count_for_the_other_tier(busy: Any) -> None:
    """At doubled GPU prices the move saves double."""
    plain = ask(busy.ledger, tiers=("hero=draft",))
    doubled = ask(busy.ledger, "compute.L4=+100%", tiers=("hero=draft",))
    prices_only = ask(busy.ledger, "compute.L4=+100%")

    saved = plain.booked["compute"] - plain.changed["compute"]
    saved_doubled = prices_only.changed["compute"] - doubled.changed["compute"]
    assert float(saved_doubled) == pytest.approx(float(2 * saved), rel=1e-9)


def test_a_tier_that_was_never_seen_is_an_error(studio: Any) -> None:
    """Nothing is guessed from nothing; a step without a sight is named."""
    studio.random.random = lambda: 0.5  # nothing escalates, so nothing runs at hero
    studio.job(DAY)

    with pytest.raises(ConfigError, match="never ran at tier hero"):
        ask(studio.ledger, tiers=("draft=hero",))
    told = ask(studio.ledger, tiers=("hero=draft",))

    assert told.changed == told.booked
    assert told.notes == ("no model ran at tier hero in these days",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("people.reviewer", "names no price"),
        ("persons.reviewer=45", "names no price"),
        ("people=45", "names no price"),
        ("people.reviewer=", "is no price"),
        ("people.reviewer=-3", "is no price"),
        ("people.reviewer=60%", "is no price"),
        ("people.reviewer=-101%", "is no price"),
        ("people.reviewer=NaN", "is no price"),
    ],
)
def test_refuses_what_is_no_price(text: str, words: str) -> None:
    """With the form that it takes."""
    with pytest.raises(ConfigError, match=words):
        read_price_change(text)


@pytest.mark.parametrize("text", ["hero", "hero=hero", "hero=best", "=draft"])
def test_refuses_what_is_no_change_of_tier(text: str) -> None:
    """Two tiers, and not the same."""
    with pytest.raises(ConfigError, match="changes no tier"):
        read_tier_change(text)


def test_refuses_an_item_that_nobody_knows(busy: Any) -> None:
    """A misspelt item names the right one; one without charges is only noted."""
    with pytest.raises(ConfigError, match="did you mean kling"):
        ask(busy.ledger, "credits.klng=+60%")

    told = ask(busy.ledger, "credits.kling=+60%")

    assert told.notes == ("nothing was charged for credits.kling in these days",)


def test_one_price_for_two_units_is_refused(studio: Any) -> None:
    """An hour and a second cannot both cost 2."""
    studio.job(DAY)
    price = Price("local", "cpu_core", "cpu_hour", "0.03")
    studio.ledger.write(lambda db: set_price(db, price, "2026-11-01")).result(60)
    studio.job(DAY)

    with pytest.raises(ConfigError, match="priced by cpu_hour and by cpu_second"):
        ask(studio.ledger, "compute.cpu_core=2")
    assert ask(studio.ledger, "compute.cpu_core=+10%").notes == ()


def test_each_approved_asset_has_its_part(busy: Any) -> None:
    """The last line divides by the approved assets of that time."""
    told = ask(busy.ledger, "people.reviewer=45")

    name, booked, changed = told.figures()[-1]

    assert name == "per approved asset"
    assert booked == report(busy.ledger).total.per_approved
    assert changed == round(total(told)[1] / told.approved, 12)
