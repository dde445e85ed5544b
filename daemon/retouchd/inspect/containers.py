"""Walks the raw bytes of a picture for the metadata that libvips drops.

C2PA stores and most PNG texts do not survive a decoder, so they are read here,
before libvips opens the file. Every walk is bounded in steps and in bytes kept;
damaged structure ends a walk, it never raises.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from retouchd.inspect import exif

MAX_TEXT_BYTES = 65_536
"""Of one text in a PNG; what names a generator stands at its beginning."""

_MAX_TEXTS = 64
_MAX_C2PA_BYTES = 8 << 20
_MAX_STEPS = 100_000
_XMP_KEYWORD = "XML:com.adobe.xmp"
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_MAX_XMP_BYTES = 4 << 20
_UUIDS = {
    bytes.fromhex("d8fec3d61b0e483c92975828877ec481"): "c2pa",
    bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): "xmp",
}

Found = tuple[str, bytes]
"""``exif``, ``xmp``, ``c2pa`` or ``text:KEYWORD``, and its bytes."""


@dataclass(frozen=True)
class RawMetadata:
    """What was found in the raw bytes.

    Attributes:
        texts: PNG texts by keyword, each at most ``MAX_TEXT_BYTES``.
        tags: likewise, of the container of a clip, by their names in small letters.
        exif: EXIF facts by tag name, see :func:`retouchd.inspect.exif.facts`.
        xmp: the first XMP packet, at most one byte over the limit asked for.
        c2pa: bytes of the C2PA store, joined; not verified.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    exif: Mapping[str, str] = field(default_factory=dict)
    xmp: bytes = b""
    c2pa: bytes = b""


def read(path: Path, picture_format: str, xmp_bytes: int) -> RawMetadata:
    """Collect metadata of one file.

    Args:
        path: the file; already known to be a regular one.
        picture_format: ``jpeg``, ``png``, ``tiff``, ``webp``, ``avif``, ``gif`` or
            ``mov``. EXIF of AVIF survives libvips and is taken there; Matroska has no
            such blocks.
        xmp_bytes: an XMP packet is cut one byte after this, so that it shows.
    """
    with path.open("rb") as file:
        if picture_format == "tiff":
            return _read_tiff(file, xmp_bytes)
        walk = _WALKS.get(picture_format)
        return _collect(walk(file) if walk else iter(()), xmp_bytes)


def _collect(found: Iterator[Found], xmp_bytes: int) -> RawMetadata:
    texts: dict[str, str] = {}
    blobs = {"exif": b"", "xmp": b"", "c2pa": b""}
    for kind, data in found:
        if kind == "c2pa":
            room = _MAX_C2PA_BYTES - len(blobs[kind])
            blobs[kind] += data[:room]
        elif kind in blobs:
            blobs[kind] = blobs[kind] or data[: xmp_bytes + 1]
        elif len(texts) < _MAX_TEXTS:
            text = data[:MAX_TEXT_BYTES].decode("utf-8", "replace")
            texts.setdefault(kind.removeprefix("text:"), text)
    facts = exif.facts(exif.from_bytes(blobs["exif"]))
    return RawMetadata(texts=texts, exif=facts, xmp=blobs["xmp"], c2pa=blobs["c2pa"])


def bounded(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the first *tags* of a clip, by small names, each cut as texts are."""
    first = list(tags.items())[:_MAX_TEXTS]
    return {name.lower(): text[:MAX_TEXT_BYTES] for name, text in first}


def reader_of(file: BinaryIO) -> exif.ReadAt:
    """Make a positioned reader of an open file."""

    def read_at(offset: int, length: int) -> bytes:
        return os.pread(file.fileno(), max(0, length), offset)

    return read_at


def _read_tiff(file: BinaryIO, xmp_bytes: int) -> RawMetadata:
    read_at = reader_of(file)
    first = exif.first_directory(read_at)
    return RawMetadata(
        exif=exif.facts(read_at),
        xmp=first.data(exif.TAG_XMP, xmp_bytes + 1),
        c2pa=first.data(exif.TAG_C2PA, _MAX_C2PA_BYTES),
    )


def _jpeg(file: BinaryIO) -> Iterator[Found]:
    """Yield from the segments before the first scan (ISO 10918-1 annex B)."""
    position, joined = 2, False
    for _ in range(_MAX_STEPS):
        file.seek(position)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] in {0xDA, 0xD9}:
            return
        if head[1] == 0xFF:  # a fill byte before the marker
            position += 1
            continue
        length = int.from_bytes(head[2:], "big")
        if head[1] == 0xE1:
            yield from _jpeg_app1(file.read(max(0, length - 2)))
        elif head[1] == 0xEB:
            payload = file.read(max(0, length - 2))
            # 'JP', instance, sequence; later parts repeat the box header.
            yield "c2pa", payload[16 if joined else 8 :]
            joined = True
        position += 2 + max(2, length)


def _jpeg_app1(payload: bytes) -> Iterator[Found]:
    if payload.startswith(b"Exif\x00"):
        yield "exif", payload
    elif payload.startswith(_JPEG_XMP):
        yield "xmp", payload.removeprefix(_JPEG_XMP)


def _png(file: BinaryIO) -> Iterator[Found]:
    """Yield from the chunks of a PNG; pixel data is jumped over.

    Only one text of a name is inflated: each may be a bomb, and there may be thousands.
    """
    seen: set[str] = set()
    for chunk, length in png_chunks(file):
        if chunk == b"eXIf":
            yield "exif", file.read(min(length, 1 << 20))
        elif chunk == b"caBX":
            yield "c2pa", file.read(min(length, _MAX_C2PA_BYTES))
        elif chunk in _PNG_TEXTS and len(seen) < _MAX_TEXTS:
            keyword, _, rest = file.read(min(length, 4 << 20)).partition(b"\x00")
            name = keyword.decode("latin-1")
            if name in seen:
                continue
            seen.add(name)
            limit = 4 << 20 if name == _XMP_KEYWORD else MAX_TEXT_BYTES
            data = _PNG_TEXTS[chunk](rest, limit)
            yield ("xmp" if name == _XMP_KEYWORD else f"text:{name}"), data


def png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield name and length of the chunks of a PNG; *file* stands at their data."""
    position = 8
    for _ in range(_MAX_STEPS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8 or head[4:] == b"IEND":
            return
        length = int.from_bytes(head[:4], "big")
        yield head[4:], length
        position += 12 + length


def _inflate(data: bytes, limit: int) -> bytes:
    """Inflate at most *limit* bytes: a text chunk may be a bomb."""
    try:
        return zlib.decompressobj().decompress(data, limit)
    except zlib.error:
        return b""


def _international(rest: bytes, limit: int) -> bytes:
    """Give the text of an iTXt chunk after its keyword (PNG 3rd ed., 11.3.3.4)."""
    packed, fields = rest[:1] == b"\x01", rest[2:].split(b"\x00", 2)
    text = fields[2] if len(fields) == 3 else b""
    return _inflate(text, limit) if packed else text[:limit]


def _plain(rest: bytes, limit: int) -> bytes:
    return rest[:limit]


def _compressed(rest: bytes, limit: int) -> bytes:
    return _inflate(rest[1:], limit)


_PNG_TEXTS: dict[bytes, Callable[[bytes, int], bytes]] = {
    b"tEXt": _plain,
    b"zTXt": _compressed,
    b"iTXt": _international,
}


def _webp(file: BinaryIO) -> Iterator[Found]:
    """Yield from the chunks of a RIFF WebP."""
    wanted = {b"EXIF": "exif", b"XMP ": "xmp", b"C2PA": "c2pa"}
    for chunk, length in webp_chunks(file):
        if chunk in wanted:
            yield wanted[chunk], file.read(min(length, _MAX_C2PA_BYTES))


def webp_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield name and length of the chunks of a WebP; *file* stands at their data."""
    position = 12
    for _ in range(_MAX_STEPS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        length = int.from_bytes(head[4:], "little")
        yield head[:4], length
        position += 8 + length + length % 2


def _iso(file: BinaryIO) -> Iterator[Found]:
    """Yield what lies in boxes of its own in an ISO base media file: C2PA, XMP.

    XMP stands in a ``uuid`` box, or as QuickTime has it in ``moov.udta.XMP_`` (XMP
    specification part 3, section 1.2.7 and 2.3.2).
    """
    for box, begin, end in _boxes(file, 0, None):
        if box == b"uuid":
            file.seek(begin)
            name, room = file.read(16), end - begin - 16
            if name in _UUIDS:
                yield _UUIDS[name], file.read(max(0, min(room, _MAX_C2PA_BYTES)))
        elif box == b"moov":
            yield from _user_data(file, begin, end)


def _user_data(file: BinaryIO, begin: int, end: int) -> Iterator[Found]:
    for box, inner, after in _boxes(file, begin, end):
        if box != b"udta":
            continue
        for one, first, last in _boxes(file, inner, after):
            if one == b"XMP_":
                file.seek(first)
                yield "xmp", file.read(max(0, min(last - first, _MAX_XMP_BYTES)))


def _boxes(
    file: BinaryIO, begin: int, end: int | None
) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, begin and end of the content of each box (ISO/IEC 14496-12, 4.2).

    Args:
        file: any place.
        begin: of the first box.
        end: of the last one; ``None``: of the file.
    """
    position = begin
    for _ in range(_MAX_STEPS):
        file.seek(position)
        head = file.read(16)
        length, content = int.from_bytes(head[:4], "big"), position + 8
        if length == 1:
            length, content = int.from_bytes(head[8:16], "big"), position + 16
        is_over = end is not None and position + length > end
        if len(head) < 8 or length < content - position or is_over:
            return
        yield head[4:8], content, position + length
        position += length


_WALKS: dict[str, Callable[[BinaryIO], Iterator[Found]]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "avif": _iso,
    "mov": _iso,
}
