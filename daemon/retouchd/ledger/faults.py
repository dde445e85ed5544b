"""Turns SQLite's errors into errors that name the file and the way out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from retouchd.errors import LedgerError, LedgerRefusedError

REBUILD_HINT = "`retouchd fsck` says what can be rebuilt; it deletes no database"

# After these the database itself cannot be trusted to take another write.
_FATAL = {
    sqlite3.SQLITE_BUSY: "stop the other program that writes to it",
    sqlite3.SQLITE_LOCKED: "stop the other program that writes to it",
    sqlite3.SQLITE_NOMEM: "free memory on this machine",
    sqlite3.SQLITE_READONLY: "give the daemon's user the right to write there",
    sqlite3.SQLITE_IOERR: "look at the disk: the kernel log names the fault",
    sqlite3.SQLITE_CORRUPT: f"restore it from a backup, or: {REBUILD_HINT}",
    sqlite3.SQLITE_FULL: "free space on its disk",
    sqlite3.SQLITE_CANTOPEN: "check that its folder exists and can be written",
    sqlite3.SQLITE_NOTADB: f"set `database` to another path, or: {REBUILD_HINT}",
}

_HOPELESS = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _code(error: sqlite3.Error) -> int:
    """Return the primary result code; errors of the driver itself have none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_fatal(error: sqlite3.Error) -> bool:
    """Whether the database, and not the statement, is at fault."""
    return _code(error) in _FATAL


def is_full(error: sqlite3.Error) -> bool:
    """Whether the disk had no room; what was tried is undone and may be repeated."""
    return _code(error) == sqlite3.SQLITE_FULL


def ledger_error(error: sqlite3.Error, file: Path) -> LedgerError:
    """Say what SQLite said of *file*, with the way out where there is one."""
    kind = LedgerRefusedError if _code(error) in _HOPELESS else LedgerError
    return kind(
        f"the database failed: {error}",
        hint=_FATAL.get(_code(error), ""),
        file=file,
        sqlite=getattr(error, "sqlite_errorname", type(error).__name__),
    )
