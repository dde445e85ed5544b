"""The guide to costs as the ledger knows them now; used on the supervisor's side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from decimal import Decimal

from retouchd.jobs.cost_guide import CostGuide, Rates
from retouchd.ledger.database import Database
from retouchd.ledger.prices import Price, PriceBook, book_at
from retouchd.ledger.seen_usage import seen_usage
from retouchd.ledger.units import EXACT, base_unit, per_unit
from retouchd.timestamps import utc

REFRESH_SECONDS = 60.0
"""How old the guide may be; reading it anew takes some hundredths of a second."""


class CurrentCosts:
    """Keeps a guide to costs that is never much older than the ledger.

    Args:
        database: where prices and usage are.
        clock: seconds, never set back.
        now: seconds since the epoch, for the prices in force.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._guide = CostGuide()
        self._made_at = -REFRESH_SECONDS

    def guide(self) -> CostGuide:
        """Return the guide; called from any thread."""
        with self._lock:
            now = self._clock()
            if now - self._made_at >= REFRESH_SECONDS:
                self._guide = self._made()
                self._made_at = now
            return self._guide

    def _made(self) -> CostGuide:
        rows = self._database.rows(
            "SELECT * FROM prices ORDER BY provider, item, unit, version"
        )
        prices = book_at((Price(**row) for row in rows), utc(self._now()))
        return CostGuide(rates_of(prices), seen_usage(self._database))


def rates_of(book: PriceBook) -> Rates:
    """Return the prices of *book* for what a worker uses.

    All in the currency of the processor's price: sums never mix two.
    """
    cpu = book.find("cpu_core", "cpu_second")
    currency = cpu.currency if cpu else "USD"
    priced = [price for price in book.prices if price.currency == currency]
    gpu = (price for price in priced if base_unit(price.unit) == "gpu_second")
    return Rates(
        currency,
        _rate(cpu),
        _rate(PriceBook(priced).find("electricity", "joule")),
        tuple(
            (price.item, rate) for price in gpu if (rate := _rate(price)) is not None
        ),
    )


def _rate(price: Price | None) -> Decimal | None:
    """Return the price of one base unit; ``None``: unpriced."""
    if price is None or price.price is None:
        return None
    return EXACT.divide(Decimal(price.price), per_unit(price.unit))
