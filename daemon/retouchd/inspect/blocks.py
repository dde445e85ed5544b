"""How large the metadata of a picture says it is, before any library reads it.

JPEG needs no look: its EXIF and XMP fit into one segment of 64 KiB each. AVIF is left
to the limits of libheif, and BigTIFF to the size of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from retouchd.inspect import exif
from retouchd.inspect.containers import png_chunks, reader_of, webp_chunks

Claim = tuple[str, int]
"""``icc``, ``exif``, ``xmp`` or ``iptc``, and the bytes it says to take."""

_PNG = {b"iCCP": "icc", b"eXIf": "exif"}
_WEBP = {b"ICCP": "icc", b"EXIF": "exif", b"XMP ": "xmp"}
_TIFF = {0x8773: "icc", exif.TAG_XMP: "xmp", 0x83BB: "iptc", 0x8649: "iptc"}


def claimed(file: BinaryIO, picture_format: str) -> Iterator[Claim]:
    """Yield what the blocks of an open picture say to take, as they are stored."""
    read = _READERS.get(picture_format)
    return read(file) if read else iter(())


def _png(file: BinaryIO) -> Iterator[Claim]:
    return ((_PNG[name], size) for name, size in png_chunks(file) if name in _PNG)


def _webp(file: BinaryIO) -> Iterator[Claim]:
    return ((_WEBP[name], size) for name, size in webp_chunks(file) if name in _WEBP)


def _tiff(file: BinaryIO) -> Iterator[Claim]:
    first = exif.first_directory(reader_of(file))
    return ((kind, first.size(tag)) for tag, kind in _TIFF.items())


_READERS: dict[str, Callable[[BinaryIO], Iterator[Claim]]] = {
    "png": _png,
    "webp": _webp,
    "tiff": _tiff,
}
