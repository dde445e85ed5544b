"""A file that only takes up room: deleted, it lets the last words be written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from retouchd.errors import LedgerError

BALLAST_BYTES = 16 * 2**20
"""Room for the transitions of some thousand jobs, in the write-ahead log."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class Ballast:
    """The reserve beside a database, on the same disk.

    Args:
        database: the file whose disk may fill up.
        size: bytes to hold; 0: none.
    """

    def __init__(self, database: Path, size: int) -> None:
        self.path = database.with_name(database.name + ".ballast")
        self._size = size

    def take_on(self) -> None:
        """Make sure that the reserve is there.

        Raises:
            LedgerError: the disk has no room for it.
        """
        if not self._size or self._is_whole():
            return
        try:
            with self.path.open("wb") as file:
                # Really allocated: a file with a hole in it frees nothing.
                os.posix_fallocate(file.fileno(), 0, self._size)
        except OSError as error:
            self.path.unlink(missing_ok=True)
            if error.errno not in _NO_ROOM:
                raise self._error(f"cannot be made: {error.strerror}") from error
            raise self._error("has no room: the disk is full") from error

    def drop(self) -> bool:
        """Give the room free; return whether there was any."""
        try:
            self.path.unlink()
        except OSError:
            return False
        return True

    def _is_whole(self) -> bool:
        try:
            return self.path.stat().st_size == self._size
        except FileNotFoundError:
            return False

    def _error(self, what: str) -> LedgerError:
        return LedgerError(
            f"the reserve of {self._size // 2**20} MiB beside the database {what}",
            hint="free space on that disk; the daemon starts when there is some",
            file=self.path,
        )
