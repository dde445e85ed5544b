"""Who may work on a root: a record in it that its owner keeps fresh.

The storage cannot be asked to refuse a stale daemon, so the fence is made of folders:
claims and stages lie below the number of their owner's epoch. A new owner makes the
record of the next epoch, removes the old one, and moves every file out of the old
folders before it removes those. Whoever was thought dead and wakes then finds neither
its record nor its folders (seen to hold on tmpfs, ext4, CIFS and NFS).
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from retouchd.errors import LostRootError
from retouchd.hotfolder.marker import require_marker_in

RECORD_BYTES = 512
"""Fixed, so that a record is rewritten in place and never read half."""


@dataclass(frozen=True)
class Record:
    """What an owner says of itself.

    Attributes:
        daemon: random, one for each run of a daemon.
        ledger: id of its ledger; a restarted daemon knows its own work by it.
        host, boot: the machine and its boot id.
        pid: the process, for people.
        inherits: first epoch whose jobs stand in the same ledger.
        beat: counted up while the owner lives.
        released: the owner ended its work in order.
    """

    daemon: str
    ledger: str
    host: str
    boot: str
    pid: int
    inherits: int = 1
    beat: int = 0
    released: bool = False

    def packed(self) -> bytes:
        """Return the bytes of the file."""
        return json.dumps(asdict(self)).encode().ljust(RECORD_BYTES - 1) + b"\n"

    @classmethod
    def read(cls, data: bytes) -> Record | None:
        """Read the file back; ``None``: it is no whole record."""
        try:
            return cls(**json.loads(data))
        except (ValueError, TypeError):
            return None


@dataclass(frozen=True)
class Patience:
    """Times of ownership, in seconds.

    Attributes:
        beat: how often an owner rewrites its record.
        takeover: how long a record must not have changed before its owner counts as
            dead, by the watcher's own monotonic clock.
    """

    beat: float = 10.0
    takeover: float = 60.0


def new_record(ledger: str) -> Record:
    """Make the record of this process for one root."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return Record(secrets.token_hex(8), ledger, os.uname().nodename, boot, os.getpid())


class Owner:
    """The right to work on a root, as long as nobody takes it over.

    Attributes:
        epoch: number of the folders that are ours.
        inherits: jobs of older epochs went through another ledger.
    """

    def __init__(
        self, file: Path, record: Record, handle: int, beat_seconds: float
    ) -> None:
        self.epoch = int(file.name)
        self.inherits = record.inherits
        self._file = file
        self._record = record
        self._handle = handle
        self._beat_seconds = beat_seconds
        self._next_beat = 0.0

    @property
    def next_beat(self) -> float:
        """When the record is due, by the monotonic clock."""
        return self._next_beat

    def require(self) -> None:
        """See that the root is still there and ours.

        Raises:
            LostRootError: another daemon took it over.
            StorageError: it is not mounted.
            OSError: the share failed.
        """
        require_marker_in(self._file.parent.parent)
        with self._opened(os.O_RDONLY):
            pass

    def beat(self, now: float) -> None:
        """Rewrite the record when it is due; raises as `require` does."""
        if now >= self._next_beat:
            self._rewrite(replace(self._record, beat=self._record.beat + 1))
            self._next_beat = now + self._beat_seconds

    def release(self) -> None:
        """Say that the work ended in order: the next daemon need not wait."""
        self._rewrite(replace(self._record, released=True))

    def close(self) -> None:
        """Let go of the lock; the record stays. Harmless twice."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def _rewrite(self, record: Record) -> None:
        self._record = record
        with self._opened(os.O_RDWR) as handle:
            os.pwrite(handle, record.packed(), 0)

    @contextmanager
    def _opened(self, flags: int) -> Iterator[int]:
        """Open the record by its name: shares look afresh at every open."""
        try:
            handle = os.open(self._file, flags)
        except FileNotFoundError:
            require_marker_in(self._file.parent.parent)
            raise _lost(self._file) from None
        try:
            found = Record.read(os.pread(handle, RECORD_BYTES, 0))
            if found is not None and found.daemon != self._record.daemon:
                raise _lost(self._file)
            yield handle
        finally:
            os.close(handle)


def _lost(file: Path) -> LostRootError:
    return LostRootError(
        "another retouchd took this hot folder over; nothing more is done here",
        hint="let one daemon work on it; restart this one if that is to be it",
        file=file.parent.parent.parent,
    )
