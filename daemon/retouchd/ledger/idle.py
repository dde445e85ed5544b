"""Books what the daemon used while no job was under way: it is on no job.

The rows look like those of ``job_charges``, so that they are priced, re-priced and
added up in the same way; only the job is missing.
"""

from __future__ import annotations

from concurrent.futures import Future
from decimal import Decimal

import sqlite_utils

from retouchd.ledger.database import Database
from retouchd.ledger.prices import current
from retouchd.ledger.usage import Usage, charge_row

_PLACES = Decimal("1E-6")


def book_idle(
    database: Database,
    cpu_s: float,
    joules: float,
    span: tuple[str, str],
    *,
    estimated: bool,
) -> Future[None]:
    """Book seconds of the processor and their energy at the prices of the moment.

    Args:
        database: the ledger.
        cpu_s: CPU seconds on no job.
        joules: their energy.
        span: from when until when, as text.
        estimated: whether *joules* was not measured.
    """
    began_at, at = span

    def work(db: sqlite_utils.Database) -> None:
        prices = current(db, at)
        for usage, is_guess in (
            (Usage("compute", "cpu_core", "cpu_second", _exact(cpu_s)), False),
            (Usage("energy", "electricity", "joule", _exact(joules)), estimated),
        ):
            if usage.measured > 0:
                row = charge_row(db, usage, usage.measured, prices, at)
                db.table("overheads").insert(
                    row | {"began_at": began_at, "estimated": is_guess}
                )

    return database.tell(work)


def _exact(number: float) -> Decimal:
    return Decimal(number).quantize(_PLACES)
