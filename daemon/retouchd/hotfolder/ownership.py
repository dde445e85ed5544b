"""How a daemon becomes the owner of a root: at once, after proof, or after a wait."""

from __future__ import annotations

import fcntl
import os
from dataclasses import replace
from pathlib import Path

from retouchd.delivery.place import sync_folders
from retouchd.errors import LostRootError, RootInUseError
from retouchd.hotfolder.owner import (
    RECORD_BYTES,
    Owner,
    Patience,
    Record,
    new_record,
)


class Ownership:
    """One daemon's wish to own one root; it outlives a share's absence.

    Args:
        ledger: id of our ledger.
        patience: the times of ownership.
        takeover: take the root over at once, for an owner known to be dead.
    """

    def __init__(self, ledger: str, patience: Patience, *, takeover: bool) -> None:
        self._record = new_record(ledger)
        self._patience = patience
        self._takeover = takeover
        self._mine = 0
        self._seen = (0, b"")
        self._unchanged_since = 0.0
        self._looked_at = 0.0

    def take(
        self, private: Path, now: float, *, is_network: bool
    ) -> tuple[Owner, bool]:
        """Become the owner of the root whose hidden folder is *private*.

        Args:
            private: where the records lie, in ``owner/``.
            now: seconds of the monotonic clock.
            is_network: whether a lock that is free on this machine proves nothing.

        Returns:
            the owner, and whether its folders have yet to be made and filled.

        Raises:
            RootInUseError: another daemon lives, or may live; ask again soon.
            LostRootError: the root was ours and was taken over.
            OSError: the share failed.
        """
        folder = private / "owner"
        folder.mkdir(exist_ok=True)
        newest = max(_numbers(folder), default=0)
        if self._mine:
            return self._resumed(folder, newest), False
        if not newest:
            owner = self._made(folder, max(1, _highest_epoch(private)), inherits=1)
        else:
            owner = self._succeeded(folder / str(newest), now, is_network=is_network)
        self._mine = owner.epoch
        self._takeover = False
        return owner, True

    def _resumed(self, folder: Path, newest: int) -> Owner:
        """Go on in our own epoch: jobs of ours still run in it."""
        file = folder / str(self._mine)
        if newest == self._mine:
            handle = os.open(file, os.O_RDWR)
            found = Record.read(_content(handle))
            if found is None or found.daemon == self._record.daemon:
                _try_lock(handle)
                return Owner(file, self._record, handle, self._patience.beat)
            os.close(handle)
        raise LostRootError(
            "another retouchd took this hot folder over while its share was away",
            hint="let one daemon work on it; restart this one if that is to be it",
            file=folder.parent.parent,
        )

    def _succeeded(self, file: Path, now: float, *, is_network: bool) -> Owner:
        """Follow the owner that wrote *file*, if it is dead."""
        try:
            handle = os.open(file, os.O_RDWR)
        except FileNotFoundError as error:
            raise _in_use(file, None) from error  # its successor was quicker than we
        try:
            content = _content(handle)
            old = Record.read(content)
            is_locked = _try_lock(handle)
            is_ours = old is not None and old.ledger == self._record.ledger
            if self._is_dead(old, is_locked=is_locked, is_network=is_network):
                if is_locked and is_ours and old is not None:
                    return self._adopted(file, old, handle)
            elif not self._may_take_over(int(file.name), content, now):
                raise _in_use(file, old)
            epoch = int(file.name) + 1
            inherits = old.inherits if is_ours and old is not None else epoch
            return self._made(file.parent, epoch, inherits)
        finally:
            os.close(handle)

    def _is_dead(
        self, old: Record | None, *, is_locked: bool, is_network: bool
    ) -> bool:
        """Whether the owner is dead for sure, so that nobody has to wait.

        The kernel frees the lock of a dead process. On a local disk that is proof; on
        a share only for a process of this machine, since the server may have dropped
        the lock of another one that merely lost its way.
        """
        if old is not None and old.released:
            return True
        if not is_network or old is None:
            return is_locked and not is_network
        here = (self._record.host, self._record.boot)
        return is_locked and (old.host, old.boot) == here

    def _may_take_over(self, epoch: int, content: bytes, now: float) -> bool:
        """Whether the record has not changed for long enough, without a gap of ours."""
        longest_gap = self._patience.takeover / 2
        if (epoch, content) != self._seen or now - self._looked_at > longest_gap:
            self._seen = (epoch, content)
            self._unchanged_since = now
        self._looked_at = now
        return self._takeover or now - self._unchanged_since >= self._patience.takeover

    def _adopted(self, file: Path, old: Record, handle: int) -> Owner:
        """Go on in the epoch of our own ledger's dead daemon; its lock is ours."""
        self._record = replace(self._record, inherits=old.inherits)
        os.pwrite(handle, self._record.packed(), 0)
        return Owner(file, self._record, os.dup(handle), self._patience.beat)

    def _made(self, folder: Path, epoch: int, inherits: int) -> Owner:
        """Begin *epoch*; of several who try, one succeeds."""
        file = folder / str(epoch)
        try:
            handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        except FileExistsError as error:
            raise _in_use(file, None) from error
        _try_lock(handle)
        self._record = replace(self._record, inherits=inherits)
        os.pwrite(handle, self._record.packed(), 0)
        os.fsync(handle)
        # First the records, then the files: who wakes must see at once that it lost.
        for number in _numbers(folder):
            if number < epoch:
                (folder / str(number)).unlink(missing_ok=True)
        sync_folders([folder])
        return Owner(file, self._record, handle, self._patience.beat)


def _content(handle: int) -> bytes:
    return os.pread(handle, RECORD_BYTES, 0)


def _try_lock(handle: int) -> bool:
    """Whether the lock is ours now; ``False`` also where there are no locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _numbers(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir() if path.name.isdigit()]


def _highest_epoch(private: Path) -> int:
    """Return the newest epoch of which folders are left; 0: none."""
    parents = [private / "claims", private / "tmp"]
    return max((n for one in parents if one.is_dir() for n in _numbers(one)), default=0)


def _in_use(file: Path, old: Record | None) -> RootInUseError:
    who = f" (process {old.pid} on {old.host})" if old else ""
    return RootInUseError(
        f"another retouchd works on this hot folder{who}",
        hint="stop it, or take the hot folder out of one configuration; if that "
        "machine is dead, wait a minute or start with --takeover",
        file=file.parent.parent.parent,
    )
