"""The file that tells workers what was delivered before: who looks like what.

One process appends, others read on while it grows. The ledger holds the same; the file
can be made from it at any time.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retouchd.log import get_logger
from retouchd.media.fingerprint import PATTERN_BITS, Fingerprint

log = get_logger()

_RECORD = np.dtype(
    [
        ("steps", "<u8"),
        ("pattern", "<u8"),
        ("folder", "<u4"),
        ("job", "S26"),
        ("name", "S82"),
    ]
)
_LAYOUT = struct.Struct("<QQI26s82s")
_COLUMNS = np.dtype([("steps", "<u8"), ("pattern", "<u8"), ("folder", "<u4")])
_ENDING = ".fingerprints"
_FIRST_ROOM = 1024


@dataclass(frozen=True)
class Delivered:
    """One picture that was delivered.

    Attributes:
        name: of its source, below ``in/``; the file keeps the last 82 bytes. Empty:
            the delivery was taken back.
    """

    job: str
    hot_folder: str
    name: str
    fingerprint: Fingerprint


@dataclass(frozen=True)
class Resemblance:
    """The delivery that a picture resembles most, and by how many bits of 64."""

    distance: int
    job: str
    name: str


def withdrawn(delivered: Delivered) -> Delivered:
    """Return the record that takes *delivered* back."""
    return replace(delivered, name="")


def file_beside(database: Path) -> Path:
    """Return where the fingerprints of the ledger *database* lie."""
    return database.with_name(database.name + _ENDING)


def write_all(file: Path, delivered: Iterable[Delivered]) -> None:
    """Replace *file* by one with exactly these records.

    Raises:
        OSError: it cannot be written.
    """
    fresh = file.with_name(f"{file.name}.new")
    with fresh.open("wb") as out:
        for one in delivered:
            out.write(_packed(one))
    fresh.replace(file)


def append(file: Path, delivered: Iterable[Delivered]) -> None:
    """Add records to the end of *file*; all of them or none.

    Raises:
        OSError: it cannot be written; the file is as before.
    """
    records = b"".join(_packed(one) for one in delivered)
    with file.open("ab", buffering=0) as out:
        size = out.seek(0, os.SEEK_END)
        if out.write(records) != len(records):
            out.truncate(size)
            raise OSError(f"{file} could not grow")


class FingerprintFile:
    """Searches a file of fingerprints; safe to use from several threads.

    What is compared is kept in memory, 20 bytes a picture; names stay in the file.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = Lock()
        self._rows = np.empty(_FIRST_ROOM, _COLUMNS)
        self._count = 0
        self._withdrawn: set[bytes] = set()

    def nearest(
        self, fingerprint: Fingerprint, most: int, hot_folder: str | None, own: str
    ) -> Resemblance | None:
        """Return what *fingerprint* resembles most, the latest of equals.

        Args:
            fingerprint: of the picture in question.
            most: bits of 64 by which the steps may differ.
            hot_folder: whose deliveries count; ``None``: those of all.
            own: a job that does not count.
        """
        with self._lock:
            self._read_on()
            rows = self._rows[: self._count]
        distance = np.bitwise_count(rows["steps"] ^ np.uint64(fingerprint.steps))
        near = np.flatnonzero(distance <= most)
        waves = rows["pattern"][near] ^ np.uint64(fingerprint.pattern)
        near = near[np.bitwise_count(waves) <= PATTERN_BITS]
        if hot_folder is not None:
            near = near[rows["folder"][near] == _number_of(hot_folder)]
        for number in sorted(near, key=lambda one: (distance[one], -one)):
            job, name = self._record(int(number))
            if job and job != own and job.encode() not in self._withdrawn:
                return Resemblance(int(distance[number]), job, name)
        return None

    def _read_on(self) -> None:
        """Take in what was appended since the last time."""
        try:
            there = self._file.stat().st_size // _RECORD.itemsize
            if there < self._count:
                self._count = 0
            if there == self._count:
                return
            offset = self._count * _RECORD.itemsize
            fresh = np.fromfile(self._file, _RECORD, there - self._count, offset=offset)
        except OSError as error:
            # A gate that knows less must not stop the job.
            log.warning("fingerprints_unreadable", error=str(error))
            return
        self._make_room(self._count + len(fresh))
        added = slice(self._count, self._count + len(fresh))
        for column in _COLUMNS.names or ():
            self._rows[column][added] = fresh[column]
        self._count += len(fresh)
        self._note_withdrawn(fresh)

    def _note_withdrawn(self, fresh: NDArray[Any]) -> None:
        gone = fresh["job"][fresh["name"] == b""]
        if not len(gone) and not self._withdrawn:
            return
        concerned = np.isin(fresh["job"], [*self._withdrawn, *gone])
        for row in fresh[concerned]:
            if row["name"]:
                self._withdrawn.discard(row["job"])
            else:
                self._withdrawn.add(row["job"])

    def _make_room(self, wanted: int) -> None:
        if wanted > len(self._rows):
            roomier = np.empty(max(wanted, 2 * len(self._rows)), _COLUMNS)
            roomier[: self._count] = self._rows[: self._count]
            self._rows = roomier

    def _record(self, number: int) -> tuple[str, str]:
        """Return job and name of one record; empty where the file went away."""
        try:
            row = np.fromfile(self._file, _RECORD, 1, offset=number * _RECORD.itemsize)[
                0
            ]
        except (OSError, IndexError):
            return "", ""
        return row["job"].decode(), row["name"].decode("utf-8", "replace")


def _number_of(hot_folder: str) -> int:
    return zlib.crc32(hot_folder.encode())


def _packed(one: Delivered) -> bytes:
    return _LAYOUT.pack(
        one.fingerprint.steps,
        one.fingerprint.pattern,
        _number_of(one.hot_folder),
        one.job.encode(),
        _ending_of(one.name),
    )


def _ending_of(name: str) -> bytes:
    """Return as many whole characters of the end of *name* as a record holds."""
    tail = name.encode("utf-8", "backslashreplace")[-_RECORD["name"].itemsize :]
    return tail.decode("utf-8", "ignore").encode()
