"""Decides when a file is complete; pure logic over scans and a monotonic clock."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from retouchd.intake.scan import Fingerprint, Seen

EMPTY_FACTOR = 10
"""An empty file gets this many settle times before it is refused as empty."""

ZERO_TAIL_BYTES = 64 * 1024
"""A tail of zeros this long may be space that a copy reserved and not yet filled."""


@dataclass(frozen=True)
class _Watched:
    fingerprint: Fingerprint
    quiet_since: float
    looks: int
    first_seen: float


class Settler:
    """Remembers what each file looked like and since when it has not changed.

    Args:
        settle_seconds: how long a file must be quiet, by the clock given to `look`.
    """

    def __init__(self, settle_seconds: float) -> None:
        self.settle_seconds = settle_seconds
        self._watched: dict[str, _Watched] = {}

    def look(self, files: Iterable[Seen], now: float) -> list[Seen]:
        """Take note of one scan; return the files that have been quiet long enough.

        Args:
            files: everything that the scan saw; what is missing is forgotten.
            now: seconds of a monotonic clock.
        """
        before, self._watched = self._watched, {}
        quiet = []
        for seen in files:
            watched = self._noted(before.get(seen.name), seen, now)
            self._watched[seen.name] = watched
            if watched.looks >= 2 and now >= self._due(watched):
                quiet.append(seen)
        return quiet

    @staticmethod
    def _noted(known: _Watched | None, seen: Seen, now: float) -> _Watched:
        if known is None or known.fingerprint != seen.fingerprint:
            first = known.first_seen if known else now
            return _Watched(seen.fingerprint, now, 1, first)
        return replace(known, looks=known.looks + 1)

    def _due(self, watched: _Watched) -> float:
        """When *watched* has been quiet for long enough."""
        factor = 1 if watched.fingerprint.size else EMPTY_FACTOR
        return watched.quiet_since + factor * self.settle_seconds

    def postpone(self, name: str, now: float) -> None:
        """Begin the quiet period of *name* again: it proved not to be complete."""
        known = self._watched.get(name)
        if known is not None:
            self._watched[name] = replace(known, quiet_since=now, looks=1)

    def quiet_for(self, name: str, now: float) -> float:
        """Seconds since *name* last changed; 0 for a file never seen."""
        known = self._watched.get(name)
        return now - known.quiet_since if known else 0.0

    def oldest(self, now: float) -> float:
        """Seconds since the oldest file still there was first seen; 0: no file."""
        first = min((one.first_seen for one in self._watched.values()), default=now)
        return now - first

    def next_look(self, now: float) -> float | None:
        """When the next file can become ready; ``None`` with nothing to wait for."""
        due = [max(self._due(w), now) for w in self._watched.values()]
        return min(due, default=None)


def has_writer(path: Path) -> bool:
    """Tell whether another process holds *path* open for writing.

    A read lease is refused while a writer exists (fcntl(2), F_SETLEASE). Where the
    file system has no leases, or the file is not ours, the answer is ``False`` and
    the quiet period alone decides.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except PermissionError:
        return False
    try:
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(handle)
    return False


def has_zero_tail(path: Path) -> bool:
    """Tell whether the last 64 KiB of *path* are all zero: reserved, not yet written.

    Shorter files are judged whole.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        size = os.fstat(handle).st_size
        tail = os.pread(handle, ZERO_TAIL_BYTES, max(0, size - ZERO_TAIL_BYTES))
    finally:
        os.close(handle)
    return bool(tail) and not any(tail)
