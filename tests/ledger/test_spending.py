"""What was spent in a period: exact, as it comes, across midnights and restarts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, localcontext

import pytest

from retouchd.ledger.database import Database
from retouchd.ledger.exact_sums import parts_of_sum, summed
from retouchd.ledger.spending import Period, Spending, note_once, period_of
from retouchd.ledger.units import EXACT

Spend = Callable[..., None]


def at(text: str) -> float:
    """Return the seconds since the epoch of a UTC time."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


NOON = at("2026-11-23T12:00")


@pytest.fixture
def spend(ledger: Database) -> Spend:
    """Book one charge on a job of its own."""
    count = iter(range(1000))

    def charge(
        amount: str | None,
        when: str,
        folder: str = "products",
        currency: str = "USD",
    ) -> None:
        job = f"job-{next(count)}"
        row = {
            "job_id": job,
            "price_id": 1,
            "quantity": "1",
            "amount": amount,
            "currency": currency,
            "booked_at": when,
            "category": "compute",
            "item": "cpu_core",
            "measured": "1",
            "measured_unit": "cpu_second",
        }

        def work(db: object) -> None:
            table = db.table  # type: ignore[attr-defined]
            table("jobs").insert(
                {"id": job, "hot_folder": folder, "source_name": "a", "state": "done"}
            )
            table("job_charges").insert(row)

        ledger.write(work).result(60)

    return charge


@pytest.mark.parametrize(
    ("span", "moment", "begin", "end"),
    [
        ("day", "2026-11-23T00:00", "2026-11-23", "2026-11-24"),
        ("day", "2026-12-31T23:59:59.999", "2026-12-31", "2027-01-01"),
        ("month", "2026-12-31T23:59", "2026-12-01", "2027-01-01"),
        ("month", "2028-02-29T12:00", "2028-02-01", "2028-03-01"),
        ("month", "2026-01-31T12:00", "2026-01-01", "2026-02-01"),
    ],
)
def test_periods_are_utc_days_and_months(
    span: str, moment: str, begin: str, end: str
) -> None:
    """The first moment belongs to a period, the next one's does not."""
    period = period_of(span, at(moment))

    assert period == Period(f"{begin}T00:00:00.000Z", f"{end}T00:00:00.000Z")


def test_adds_what_is_booked_as_it_comes(ledger: Database, spend: Spend) -> None:
    """Each look adds the new charges of this folder, to the last digit."""
    spending = Spending(ledger, "products", "day", "USD")
    spend("0.000000000000000000000001", "2026-11-23T00:00:00.000Z")

    first = spending.so_far(NOON)
    spend("19.999999999999999999999999", "2026-11-23T12:00:00.000Z")
    spend("5", "2026-11-23T12:00:00.000Z", folder="other")
    spend("7", "2026-11-22T23:59:59.999Z")
    second = spending.so_far(NOON)

    assert first.amount == Decimal("1E-24")
    assert second.amount == Decimal(20)
    assert spending.so_far(NOON) == second
    assert Spending(ledger, "products", "day", "USD").so_far(NOON) == second


def test_a_charge_counts_in_the_period_of_its_booking(
    ledger: Database, spend: Spend
) -> None:
    """Midnight begins at 0, whatever is read late or was booked early."""
    spending = Spending(ledger, "products", "day", "USD")
    spend("3", "2026-11-23T23:59:59.000Z")
    before = spending.so_far(at("2026-11-23T23:59:59"))
    spend("4", "2026-11-23T23:59:59.999Z")
    spend("5", "2026-11-24T00:00:00.000Z")

    still = spending.so_far(at("2026-11-23T23:59:59.999"))
    after = spending.so_far(at("2026-11-24T00:00"))
    back = spending.so_far(at("2026-11-23T23:00"))

    assert [one.amount for one in (before, still, after, back)] == [3, 7, 5, 7]


def test_a_month_holds_its_days(ledger: Database, spend: Spend) -> None:
    """Yesterday's charge counts for this month, last month's does not."""
    spend("3", "2026-11-01T00:00:00.000Z")
    spend("4", "2026-11-23T11:00:00.000Z")
    spend("9", "2026-10-31T23:59:59.999Z")

    spent = Spending(ledger, "products", "month", "USD").so_far(NOON)

    assert spent.amount == 7


def test_what_has_no_price_or_another_currency_is_counted_apart(
    ledger: Database, spend: Spend
) -> None:
    """Nothing is converted by a guess, and nothing is passed over in silence."""
    spend("1", "2026-11-23T11:00:00.000Z")
    spend(None, "2026-11-23T11:00:00.000Z")
    spend("2", "2026-11-23T11:00:00.000Z", currency="EUR")

    spent = Spending(ledger, "products", "day", "USD").so_far(NOON)

    assert (spent.amount, spent.uncounted) == (1, 2)


def test_an_event_without_a_job_is_noted_once(ledger: Database) -> None:
    """Also by the next daemon."""
    assert note_once(ledger, "budget_nearly_spent", "products: 80 %", NOON)
    ledger.write(lambda _: None).result(60)
    assert not note_once(ledger, "budget_nearly_spent", "products: 80 %", NOON)
    assert note_once(ledger, "budget_nearly_spent", "products: 80 % of more", NOON)


def test_sums_of_texts_lose_no_digit(ledger: Database, spend: Spend) -> None:
    """SQLite's sum equals that of Python's decimals, carries and NULLs included."""
    amounts = ["0.999999999999999999999999", "12345.000000010000000099", "7", "0.5"]
    for amount in [*amounts, None]:
        spend(amount, "2026-11-23T11:00:00.000Z")

    [row] = ledger.rows(f"SELECT {parts_of_sum('amount')} FROM job_charges")

    with localcontext(EXACT):
        assert summed(row, "amount") == sum(map(Decimal, amounts))
