"""The one thread that writes to the ledger, many pieces of work per commit."""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import sqlite_utils

from retouchd.errors import LedgerError
from retouchd.ledger.ballast import Ballast
from retouchd.ledger.faults import is_fatal, is_full, ledger_error
from retouchd.log import get_logger

log = get_logger()

T = TypeVar("T")

GROUP_LIMIT = 64
"""Pieces of work in one commit, at most."""


@dataclass(frozen=True)
class _Entry:
    """One piece of work and the future that its caller holds."""

    work: Callable[[sqlite_utils.Database], Any]
    future: Future[Any] = field(default_factory=Future)


class Writer:
    """Runs queued work on one connection and commits it in groups.

    A commit costs an fsync, so what is queued shares one: work that came while the
    last commit was under way forms the next group.

    Attributes:
        commits: durable commits so far.
        broken: why nothing can be written any more; ``None`` while all is well.
        short_of_space: why nothing new may be begun, while the room of the ballast
            still takes the ends of what runs.
    """

    def __init__(
        self,
        db: sqlite_utils.Database,
        file: Path,
        group_seconds: float,
        ballast: Ballast,
    ) -> None:
        self.commits = 0
        self.broken: LedgerError | None = None
        self.short_of_space: LedgerError | None = None
        self._ballast = ballast
        self._busy_since = 0.0
        self._db = db
        self._file = file
        self._group_seconds = group_seconds
        self._queue: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        self._thread = threading.Thread(
            target=self._run, name="ledger-writer", daemon=True
        )
        self._thread.start()

    def submit(self, work: Callable[[sqlite_utils.Database], T]) -> Future[T]:
        """Queue *work*; the future resolves once its effects are on the disk."""
        entry = _Entry(work)
        with self._closing:
            if not self._closed:
                self._queue.put(entry)
                return entry.future
        entry.future.set_exception(
            LedgerError("the ledger is already closed", file=self._file)
        )
        return entry.future

    @property
    def stalled_seconds(self) -> float:
        """How long the present group has taken so far; 0 between groups."""
        since = self._busy_since
        return time.monotonic() - since if since else 0.0

    def give_up(self, error: LedgerError) -> None:
        """Write nothing more: the database cannot be trusted any longer."""
        if self.broken is None:
            self.broken = error
            log.critical("ledger_broken", error=str(error), **error.facts)

    def close(self) -> None:
        """Write what is queued, then end the thread and close the connection."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()
        self._db.close()

    def _run(self) -> None:
        ended = False
        while not ended:
            entries = self._take()
            ended = None in entries  # close() queues its mark behind all work
            group = [
                entry
                for entry in entries
                if entry is not None and entry.future.set_running_or_notify_cancel()
            ]
            if group:
                self._write(group)

    def _take(self) -> list[_Entry | None]:
        """Wait for work; where more is queued behind it, gather that for a moment."""
        entries = [self._queue.get()]
        deadline = time.monotonic() + self._group_seconds
        crowded = not self._queue.empty()
        while crowded and entries[-1] is not None and len(entries) < GROUP_LIMIT:
            remaining = max(0.0, deadline - time.monotonic())
            try:
                entries.append(self._queue.get(timeout=remaining))
            except queue.Empty:
                break
        return entries

    def _write(self, group: list[_Entry]) -> None:
        self._busy_since = time.monotonic()
        if self.broken is None:
            try:
                self._commit_or_make_room(group)
            except sqlite3.Error as error:
                self.give_up(ledger_error(error, self._file))
                self._roll_back()
        if self.broken is not None:
            for entry in group:
                entry.future.set_exception(self.broken)
        self._busy_since = 0.0

    def _commit_or_make_room(self, group: list[_Entry]) -> None:
        """Commit *group*; where the disk is full, once more in the ballast's room."""
        try:
            self._commit(group)
        except sqlite3.Error as error:
            if not (is_full(error) and self._ballast.drop()):
                raise
            self._roll_back()
            self.short_of_space = ledger_error(error, self._file)
            log.critical("ledger_disk_full", error=str(self.short_of_space))
            self._commit(group)

    def _commit(self, group: list[_Entry]) -> None:
        """Run every piece of *group* in one transaction, then tell the callers."""
        self._db.conn.execute("BEGIN IMMEDIATE")
        tell_callers = [self._attempt(entry) for entry in group]
        self._db.conn.execute("COMMIT")
        self.commits += 1
        for tell in tell_callers:
            tell()

    def _attempt(self, entry: _Entry) -> Callable[[], None]:
        """Run one piece in its savepoint; return what will tell its caller.

        Raises:
            sqlite3.Error: the database is at fault, so the whole group is lost.
        """
        future = entry.future
        try:
            with self._db.atomic():
                result = entry.work(self._db)
        except sqlite3.Error as error:
            if is_fatal(error):
                raise
            return partial(future.set_exception, ledger_error(error, self._file))
        except Exception as error:  # noqa: BLE001  its caller gets it, not this thread
            return partial(future.set_exception, error)
        return partial(future.set_result, result)

    def _roll_back(self) -> None:
        # Some faults have ended the transaction already.
        with contextlib.suppress(sqlite3.Error):
            self._db.conn.execute("ROLLBACK")
