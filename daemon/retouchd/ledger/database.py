"""The database file of the ledger: one writer thread, readers beside it."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import sqlite_utils

from retouchd.errors import LedgerError
from retouchd.ledger.ballast import Ballast
from retouchd.ledger.connection import connect_for_reading, connect_for_writing
from retouchd.ledger.faults import is_fatal, ledger_error
from retouchd.ledger.filesystem import FileSystemOf, file_system_of, require_local
from retouchd.ledger.schema.migrations import is_current, refuse_newer
from retouchd.ledger.writer import Writer
from retouchd.log import get_logger

log = get_logger()

T = TypeVar("T")

Query = Callable[[str, Mapping[str, object]], Iterable[sqlite3.Row]]
"""Runs one query of a snapshot and gives its rows."""

GROUP_SECONDS = 0.005
"""How long a commit waits for more work, when there is a crowd of it."""


class Database:
    """The ledger's SQLite file.

    Writing goes through ``write``; any thread may read at any time and sees what was
    committed last.
    """

    def __init__(self, path: Path, writer: Writer | None) -> None:
        self.path = path
        self._writer = writer
        self._identity = _identity(path)
        self._idle_readers: deque[sqlite3.Connection] = deque()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        file_system_of: FileSystemOf = file_system_of,
        group_seconds: float = GROUP_SECONDS,
        ballast_bytes: int = 0,
    ) -> Self:
        """Open the ledger for writing; create or migrate it where needed.

        Args:
            path: the database file; its folder is created, but not that one's parent,
                because a missing parent is a disk that is not mounted.
            file_system_of: gives the magic number of a folder's file system.
            group_seconds: see ``GROUP_SECONDS``.
            ballast_bytes: size of the reserve that is kept for a full disk.

        Raises:
            LedgerError: the folder is missing or on a network file system, or the
                file is locked or not writable, or its disk is full.
            LedgerRefusedError: the file is damaged, no ledger of ours, or too new.
        """
        _make_folder(path)
        require_local(path, file_system_of)
        ballast = Ballast(path, ballast_bytes)
        ballast.take_on()
        try:
            db = connect_for_writing(path)
        except sqlite3.Error as error:
            raise ledger_error(error, path) from error
        return cls(path, Writer(db, path, group_seconds, ballast))

    @classmethod
    def open_reading(cls, path: Path) -> Self:
        """Open the ledger for reading only, also while the daemon writes to it.

        Raises:
            LedgerError: there is no ledger yet, it is damaged, or its schema is not
                the one of this release.
        """
        if not path.is_file():
            raise LedgerError(
                "there is no database yet",
                hint="`retouchd run` creates it; or name it with `database`",
                file=path,
            )
        database = cls(path, writer=None)
        version = database.rows("PRAGMA user_version")[0]["user_version"]
        refuse_newer(version, path)
        if not is_current(version):
            raise LedgerError(
                "the database is not yet brought up to this release",
                hint="start `retouchd run` once",
                file=path,
            )
        return database

    @property
    def commits(self) -> int:
        """Durable commits so far."""
        return self._writer.commits if self._writer else 0

    @property
    def broken(self) -> LedgerError | None:
        """Why nothing can be written any more; the daemon then finishes nothing."""
        return self._writer.broken if self._writer else None

    @property
    def short_of_space(self) -> LedgerError | None:
        """Why nothing new may be begun: only the reserve is left for what runs."""
        return self._writer.short_of_space if self._writer else None

    @property
    def stalled_seconds(self) -> float:
        """How long the present commit has taken; a dead disk never ends it."""
        return self._writer.stalled_seconds if self._writer else 0.0

    def require_health(self) -> None:
        """Make sure that what is written now will be found at the next start.

        Raises:
            LedgerError: the ledger broke, its disk is full, or its file was moved.
        """
        if self._writer and not self.broken and _identity(self.path) != self._identity:
            self._writer.give_up(
                LedgerError(
                    "the database was moved, deleted or replaced under the daemon",
                    hint="put it back, or run `retouchd fsck`; then start again",
                    file=self.path,
                )
            )
        if trouble := self.broken or self.short_of_space:
            raise trouble

    def write(self, work: Callable[[sqlite_utils.Database], T]) -> Future[T]:
        """Queue *work* for the writer thread.

        *work* runs in a savepoint of its own: if it raises, only its own changes are
        undone. It must neither commit nor wait for another ``write``.

        Returns:
            a future that resolves after the commit, with what *work* returned or
            raised; SQLite's own errors arrive as ``LedgerError``.

        Raises:
            LedgerError: the database was opened for reading.
        """
        if self._writer is None:
            raise LedgerError("opened for reading only", file=self.path)
        return self._writer.submit(work)

    def tell(self, work: Callable[[sqlite_utils.Database], T]) -> Future[T]:
        """Queue *work* as ``write`` does, for callers that go on without waiting.

        If it fails, the log says so: nobody else would.
        """
        future = self.write(work)
        future.add_done_callback(self._log_failure)
        return future

    def _log_failure(self, future: Future[Any]) -> None:
        error = future.exception()
        # That the whole ledger broke was logged once, by its writer.
        if error is not None and error is not self.broken:
            log.error("ledger_write_failed", error=str(error))

    def rows(
        self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> list[dict[str, Any]]:
        """Run one query on a read-only connection and return all of its rows.

        Raises:
            LedgerError: the query is wrong or the database cannot be read.
        """
        try:
            reader = self._reader()
            rows = [dict(row) for row in reader.execute(sql, parameters)]
        except sqlite3.Error as error:
            trouble = ledger_error(error, self.path)
            if self._writer and is_fatal(error):
                self._writer.give_up(trouble)
            raise trouble from error
        self._idle_readers.append(reader)
        return rows

    @contextmanager
    def snapshot(self) -> Iterator[Query]:
        """Let several queries see the ledger as it is at the first of them.

        Raises:
            LedgerError: a query is wrong or the database cannot be read.
        """
        reader = self._reader()
        try:
            reader.execute("BEGIN")
            yield reader.execute
            reader.execute("COMMIT")
        except sqlite3.Error as error:
            reader.close()
            raise ledger_error(error, self.path) from error
        self._idle_readers.append(reader)

    def close(self) -> None:
        """Write what is queued and close every connection."""
        while self._idle_readers:
            self._idle_readers.pop().close()
        if self._writer is not None:
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _reader(self) -> sqlite3.Connection:
        """Take an idle read connection or open one; no two threads ever share it."""
        try:
            return self._idle_readers.pop()
        except IndexError:
            return connect_for_reading(self.path)


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise LedgerError(
            f"the folder of the database cannot be made: {error.strerror}",
            hint=f"create {path.parent}, or set `database` to another path",
            file=path,
        ) from error


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one of its name; ``None``: it is gone."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
