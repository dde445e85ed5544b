"""Tells a full disk and a lost share from the fault of a file."""

from __future__ import annotations

import errno
import os

from retouchd.errors import FULL, StorageError
from retouchd.settings import HotFolder
from retouchd.values import Outcome

VANISHED = frozenset({errno.ENOENT, errno.ENOTDIR})
"""What a worker meets on an unmounted share; the file that is back proves it."""


def is_full(error: BaseException) -> bool:
    """Whether *error* says that there is no room."""
    return getattr(error, "errno", 0) in FULL


def share_down(folder: HotFolder, error: OSError) -> StorageError:
    """Wrap what the operating system said about a share."""
    code = error.errno or 0
    said = error.strerror or str(error)
    if code in FULL:
        return StorageError(
            f"waiting for space: {said}",
            hint="make room; the folder goes on by itself",
            file=error.filename or folder.path,
            errno=code,
        )
    return StorageError(
        f"the hot folder cannot be used: {said}",
        hint="check the mount, its free space and the rights of the daemon's user",
        file=error.filename or folder.path,
        errno=code,
    )


def setback(folder: HotFolder, outcome: Outcome) -> StorageError:
    """Make the trouble of a share out of what the worker met there."""
    return share_down(folder, OSError(outcome.errno, os.strerror(outcome.errno)))
