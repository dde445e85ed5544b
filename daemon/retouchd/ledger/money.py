"""The money of a report: what was booked, and what it would cost at other prices."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal, localcontext

from retouchd.ledger.database import Query
from retouchd.ledger.exact_sums import parts_of_sum, summed
from retouchd.ledger.lines import Charged, Line
from retouchd.ledger.prices import Price, PriceBook
from retouchd.ledger.schema.tables import CATEGORIES
from retouchd.ledger.sums.tallies import Tally, decimal_of
from retouchd.ledger.units import EXACT, convert


def main_currency(total: Tally) -> str:
    """Return the currency of most charges; sums never mix two."""
    counted: Counter[str] = Counter()
    for (*_, currency), sums in sorted(total.charges.items()):
        counted[currency] += sums[3]
    return counted.most_common(1)[0][0] if counted else "USD"


def costs_of(tally: Tally, currency: str) -> dict[str, Decimal]:
    """Return the booked money by category."""
    sums = dict.fromkeys(CATEGORIES, 0)
    for (category, *_, money), charge in tally.charges.items():
        if money == currency:
            sums[category] += charge[2]
    return {category: decimal_of(number) for category, number in sums.items()}


def book_money(
    line: Line, tally: Tally, before: Tally, currency: str, prices: PriceBook | None
) -> None:
    """Fill the money of *line*.

    Args:
        line: changed.
        tally: its jobs.
        before: the jobs that its jobs refine and that arrived before the report.
        currency: of the report.
        prices: for the second figure; ``None``: not asked.
    """
    line.charges = charges_of(tally)
    line.costs = costs_of(tally, currency)
    line.clip_cost = decimal_of(tally.clips.get(currency, 0))
    line.unpriced = _unpriced(line.charges, currency)
    with localcontext(EXACT):
        line.carried = sum(costs_of(before, currency).values(), Decimal(0))
    if prices is not None:
        line.repriced, line.repriced_gaps = reprice(line.charges, prices, currency)
        earlier = charges_of(before)
        line.repriced_carried, _ = reprice(earlier, prices, currency)


def charges_of(tally: Tally) -> tuple[Charged, ...]:
    """Return the booked charges of a tally, item by item."""
    return tuple(
        Charged(
            category=category,
            item=item,
            unit=unit,
            measured=decimal_of(measured),
            priced_in=priced_in,
            quantity=decimal_of(quantity),
            currency=currency,
            amount=decimal_of(amount),
            charges=charges,
            unpriced=unpriced,
        )
        for (category, item, unit, priced_in, currency), (
            measured,
            quantity,
            amount,
            charges,
            unpriced,
        ) in sorted(tally.charges.items())
    )


def _unpriced(charges: tuple[Charged, ...], currency: str) -> int:
    return sum(
        charge.unpriced if charge.currency == currency else charge.charges
        for charge in charges
    )


def reprice(
    charges: tuple[Charged, ...], prices: PriceBook, currency: str
) -> tuple[Decimal, int]:
    """Return what *charges* cost at *prices*, and how many rows these do not cover.

    At the prices at which they were booked this is the booked amount, to the digit.
    """
    total, gaps = Decimal(0), 0
    for charge in charges:
        amount = amount_of(charge, prices.find(charge.item, charge.unit), currency)
        if amount is None:
            gaps += charge.charges
        else:
            total = EXACT.add(total, amount)
    return total, gaps


def amount_of(charge: Charged, price: Price | None, currency: str) -> Decimal | None:
    """Return what *charge* costs at *price*; ``None`` where that tells nothing."""
    if price is None or price.price is None or price.currency != currency:
        return None
    # The booked quantities were rounded one by one: their sum is not to be lost.
    same_unit = price.unit == charge.priced_in
    quantity = charge.quantity if same_unit else convert(charge.measured, price.unit)
    return EXACT.multiply(quantity, Decimal(price.price))


def idle_costs(query: Query, begin: str, end: str) -> dict[str, dict[str, Decimal]]:
    """Return by currency and category what was booked on no job in that time."""
    found: dict[str, dict[str, Decimal]] = {}
    for row in query(_IDLE, {"begin": begin, "end": end}):
        found.setdefault(row["currency"], {})[row["category"]] = summed(
            dict(row), "amount"
        )
    return found


_IDLE = f"""
SELECT currency, category, {parts_of_sum("amount")} FROM overheads
WHERE booked_at >= :begin AND booked_at < :end GROUP BY currency, category
"""  # noqa: S608  made of fixed texts
