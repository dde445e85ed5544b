"""The database file of the ledger: one writer thread, readers beside it."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import sqlite_utils

from retouchd.errors import LedgerError
from retouchd.ledger.faults import ledger_error
from retouchd.ledger.filesystem import FileSystemOf, file_system_of, require_local
from retouchd.ledger.prices import import_default_prices
from retouchd.ledger.schema import create_tables
from retouchd.ledger.writer import Writer
from retouchd.log import get_logger

log = get_logger()

T = TypeVar("T")

MIGRATIONS: tuple[Callable[[sqlite_utils.Database], None], ...] = (
    create_tables,
    import_default_prices,
)
"""Steps of the schema in order; ``PRAGMA user_version`` counts those that are done.

A released step is never edited: a change is a new step at the end.
"""

BUSY_SECONDS = 5.0
"""How long SQLite waits for another process that holds the lock."""

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
        self._idle_readers: deque[sqlite3.Connection] = deque()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        file_system_of: FileSystemOf = file_system_of,
        group_seconds: float = GROUP_SECONDS,
    ) -> Self:
        """Open the ledger for writing; create or migrate it where needed.

        Args:
            path: the database file; its folder is created, but not that one's parent,
                because a missing parent is a disk that is not mounted.
            file_system_of: gives the magic number of a folder's file system.
            group_seconds: see ``GROUP_SECONDS``.

        Raises:
            LedgerError: the folder is missing or on a network file system, or the
                file is damaged, locked, not writable, no database or too new.
        """
        _make_folder(path)
        require_local(path, file_system_of)
        try:
            db = _connect_for_writing(path)
        except sqlite3.Error as error:
            raise ledger_error(error, path) from error
        return cls(path, Writer(db, path, group_seconds))

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
        _refuse_newer(version, path)
        if version < len(MIGRATIONS):
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
        """Why nothing can be written any more; the daemon then stops claiming."""
        return self._writer.broken if self._writer else None

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
        future.add_done_callback(_log_failure)
        return future

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
            raise ledger_error(error, self.path) from error
        self._idle_readers.append(reader)
        return rows

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
            return _connect_for_reading(self.path)


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise LedgerError(
            f"the folder of the database cannot be made: {error.strerror}",
            hint=f"create {path.parent}, or set `database` to another path",
            file=path,
        ) from error


def _connect_for_reading(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # handed from thread to thread, never shared
    )
    connection.row_factory = sqlite3.Row
    return connection


def _connect_for_writing(path: Path) -> sqlite_utils.Database:
    """Open the writer's connection, durable at every commit, and migrate the schema."""
    connection = sqlite3.connect(
        path,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # opened here, then used by the writer thread alone
    )
    try:
        db = sqlite_utils.Database(connection, execute_plugins=False)
        # A power cut loses commits of a WAL below FULL: 48 of 88 cuts, measured.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            with closing(connection.execute(f"PRAGMA {pragma}")):
                pass
        _migrate(db, path)
    except BaseException:
        connection.close()
        raise
    return db


def _migrate(db: sqlite_utils.Database, path: Path) -> None:
    """Run the steps that are missing; all of them or none."""
    db.conn.execute("BEGIN IMMEDIATE")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    _refuse_newer(version, path)
    for step in MIGRATIONS[version:]:
        step(db)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    db.conn.execute("COMMIT")


def _refuse_newer(version: int, path: Path) -> None:
    if version > len(MIGRATIONS):
        raise LedgerError(
            f"written by a newer release (schema {version}, here {len(MIGRATIONS)})",
            hint="update retouchd, or set `database` to another path",
            file=path,
        )


def _log_failure(future: Future[Any]) -> None:
    error = future.exception()
    if error is not None:
        log.error("ledger_write_failed", error=str(error))
