"""What a hot folder has spent in this day or month, from its booked charges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

import sqlite_utils

from retouchd.ledger.database import Database
from retouchd.ledger.exact_sums import parts_of_sum, summed
from retouchd.ledger.units import EXACT
from retouchd.timestamps import utc

Span = Literal["day", "month"]


@dataclass(frozen=True)
class Period:
    """A UTC day or month.

    Attributes:
        begin: its first moment, as the ledger writes times.
        end: the first moment after it.
    """

    begin: str
    end: str

    def holds(self, at: str) -> bool:
        """Whether the time *at* lies in it."""
        return self.begin <= at < self.end


def period_of(span: Span, at: float) -> Period:
    """Return the day or month in which *at*, seconds since the epoch, lies."""
    begin = datetime.fromtimestamp(at, UTC).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    end = begin + timedelta(days=1)
    if span == "month":
        begin = begin.replace(day=1)
        end = (begin + timedelta(days=32)).replace(day=1)
    return Period(utc(begin.timestamp()), utc(end.timestamp()))


@dataclass(frozen=True)
class Spent:
    """What was booked in one period.

    Attributes:
        amount: in the currency of the budget.
        uncounted: charges without a price, or in another currency.
    """

    period: Period
    amount: Decimal
    uncounted: int


class Spending:
    """Adds up the charges of one hot folder; each row of a period is read once.

    What was booked decides, so a restart changes nothing; a charge counts in the
    period in which it was booked, whenever it is read.

    Args:
        database: the ledger; only read.
        hot_folder: name of the hot folder.
        span: how long a period is.
        currency: of the sum; others are not converted.
    """

    def __init__(
        self, database: Database, hot_folder: str, span: Span, currency: str
    ) -> None:
        self._database = database
        self._hot_folder = hot_folder
        self._span = span
        self._currency = currency
        self._spent: Spent | None = None
        self._last_charge = 0

    def so_far(self, at: float) -> Spent:
        """Return what was spent in the period in which *at* lies.

        Args:
            at: seconds since the epoch.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        period = period_of(self._span, at)
        if self._spent is None or self._spent.period != period:
            self._last_charge = 0
            self._spent = Spent(period, Decimal(0), 0)
        newest = self._newest()
        if newest > self._last_charge:
            self._spent = self._add(self._spent, newest)
            self._last_charge = newest
        return self._spent

    def _newest(self) -> int:
        [row] = self._database.rows("SELECT max(id) AS id FROM job_charges")
        return int(row["id"] or 0)

    def _add(self, spent: Spent, newest: int) -> Spent:
        """Add the charges after the last one read, up to *newest*."""
        rows = self._database.rows(
            _WHOLE_PERIOD if not self._last_charge else _SINCE_LAST,
            {
                "hot_folder": self._hot_folder,
                "begin": spent.period.begin,
                "end": spent.period.end,
                "last": self._last_charge,
                "newest": newest,
            },
        )
        amount, uncounted = spent.amount, spent.uncounted
        for row in rows:
            is_ours = row["currency"] == self._currency
            amount = EXACT.add(amount, summed(row, "amount") if is_ours else Decimal(0))
            uncounted += row["unpriced"] if is_ours else row["charges"]
        return Spent(spent.period, amount, uncounted)


def note_once(database: Database, what: str, detail: str, at: float) -> bool:
    """Write an event that belongs to no job, unless it is there already.

    Returns:
        whether it is new.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    known = database.rows(
        "SELECT 1 FROM events WHERE job_id IS NULL AND what = ? AND detail = ?",
        [what, detail],
    )
    if not known:
        row = {"at": utc(at), "what": what, "detail": detail}

        def work(db: sqlite_utils.Database) -> None:
            db.table("events").insert(row)

        database.tell(work)
    return not known


_SUMS = f"""
SELECT charges.currency, count(*) AS charges,
    count(*) FILTER (WHERE amount IS NULL) AS unpriced, {parts_of_sum("amount")}
FROM job_charges AS charges CROSS JOIN jobs ON jobs.id = job_id
"""  # noqa: S608  made of fixed texts

# The plus keeps SQLite from taking the index of the other column.
_WHOLE_PERIOD = f"""{_SUMS}
WHERE booked_at >= :begin AND booked_at < :end
    AND +charges.id <= :newest AND hot_folder = :hot_folder
GROUP BY charges.currency
"""

_SINCE_LAST = f"""{_SUMS}
WHERE charges.id > :last AND charges.id <= :newest
    AND +booked_at >= :begin AND +booked_at < :end AND hot_folder = :hot_folder
GROUP BY charges.currency
"""
