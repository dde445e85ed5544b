"""A consumer of results: sees each delivery by inotify and by scan, and may take it."""

from __future__ import annotations

import ctypes
import hashlib
import os
import select
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from auditor.inputs import mark_in

SCAN_SECONDS = 0.05
"""How often the folders are looked through, whatever inotify says."""

_IN_CLOSE_WRITE, _IN_MOVED_TO, _IN_CREATE = 0x8, 0x80, 0x100
_INTEREST = _IN_CLOSE_WRITE | _IN_MOVED_TO | _IN_CREATE
_IN_ISDIR = 0x40000000
_IN_CLOEXEC = 0o2000000
_HEADER_BYTES = 16

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Delivery:
    """One file under a final name, as it was when it was first seen.

    Attributes:
        path: where it was seen.
        mark: the number in its pixels; ``None``: it was not a whole picture.
        sha256: lower-case hex of its bytes.
        inode: its number; a copy under another name has another.
    """

    path: Path
    mark: int | None
    sha256: str
    inode: int


class Consumer:
    """Watches *folders* and everything below them while the context lasts.

    With *take* it removes each file at once, as a greedy consumer does.

    Attributes:
        deliveries: everything seen so far, in order.
    """

    def __init__(self, *folders: Path, take: bool = False) -> None:
        self.deliveries: list[Delivery] = []
        self._folders = folders
        self._take = take
        self._seen: set[tuple[Path, int, int, int]] = set()
        self._watched: dict[int, Path] = {}
        self._stop_read, self._stop_write = os.pipe()
        self._notify = _checked(_libc.inotify_init1(_IN_CLOEXEC))
        self._thread = threading.Thread(target=self._live, name="consumer")

    def __enter__(self) -> Self:
        for folder in self._folders:
            self._watch(folder)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.write(self._stop_write, b".")
        self._thread.join()
        self._scan()
        for handle in (self._notify, self._stop_read, self._stop_write):
            os.close(handle)

    def _live(self) -> None:
        while True:
            watched = (self._notify, self._stop_read)
            ready, _, _ = select.select(watched, (), (), SCAN_SECONDS)
            if self._stop_read in ready:
                return
            if self._notify in ready:
                for path in self._events():
                    self._look_at(path)
            else:
                self._scan()

    def _watch(self, folder: Path) -> None:
        name = os.fsencode(folder)
        number = _checked(_libc.inotify_add_watch(self._notify, name, _INTEREST))
        self._watched[number] = folder
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False) and entry.name != ".retouchd":
                self._watch(Path(entry.path))

    def _events(self) -> Iterator[Path]:
        """Yield what the waiting events name; folders that appear are watched too."""
        data, at = os.read(self._notify, 1 << 16), 0
        while at < len(data):
            number = int.from_bytes(data[at : at + 4], "little", signed=True)
            mask = int.from_bytes(data[at + 4 : at + 8], "little")
            length = int.from_bytes(data[at + 12 : at + 16], "little")
            name = data[at + _HEADER_BYTES : at + _HEADER_BYTES + length].rstrip(b"\0")
            at += _HEADER_BYTES + length
            if number not in self._watched:
                continue  # the queue overflowed; the scan sees what was lost
            path = self._watched[number] / os.fsdecode(name)
            if mask & _IN_ISDIR and path.name != ".retouchd":
                self._watch(path)
                yield from files_below(path)
            elif not mask & _IN_ISDIR:
                yield path

    def _scan(self) -> None:
        for folder in self._folders:
            for path in files_below(folder):
                self._look_at(path)

    def _look_at(self, path: Path) -> None:
        try:
            facts = path.lstat()
            fingerprint = (path, facts.st_ino, facts.st_size, facts.st_mtime_ns)
            if fingerprint in self._seen:
                return
            content = path.read_bytes()
            if self._take:
                path.unlink()
            else:
                self._seen.add(fingerprint)
        except FileNotFoundError:
            return  # taken away by somebody else meanwhile
        digest = hashlib.sha256(content).hexdigest()
        self.deliveries.append(Delivery(path, mark_in(content), digest, facts.st_ino))


def files_below(folder: Path) -> list[Path]:
    """Return every file below *folder*, the daemon's private folders left out."""
    found = []
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != ".retouchd"]
        found += [Path(here) / name for name in files]
    return sorted(found)


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
