"""Bytes that were made to cost time or memory cost neither."""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from retouchd.errors import ConfigError
from retouchd.media.cube import parse_cube
from retouchd.media.metadata import rights_exif, rights_iptc
from retouchd.media.vips import pyvips, refuse_old
from retouchd.media.xmp import carried_xmp
from retouchd.values import Picture


def test_an_artist_is_kept_once() -> None:
    """Sixty thousand entries may all claim the same megabyte."""
    entry = struct.pack("<HHII", 0x013B, 2, 900_000, 8)
    exif = b"II*\0\x08\0\0\0" + struct.pack("<H", 60_000) + entry * 60_000

    assert len(rights_exif(exif)) < 1_000_000


def test_many_iptc_records_take_little_time() -> None:
    """Joining them one by one would copy everything again for each.

    Ten times as many would then take a hundred times as long.
    """
    few, many = (b"\x1c\x02\x50\0\x04evil" * count for count in (11_000, 110_000))

    assert rights_iptc(many) == many
    assert _cpu_seconds_of(many) < 40 * _cpu_seconds_of(few)


def _cpu_seconds_of(records: bytes) -> float:
    """Return what the quickest of three tries took."""
    tries = []
    for _ in range(3):
        began = time.thread_time()
        rights_iptc(records)
        tries.append(time.thread_time() - began)
    return min(tries)


def test_a_packet_of_too_many_tags_counts_as_empty() -> None:
    """Outputs are written without it."""
    description = (
        b"<rdf:Description xmlns:a='a'>" + b"<a:b/>" * 60_000 + b"</rdf:Description>"
    )
    rdf = b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"

    assert carried_xmp(rdf + description + b"</rdf:RDF>") == b""


def test_a_text_of_a_png_may_have_any_name(
    tmp_path: Path, decoded: Callable[[Path, str], Picture]
) -> None:
    """Keywords of other encodings do not keep the picture from being read."""
    path = tmp_path / "a.png"
    plain = bytes(pyvips.Image.black(8, 8, bands=3).pngsave_buffer(keep="none"))
    body = b"tEXt\xec\xe9\0value"
    check = struct.pack(">I", zlib.crc32(body))
    chunk = struct.pack(">I", len(body) - 4) + body + check
    path.write_bytes(plain[:33] + chunk + plain[33:])

    image = decoded(path, "png").image

    assert (image.width, image.height, image.bands) == (8, 8, 3)


def test_a_table_of_blank_lines_is_refused(tmp_path: Path) -> None:
    """The largest table has two million lines."""
    path = tmp_path / "t.cube"
    path.write_bytes(b"\n" * 3_000_001)

    with pytest.raises(ConfigError, match=r"t\.cube:3000001: more lines"):
        parse_cube(path)


def test_a_libvips_with_holes_is_refused() -> None:
    """The oldest one that is safe passes."""
    refuse_old((8, 18, 3))

    with pytest.raises(ImportError, match=r"8\.14\.1 has known security holes"):
        refuse_old((8, 14, 1))
