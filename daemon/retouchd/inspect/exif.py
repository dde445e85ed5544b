"""Reads the few EXIF facts that tell where a picture comes from.

A small reader instead of a library, because it must survive any bytes: it visits
two directories and never follows a chain, so loops and bombs end by themselves.
Layout: TIFF 6.0 section 2 and EXIF 2.32 section 4.6; BigTIFF holds no facts for us.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

ReadAt = Callable[[int, int], bytes]
"""``read(offset, length)``: at most *length* bytes; fewer where the file ends."""

TAG_XMP = 0x02BC
TAG_SUB_IFDS = 0x014A
TAG_NEW_SUBFILE_TYPE = 0x00FE
TAG_C2PA = 0xCD41
TAG_DNG_VERSION = 0xC612
_TAG_EXIF_IFD = 0x8769

_TEXT_TAGS = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x013B: "Artist",
    0x9286: "UserComment",
}
_EXPOSURE_TAGS = {
    0x829A: "ExposureTime",
    0x829D: "FNumber",
    0x8827: "ISOSpeedRatings",
    0x927C: "MakerNote",
}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 13: 4}
_MAX_ENTRIES = 512
_MAX_TEXT_BYTES = 65_536


@dataclass(frozen=True)
class Directory:
    """The entries of one image file directory.

    Attributes:
        order: ``<`` or ``>``, the byte order of the file.
        entries: tag number to (type, count, the four bytes of value or offset).
        read: gives bytes of the file, offsets counted from the TIFF header.
    """

    order: str
    entries: Mapping[int, tuple[int, int, bytes]]
    read: ReadAt

    def data(self, tag: int, limit: int) -> bytes:
        """Return the bytes of *tag*, at most *limit*; empty where it is absent."""
        _, _, inline = self.entries.get(tag, (0, 0, b""))
        length = self.size(tag)
        if length <= 4:
            return inline[:length]
        return self.read(self.number(inline), min(length, limit))

    def size(self, tag: int) -> int:
        """Return how many bytes *tag* says to take; 0 where it is absent."""
        kind, count, _ = self.entries.get(tag, (0, 0, b""))
        return _SIZES.get(kind, 0) * count

    def integer(self, tag: int) -> int:
        """Return the first number of *tag*; 0 where it is absent."""
        kind, _, inline = self.entries.get(tag, (0, 0, b""))
        return self.number(inline[: _SIZES.get(kind, 0)])

    def number(self, data: bytes) -> int:
        """Read *data* as an unsigned number in the byte order of the file."""
        return int.from_bytes(data, "little" if self.order == "<" else "big")


def from_bytes(block: bytes) -> ReadAt:
    """Make a reader of a block in memory, with or without its ``Exif`` mark."""
    block = block.removeprefix(b"Exif\x00\x00")
    return lambda offset, length: block[offset : offset + length]


def first_directory(read: ReadAt) -> Directory:
    """Read the first directory; one without entries where there is no TIFF header."""
    head = read(0, 8)
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(head[:4], "")
    if not order or len(head) < 8:
        return Directory("<", MappingProxyType({}), read)
    (offset,) = struct.unpack(f"{order}I", head[4:])
    return _directory(read, offset, order)


def facts(read: ReadAt) -> Mapping[str, str]:
    """Return what EXIF says of the maker, as text by tag name.

    Exposure tags only say ``present``: their being there is the fact.
    """
    first = first_directory(read)
    second = _directory(read, first.integer(_TAG_EXIF_IFD), first.order)
    found: dict[str, str] = {}
    for directory in (first, second):
        for tag, name in _TEXT_TAGS.items():
            text = _text(directory.data(tag, _MAX_TEXT_BYTES), directory.order)
            if text:
                found.setdefault(name, text)
        for tag, name in _EXPOSURE_TAGS.items():
            if tag in directory.entries:
                found[name] = "present"
    return found


def _directory(read: ReadAt, offset: int, order: str) -> Directory:
    count_bytes = read(offset, 2) if offset else b""
    if len(count_bytes) < 2:
        return Directory(order, MappingProxyType({}), read)
    (count,) = struct.unpack(f"{order}H", count_bytes)
    table = read(offset + 2, min(count, _MAX_ENTRIES) * 12)
    entries = {}
    for start in range(0, len(table) - 11, 12):
        tag, kind, number = struct.unpack_from(f"{order}HHI", table, start)
        entries[tag] = (kind, number, table[start + 8 : start + 12])
    return Directory(order, MappingProxyType(entries), read)


def _text(data: bytes, order: str) -> str:
    """Decode a text value; a UserComment names its character set in 8 bytes."""
    if data.startswith(b"UNICODE\x00"):
        return _utf16(data[8:], order)
    for mark in (b"ASCII\x00\x00\x00", b"\x00" * 8):
        data = data.removeprefix(mark)
    return data.decode("utf-8", "replace").strip("\x00 \r\n\t")


def _utf16(data: bytes, order: str) -> str:
    """Decode UTF-16: writers disagree on the byte order, so zero bytes decide."""
    high, low = data[0::2].count(0), data[1::2].count(0)
    little = low > high if low != high else order == "<"
    text = data.decode("utf-16-le" if little else "utf-16-be", "replace")
    return text.strip("\ufeff\x00 ")
