"""Tells a picture that was copied to its end from one whose copy broke off.

Only the frame of the file is looked at, no pixel: this runs where nothing may be
decoded. A picture that a person corrected has no digest to compare it with.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from retouchd.inspect import exif
from retouchd.inspect.containers import reader_of
from retouchd.inspect.magic import HEAD_BYTES, format_of

_TAIL_BYTES = 64 * 1024
"""Some programs add a little behind the end of a picture."""

_PNG_END = b"IEND\xae\x42\x60\x82"
_JPEG_END = b"\xff\xd9"
_JPEG_SCAN = 0xDA

_EXTENTS = ((0x0111, 0x0117), (0x0144, 0x0145))
"""Tags of TIFF: offsets and byte counts of strips, then of tiles (TIFF 6.0)."""

_MAX_LIST_BYTES = 4 << 20
_MAX_STEPS = 100_000


def is_whole(path: Path) -> bool:
    """Whether *path* is a picture, of a format that results have, up to its own end.

    Raises:
        OSError: it cannot be read.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        size = os.fstat(handle).st_size
        check = _CHECKS.get(format_of(file.read(HEAD_BYTES)))
        tail = os.pread(handle, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
        return bool(check and any(tail) and check(file, size, tail))


def _png(_: BinaryIO, __: int, tail: bytes) -> bool:
    return _PNG_END in tail


def _jpeg(file: BinaryIO, size: int, tail: bytes) -> bool:
    """Look for the end behind the first scan: thumbnails before it have ends too.

    Coded pixels never hold that mark (ISO 10918-1, B.1.1.5).
    """
    position = 2
    for _ in range(_MAX_STEPS):
        head = os.pread(file.fileno(), 4, position)
        if len(head) < 4 or head[0] != 0xFF:
            return False
        if head[1] == _JPEG_SCAN:
            return tail.rfind(_JPEG_END) > position - max(0, size - len(tail))
        is_fill = head[1] == 0xFF
        position += 1 if is_fill else 2 + int.from_bytes(head[2:], "big")
    return False


def _webp(file: BinaryIO, size: int, _: bytes) -> bool:
    said = int.from_bytes(os.pread(file.fileno(), 4, 4), "little")
    return said + 8 <= size


def _avif(file: BinaryIO, size: int, _: bytes) -> bool:
    """Walk the boxes at the top: the last must end where the file ends."""
    position = 0
    for _step in range(_MAX_STEPS):
        head = os.pread(file.fileno(), 16, position)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length == 0:  # this box goes on to the end of the file
            return len(head) >= 8
        position += length
        if length < 8 or position >= size:
            return position == size
    return False


def _tiff(file: BinaryIO, size: int, _: bytes) -> bool:
    """See that every strip or tile of the first picture lies within the file."""
    first = exif.first_directory(reader_of(file))
    reach = 0
    for offsets, counts in _EXTENTS:
        starts, lengths = _numbers(first, offsets), _numbers(first, counts)
        reach = max([reach, *map(sum, zip(starts, lengths, strict=False))])
    return 0 < reach <= size


def _numbers(directory: exif.Directory, tag: int) -> list[int]:
    kind = directory.entries.get(tag, (0, 0, b""))[0]
    width, code = (2, "H") if kind == 3 else (4, "I")
    data = directory.data(tag, _MAX_LIST_BYTES)
    count = len(data) // width
    found = struct.unpack(f"{directory.order}{count}{code}", data[: count * width])
    return list(found)


_CHECKS: dict[str, Callable[[BinaryIO, int, bytes], bool]] = {
    "png": _png,
    "jpeg": _jpeg,
    "webp": _webp,
    "avif": _avif,
    "tiff": _tiff,
}
