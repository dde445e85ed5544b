"""A FUSE file system that shows another folder and fails as it is told.

Run as a program: ``python passthrough.py FOLDER POINT FAULT``. FAULT is a file with a
JSON object, read anew before each call, or absent: ``operations`` that fail, with
``errno`` (0: they only take their time), after ``seconds``, when they were ``done`` or
not, and so many ``times``.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mfusepy

Entry = tuple[str, dict[str, int], int]

OPERATIONS = (
    *("getattr", "readdir", "statfs", "open", "create", "read", "write", "flush"),
    *("release", "fsync", "fsyncdir", "rename", "link", "unlink", "mkdir", "rmdir"),
    *("truncate", "utimens", "chmod"),
)


class Passthrough(mfusepy.Operations):
    """Hands each call on to *folder*, with the faults that the file *fault* names.

    Times go in and out as whole nanoseconds.
    """

    use_ns = True

    def __init__(self, folder: Path, fault: Path) -> None:
        self._folder = folder
        self._fault = fault
        self._failed = 0
        self._text = ""
        self._lock = threading.Lock()
        for op in OPERATIONS:
            setattr(self, op, functools.partial(self._do, op, getattr(self, op)))

    def _do(self, op: str, act: Callable[..., Any], *args: Any) -> Any:
        """Let *act* do the operation *op*, or fail as told."""
        fault = self._due(op)
        if fault is None:
            return _as_fuse(lambda: act(*args))
        time.sleep(fault["seconds"])
        if fault["done"] or not fault["errno"]:
            answer = _as_fuse(lambda: act(*args))
            if not fault["errno"]:
                return answer
        raise mfusepy.FuseOSError(fault["errno"])

    def _due(self, op: str) -> dict[str, Any] | None:
        with self._lock:
            try:
                text = self._fault.read_text()
            except FileNotFoundError:
                return None
            if text != self._text:
                self._text, self._failed = text, 0
            fault: dict[str, Any] = json.loads(text)
            if op not in fault["operations"] or self._failed >= fault["times"]:
                return None
            self._failed += 1
            return fault

    def _real(self, path: str) -> str:
        return f"{self._folder}{path}"

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        """Tell everything of a file."""
        facts = os.fstat(fh) if fh else os.lstat(self._real(path))
        found = {key: getattr(facts, key) for key in dir(facts) if key[:3] == "st_"}
        return found | {
            key: found[f"{key}_ns"] for key in ("st_atime", "st_mtime", "st_ctime")
        }

    def readdir(self, path: str, fh: int) -> list[Entry]:  # noqa: ARG002  (its contract)
        """List a folder; names without inodes would be left out by the C library."""
        listing: list[Entry] = [(name, {"st_ino": 1}, 0) for name in (".", "..")]
        for entry in os.scandir(self._real(path)):
            facts = entry.stat(follow_symlinks=False)
            kept = {"st_ino": facts.st_ino, "st_mode": facts.st_mode}
            listing.append((entry.name, kept, 0))
        return listing

    def statfs(self, path: str) -> dict[str, int]:
        """Tell how much is free."""
        facts = os.statvfs(self._real(path))
        return {key: getattr(facts, key) for key in dir(facts) if key[:2] == "f_"}

    def open(self, path: str, flags: int) -> int:
        """Open a file."""
        return os.open(self._real(path), flags)

    def create(self, path: str, mode: int, fi: Any = None) -> int:  # noqa: ARG002
        """Make a file and open it."""
        return os.open(self._real(path), os.O_RDWR | os.O_CREAT | os.O_TRUNC, mode)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:  # noqa: ARG002
        """Read."""
        return os.pread(fh, size, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:  # noqa: ARG002
        """Write."""
        return os.pwrite(fh, data, offset)

    def flush(self, path: str, fh: int) -> int:  # noqa: ARG002
        """Answer close(2), which may report what went wrong before."""
        return 0

    def release(self, path: str, fh: int) -> int:  # noqa: ARG002
        """Close for good."""
        os.close(fh)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:  # noqa: ARG002
        """Force a file to disk."""
        os.fsync(fh)
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:  # noqa: ARG002
        """Force a folder to disk."""
        return 0

    def rename(self, old: str, new: str, flags: int = 0) -> int:
        """Rename; without overwriting it cannot, like most of its kind."""
        if flags:
            raise mfusepy.FuseOSError(22)
        Path(self._real(old)).rename(self._real(new))
        return 0

    def link(self, target: str, source: str) -> int:
        """Give the file *source* a second name, *target*."""
        os.link(self._real(source), self._real(target))
        return 0

    def unlink(self, path: str) -> int:
        """Take a name away."""
        Path(self._real(path)).unlink()
        return 0

    def mkdir(self, path: str, mode: int) -> int:
        """Make a folder."""
        Path(self._real(path)).mkdir(mode)
        return 0

    def rmdir(self, path: str) -> int:
        """Remove an empty folder."""
        Path(self._real(path)).rmdir()
        return 0

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        """Set a file's size."""
        os.truncate(fh or self._real(path), length)
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        """Set a file's times, in nanoseconds."""
        os.utime(self._real(path), ns=times)
        return 0

    def chmod(self, path: str, mode: int) -> int:
        """Set a file's mode."""
        Path(self._real(path)).chmod(mode)
        return 0


def _as_fuse(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except OSError as error:
        raise mfusepy.FuseOSError(error.errno or 5) from error


if __name__ == "__main__":
    mfusepy.FUSE(
        Passthrough(Path(sys.argv[1]), Path(sys.argv[3])),
        sys.argv[2],
        foreground=True,
        use_ino=True,
        attr_timeout=0,
        entry_timeout=0,
        default_permissions=True,
        allow_other=True,
    )
