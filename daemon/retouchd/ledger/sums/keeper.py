"""Keeps the sums of reports fresh while the daemon runs, so that no report waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from retouchd.errors import LedgerError
from retouchd.ledger.database import Database
from retouchd.ledger.sums.rollups import AFTER, Rollups, Window, days_of
from retouchd.log import get_logger
from retouchd.timestamps import utc

log = get_logger()

EVERY_SECONDS = 600.0
"""How often it looks. A report adds up for itself what changed since."""

HOUR_SECONDS = 3600.0
"""Younger hours still change with every job: they are left to the reports."""


class SumsKeeper:
    """Adds up finished hours in a thread of its own, a day at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._closing = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="ledger-sums", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """End the thread; a day that is begun is finished."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(EVERY_SECONDS):
            try:
                self.catch_up(time.time())
            except LedgerError as error:
                log.warning("sums_not_kept", error=str(error))

    def catch_up(self, at: float) -> None:
        """Add up what arrived until an hour before *at*, seconds since the epoch.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        until = utc(at - HOUR_SECONDS)
        for _ in catch_up(self._database, until):
            if self._closing.is_set():
                return


def catch_up(database: Database, until: str) -> Iterator[tuple[int, int]]:
    """Add up again what changed of the jobs that arrived before *until*.

    Yields:
        after each day, which one it is and how many there are.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    with database.snapshot() as query:
        days = days_of(query, Window("", until))
    with Rollups.beside(database.path) as rollups:
        for number, day in enumerate(days, 1):
            # A snapshot for each: a long one would let the write-ahead log grow.
            with database.snapshot() as query:
                rollups.catch_up(query, Window(day, min(until, f"{day}{AFTER}")))
            yield number, len(days)
