"""Refuses to keep the ledger where SQLite's write-ahead log cannot be trusted."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from pathlib import Path

from retouchd.errors import LedgerError

FileSystemOf = Callable[[Path], int]
"""Gives the ``f_type`` of the file system that holds a folder."""

# Magic numbers: statfs(2) and linux/magic.h. FUSE counts as network, because nothing
# tells sshfs or a cloud mount from a local one.
_UNSUITABLE = {
    0x6969: "NFS",
    0x517B: "SMB",
    0xFF534D42: "CIFS",
    0xFE534D42: "SMB 2",
    0x65735546: "FUSE",
    0x01021997: "9P",
    0x00C36400: "Ceph",
    0x5346414F: "AFS",
    0x6B414653: "kAFS",
    0x73757245: "Coda",
    0x0BD00BD0: "Lustre",
    0x47504653: "GPFS",
    0x01161970: "GFS2",
    0x7461636F: "OCFS2",
}

_STATFS_BYTES = 256  # struct statfs is at most 120 bytes on Linux


def file_system_of(folder: Path) -> int:
    """Return the magic number of the file system below *folder*.

    Source: statfs(2); ``f_type`` is the first word of the structure.

    Raises:
        OSError: the folder cannot be examined.
    """
    answer = ctypes.create_string_buffer(_STATFS_BYTES)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.statfs(os.fsencode(folder), answer) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(folder))
    return ctypes.c_ulong.from_buffer(answer).value & 0xFFFFFFFF


def require_local(file: Path, file_system_of: FileSystemOf) -> None:
    """Make sure that *file* will lie on a local file system.

    Raises:
        LedgerError: it would not; the message names the file system and the reason.
    """
    try:
        name = _UNSUITABLE.get(file_system_of(file.parent))
    except OSError as error:
        raise LedgerError(
            f"the folder of the database cannot be examined: {error.strerror}",
            hint="set `database` to a path on a local disk",
            file=file,
        ) from error
    if name is not None:
        raise LedgerError(
            f"the database would lie on {name}, where SQLite's write-ahead log does "
            "not work: its shared memory and locks hold on one machine only",
            hint="set `database` to a path on a local disk",
            file=file,
            file_system=name,
        )
