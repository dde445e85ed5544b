"""Small pictures with hand-written metadata, and a drop of any of them."""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from retouchd.inspect import Limits, inspect
from retouchd.media.vips import pyvips
from retouchd.values import Drop, Inspection

Inspect = Callable[..., Inspection]


def picture(width: int = 60, height: int = 40, bands: int = 3) -> pyvips.Image:
    """A flat picture of 8 bits."""
    black = pyvips.Image.black(width, height, bands=bands)
    return black.copy(interpretation="srgb" if bands >= 3 else "b-w")


def jpeg(xmp: str = "", exif: bytes = b"", size: tuple[int, int] = (60, 40)) -> bytes:
    """A JPEG with APP1 segments written after its SOI."""
    plain = bytes(picture(*size).jpegsave_buffer(keep="none"))
    segments = b""
    if exif:
        segments += segment(b"Exif\x00\x00" + exif)
    if xmp:
        segments += segment(b"http://ns.adobe.com/xap/1.0/\x00" + xmp.encode())
    return plain[:2] + segments + plain[2:]


def segment(payload: bytes) -> bytes:
    """One APP1 segment."""
    return b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload


def png(*chunks: tuple[bytes, bytes], size: tuple[int, int] = (60, 40)) -> bytes:
    """A PNG with further chunks behind its header."""
    plain = bytes(picture(*size).pngsave_buffer(keep="none"))
    extra = b"".join(chunk(name, data) for name, data in chunks)
    return plain[:33] + extra + plain[33:]


def chunk(name: bytes, data: bytes) -> bytes:
    """One PNG chunk with its checksum."""
    check = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + check


def tiff_block(tags: dict[int, bytes | int]) -> bytes:
    """A big-endian EXIF block of one directory: ASCII for bytes, SHORT for numbers."""
    entries, tail = b"", b""
    start = 8 + 2 + 12 * len(tags) + 4
    for tag, value in sorted(tags.items()):
        if isinstance(value, int):
            entries += struct.pack(">HHIHH", tag, 3, 1, value, 0)
            continue
        data = value + b"\x00"
        place = data.ljust(4, b"\x00") if len(data) <= 4 else struct.pack(">I", start)
        entries += struct.pack(">HHI", tag, 2, len(data)) + place
        if len(data) > 4:
            tail += data
            start += len(data)
    count = struct.pack(">H", len(tags))
    return b"MM\x00*\x00\x00\x00\x08" + count + entries + b"\x00" * 4 + tail


def rdf(inner: str) -> str:
    """An XMP packet around the properties of one description."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="">{inner}</rdf:Description></rdf:RDF></x:xmpmeta>'
    )


def mwg(
    x: float, y: float, w: float, h: float, *, name: str, of: tuple[int, int]
) -> str:
    """An XMP packet with one MWG region; its prefixes are not the usual ones."""
    return rdf(
        '<r:Regions xmlns:r="http://www.metadataworkinggroup.com/schemas/regions/" '
        'xmlns:a="http://ns.adobe.com/xmp/sType/Area#" '
        'xmlns:d="http://ns.adobe.com/xap/1.0/sType/Dimensions#" '
        'rdf:parseType="Resource">'
        f'<r:AppliedToDimensions d:w="{of[0]}" d:h="{of[1]}" d:unit="pixel"/>'
        '<r:RegionList><rdf:Bag><rdf:li rdf:parseType="Resource">'
        f"<r:Name>{name}</r:Name><r:Type>Face</r:Type>"
        f'<r:Area a:x="{x}" a:y="{y}" a:w="{w}" a:h="{h}" a:unit="normalized"/>'
        "</rdf:li></rdf:Bag></r:RegionList></r:Regions>"
    )


@pytest.fixture
def make() -> SimpleNamespace:
    """The builders of this file, for tests that cannot import it."""
    return SimpleNamespace(
        picture=picture,
        jpeg=jpeg,
        png=png,
        chunk=chunk,
        tiff_block=tiff_block,
        rdf=rdf,
        mwg=mwg,
    )


@pytest.fixture
def bomb() -> bytes:
    """256 MB of zeros, packed into a thousandth."""
    packer = zlib.compressobj(9)
    zeros = bytes(1 << 20)
    return b"".join(packer.compress(zeros) for _ in range(256)) + packer.flush()


@pytest.fixture
def bomb_seconds(bomb: bytes) -> float:
    """CPU seconds, about one, in which this machine, busy as it is, unpacks a bomb."""
    begun = time.thread_time()
    zlib.decompress(bomb)
    return time.thread_time() - begun


@pytest.fixture
def look(tmp_path: Path) -> Inspect:
    """Write the named files and inspect the first, the others being its sidecars."""

    def look_at(files: dict[str, bytes], limits: Limits | None = None) -> Inspection:
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        first, *members = (tmp_path / name for name in files)
        drop = Drop("shop", first.name, first, tuple(members))
        return inspect(drop, limits or Limits())

    return look_at
