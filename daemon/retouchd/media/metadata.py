"""Reads and rebuilds the EXIF and IPTC blobs that outputs carry."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_EXIF_HEADER = b"Exif\0\0"
_ORIENTATION = 0x0112
_RIGHTS_TAGS = (0x013B, 0x8298)  # Artist, Copyright
_ASCII = 2

_PHOTOSHOP = b"Photoshop 3.0\0"
_IPTC_RESOURCE = 0x0404
# Character set; then record version, by-line, credit, copyright (IPTC-IIM 4.2).
_RIGHTS_DATASETS = {(1, 90), (2, 0), (2, 80), (2, 110), (2, 116)}


def upright_exif(exif: bytes) -> bytes:
    """Return *exif* with orientation 1 and without its thumbnail.

    The thumbnail shows the picture as it was before the retouch; it hangs on the second
    directory, which is unhooked here and left behind when libvips rewrites the block.
    Unreadable EXIF comes back as it is.
    """
    start, order = _tiff_start(exif)
    patched = bytearray(exif)
    next_directory = 0
    for tag, _, _, position in _entries(exif, start, order):
        next_directory = position + 12
        if tag == _ORIENTATION:
            struct.pack_into(order + "H", patched, position + 8, 1)
    if next_directory and next_directory + 4 <= len(patched):
        struct.pack_into(order + "I", patched, next_directory, 0)
    return bytes(patched)


def rights_exif(exif: bytes) -> bytes:
    """Return a new EXIF block with only artist and copyright; empty without them.

    Source: TIFF 6.0 section 2 (little-endian header, one directory, its values).
    """
    start, order = _tiff_start(exif)
    kept: dict[int, bytes] = {}  # one value of each: thousands may claim the same bytes
    for tag, kind, count, position in _entries(exif, start, order):
        if tag in _RIGHTS_TAGS and tag not in kept and kind == _ASCII and count > 4:
            (offset,) = struct.unpack_from(order + "I", exif, position + 8)
            kept[tag] = exif[start + offset : start + offset + count]
    if not kept:
        return b""
    directory, values = struct.pack("<H", len(kept)), b""
    values_start = 8 + 2 + 12 * len(kept) + 4
    for tag, value in sorted(kept.items()):
        place = values_start + len(values)
        directory += struct.pack("<HHII", tag, _ASCII, len(value), place)
        values += value + b"\0" * (len(value) % 2)
    return _EXIF_HEADER + b"II*\0\x08\0\0\0" + directory + b"\0\0\0\0" + values


def iptc_records(iptc: bytes) -> bytes:
    """Return the bare IPTC-IIM records of a blob, unwrapped if Photoshop wrote it.

    What else lies in the wrapper stays behind: among it is a thumbnail, which would
    show the picture as it was before the retouch.
    """
    if not iptc.startswith(_PHOTOSHOP):
        return iptc if iptc.startswith(b"\x1c") else b""
    at = len(_PHOTOSHOP)
    while iptc[at : at + 4] == b"8BIM" and at + 12 <= len(iptc):
        (resource,) = struct.unpack_from(">H", iptc, at + 4)
        size_at = at + 6 + (iptc[at + 6] // 2 + 1) * 2  # a name padded to even length
        (size,) = struct.unpack_from(">I", iptc.ljust(size_at + 4, b"\0"), size_at)
        if resource == _IPTC_RESOURCE:
            return iptc[size_at + 4 : size_at + 4 + size]
        at = size_at + 4 + size + size % 2
    return b""


def rights_iptc(records: bytes) -> bytes:
    """Return only by-line, credit and copyright of bare IPTC-IIM *records*."""
    kept, at = [], 0
    while records[at : at + 1] == b"\x1c" and at + 5 <= len(records):
        record, dataset, size = struct.unpack_from(">BBH", records, at + 1)
        if size & 0x8000:  # an extended dataset; none of ours is that long
            break
        if (record, dataset) in _RIGHTS_DATASETS:
            kept.append(records[at : at + 5 + size])
        at += 5 + size
    return b"".join(kept)


def in_photoshop_wrapper(records: bytes) -> bytes:
    """Wrap bare IPTC-IIM *records* as a JPEG's APP13 segment wants them."""
    size = struct.pack(">I", len(records))
    padding = b"\0" * (len(records) % 2)
    return _PHOTOSHOP + b"8BIM\x04\x04\0\0" + size + records + padding


def _tiff_start(exif: bytes) -> tuple[int, str]:
    """Return where the TIFF header begins and its byte order; order empty: no EXIF."""
    start = len(_EXIF_HEADER) if exif.startswith(_EXIF_HEADER) else 0
    return start, {b"II": "<", b"MM": ">"}.get(exif[start : start + 2], "")


def _entries(
    exif: bytes, start: int, order: str
) -> Iterator[tuple[int, int, int, int]]:
    """Yield tag, type, count and position of every entry of the first directory."""
    if not order:
        return
    try:
        (offset,) = struct.unpack_from(order + "I", exif, start + 4)
        (count,) = struct.unpack_from(order + "H", exif, start + offset)
        for number in range(count):
            position = start + offset + 2 + 12 * number
            entry = struct.unpack_from(order + "HHI4x", exif, position)
            yield *entry, position
    except struct.error:
        return
