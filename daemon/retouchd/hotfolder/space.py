"""Room and health of the file systems below a root, proved and not assumed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_PROOF_BYTES = 64 * 1024
"""More than file systems keep inside an inode, so that a block must be found."""


def prove_health(folder: Path) -> None:
    """Create, write, force to disk and delete a file in *folder*.

    Reading proves nothing: a file system that was shut down still lists its folders.

    Raises:
        OSError: *folder* cannot be worked in now.
    """
    file = folder / f".health-{os.getpid()}"
    file.unlink(missing_ok=True)
    try:
        with file.open("xb") as writing:
            writing.write(bytes(_PROOF_BYTES))
            writing.flush()
            os.fsync(writing.fileno())
    finally:
        file.unlink(missing_ok=True)


def shortage(folders: Iterable[Path], reserve_bytes: int) -> str:
    """Say which file system has less free than the reserve; empty: none has.

    Raises:
        OSError: a share failed.
    """
    for folder in folders:
        facts = os.statvfs(folder)
        free = facts.f_bavail * facts.f_frsize
        if free < reserve_bytes:
            return (
                f"waiting for space: {free / 1e6:,.0f} MB are free at {folder}, "
                f"{reserve_bytes / 1e6:,.0f} MB are kept in reserve"
            )
        # File systems without a fixed number of inodes report none at all.
        if facts.f_files and not facts.f_favail:
            return f"waiting for space: no file more can be made at {folder}"
    return ""
