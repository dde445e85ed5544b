"""Every price that the ledger ever had, read beside the writer."""

from __future__ import annotations

from collections.abc import Iterable

from retouchd.ledger.database import Database
from retouchd.ledger.lines import Charged
from retouchd.ledger.prices import Price, PriceBook


def price_history(database: Database) -> list[Price]:
    """Return all prices, the versions of each item in order.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    rows = database.rows("SELECT * FROM prices ORDER BY provider, item, unit, version")
    return [Price(**row) for row in rows]


def versions_for(prices: Iterable[Price], charges: Iterable[Charged]) -> list[Price]:
    """Return those of *prices* at which *charges* can have been booked."""
    charged = {(charge.item, charge.priced_in) for charge in charges}
    return [
        price
        for price in prices
        if any(
            unit == price.unit and PriceBook([price]).find(item, unit)
            for item, unit in charged
        )
    ]
