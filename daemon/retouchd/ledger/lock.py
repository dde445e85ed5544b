"""The lock that a running daemon holds on its database."""

from __future__ import annotations

import fcntl
import time
from pathlib import Path
from typing import IO

from retouchd.errors import LedgerError

PATIENCE_SECONDS = 0.3
"""How long a start waits for the lock: a command that looks holds it for a moment."""


def lock_database(path: Path, patience: float = PATIENCE_SECONDS) -> IO[str]:
    """Take the lock that a running daemon holds.

    Args:
        path: the database, which need not exist.
        patience: seconds to wait for the lock.

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
    give_up = time.monotonic() + patience
    while not _is_locked_now(file):
        if time.monotonic() >= give_up:
            file.close()
            raise LedgerError(
                "another retouchd runs with this database",
                hint="stop it first; see `retouchd status`",
                file=path,
            )
        time.sleep(0.02)
    return file


def _is_locked_now(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_running(database: Path) -> bool:
    """Whether a daemon holds the lock of *database*."""
    try:
        lock_database(database, patience=0.0).close()
    except LedgerError:
        return database.exists()
    return False
