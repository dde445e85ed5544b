"""Books what the daemon used while it waited for work."""

from __future__ import annotations

import time
from collections.abc import Callable

from retouchd.jobs.accounts import Accounts, Spent
from retouchd.ledger.database import Database
from retouchd.ledger.idle import book_idle
from retouchd.timestamps import utc

BOOK_SECONDS = 3600.0
"""How much idle time shares a row of the ledger; a crash loses what is not in it."""

LULL_SECONDS = 60.0
"""So long after the last job even a folder with files in it, one that is paused or
whose share is away, makes nothing of what is used now."""


class IdleTime:
    """Sorts the daemon's CPU time and books what is on no job; for one thread.

    Args:
        accounts: of the worker pool.
        database: the ledger.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        accounts: Accounts,
        database: Database,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._accounts = accounts
        self._database = database
        self._clock = clock
        self._since = clock()
        self._book_at = time.monotonic() + BOOK_SECONDS
        self._busy_at = time.monotonic()

    def beat(self, *, is_idle: bool, jobs: int) -> None:
        """Note whether the time since the last call was spent for jobs.

        Args:
            is_idle: no folder has anything to do.
            jobs: that wait or run.
        """
        now = time.monotonic()
        if jobs:
            self._busy_at = now
        self._accounts.tick(is_idle=is_idle or now - self._busy_at > LULL_SECONDS)
        if now >= self._book_at:
            self._book_at += BOOK_SECONDS
            self._book(self._accounts.take_idle())

    def close(self) -> None:
        """Book the rest, when no worker runs any more."""
        self._book(self._accounts.close())

    def _book(self, spent: Spent) -> None:
        span = utc(self._since), utc(now := self._clock())
        self._since = now
        if not self._database.broken:
            book_idle(
                self._database,
                spent.cpu_s,
                spent.joules,
                span,
                estimated=spent.joules_estimated,
            )
