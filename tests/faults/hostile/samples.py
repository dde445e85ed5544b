"""Small sound pictures of every format, and the bricks that formats are built of."""

from __future__ import annotations

import random
import struct
import zlib
from functools import cache

import pyvips

FORMATS = (".jpg", ".png", ".tif", ".webp", ".avif", ".gif")
PNG_MARK = b"\x89PNG\r\n\x1a\n"


def picture(width: int = 48, height: int = 32, bands: int = 3) -> pyvips.Image:
    """A picture with some detail, in 8 bits."""
    ramp = pyvips.Image.xyz(width, height)
    planes = [ramp[0] * 5, ramp[1] * 7, (ramp[0] + ramp[1]) * 3, ramp[0] * 0 + 200]
    joined = planes[0].bandjoin(planes[1:bands]).cast("uchar")
    return joined.copy(interpretation="srgb" if bands >= 3 else "b-w")


@cache
def sound(ending: str) -> bytes:
    """The bytes of a small sound picture, by the ending of its name."""
    return bytes(picture().write_to_buffer(ending))


def chunk(name: bytes, data: bytes) -> bytes:
    """One PNG chunk with its checksum."""
    check = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + check


def png(*chunks: bytes) -> bytes:
    """A sound PNG with further chunks behind its header."""
    plain = sound(".png")
    return plain[:33] + b"".join(chunks) + plain[33:]


def png_of(
    width: int,
    height: int,
    pixels: bytes,
    *,
    depth: int = 8,
    colour: int = 2,
    interlaced: bool = False,
) -> bytes:
    """A PNG that claims what it is told and holds *pixels*, already compressed."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")
    return PNG_MARK + b"".join(parts)


@cache
def zeros(count: int) -> bytes:
    """Zero bytes, compressed a thousandfold without holding them all."""
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    whole, rest = divmod(count, len(block))
    packed = [packer.compress(block) for _ in range(whole)]
    return b"".join(packed) + packer.compress(bytes(rest)) + packer.flush()


def segment(mark: int, payload: bytes) -> bytes:
    """One JPEG segment."""
    return struct.pack(">BBH", 0xFF, mark, len(payload) + 2) + payload


def jpeg(*segments: bytes) -> bytes:
    """A sound JPEG with further segments behind its first mark."""
    plain = sound(".jpg")
    return plain[:2] + b"".join(segments) + plain[2:]


def riff(name: bytes, data: bytes) -> bytes:
    """One RIFF chunk, padded to even length."""
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def webp(*chunks: bytes, flags: int = 0) -> bytes:
    """A sound WebP in the extended form, with further chunks."""
    plain = sound(".webp")
    head = riff(b"VP8X", struct.pack("<I", flags) + b"\x2f\0\0\x1f\0\0")
    body = b"WEBP" + head + plain[12:] + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff_directory(entries: dict[int, tuple[int, int, int]], follow: int = 0) -> bytes:
    """One little-endian directory: tag to type, count and value or offset."""
    rows = [struct.pack("<HHII", tag, *rest) for tag, rest in sorted(entries.items())]
    return struct.pack("<H", len(rows)) + b"".join(rows) + struct.pack("<I", follow)


def tiff(entries: dict[int, tuple[int, int, int]], data: bytes = b"") -> bytes:
    """A TIFF of one directory; *data* begins at byte 512."""
    directory = b"II*\0\x08\0\0\0" + tiff_directory(entries)
    return directory.ljust(512, b"\0") + data


def tags_of(
    width: int, height: int, size: int, **others: int
) -> dict[int, tuple[int, int, int]]:
    """The tags of a grey 8-bit TIFF in one strip at byte 512.

    Args:
        width: what it claims, in pixels.
        height: likewise.
        size: bytes of the strip.
        others: ``t322=4096`` sets tag 322.
    """
    plain = {
        256: width,
        257: height,
        258: 8,
        259: 1,
        262: 1,
        273: 512,
        277: 1,
        278: height,
        279: size,
    }
    plain |= {int(name[1:]): value for name, value in others.items()}
    return {tag: (4, 1, value) for tag, value in plain.items()}


def noise(count: int, seed: int) -> bytes:
    """Bytes that no one can compress, the same each time."""
    return random.Random(seed).randbytes(count)
