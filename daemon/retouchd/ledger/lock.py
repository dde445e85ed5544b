"""The lock that a running daemon holds on its database."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from retouchd.errors import LedgerError


def lock_database(path: Path) -> IO[str]:
    """Take the lock that a running daemon holds.

    Raises:
        LedgerError: a daemon already runs with this database.
    """
    try:
        path.parent.mkdir(exist_ok=True)
        file = path.with_name(path.name + ".lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise LedgerError(
            f"the database's folder cannot be used: {error.strerror}",
            hint="create it, or set `database` to another path",
            file=path,
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise LedgerError(
            "another retouchd runs with this database",
            hint="stop it first; see `retouchd status`",
            file=path,
        ) from error
    return file


def is_running(database: Path) -> bool:
    """Whether a daemon holds the lock of *database*."""
    try:
        lock_database(database).close()
    except LedgerError:
        return database.exists()
    return False
