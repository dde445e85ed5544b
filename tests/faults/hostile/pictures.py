"""Pictures that are cut, flipped, mislabelled, doubled, or larger than they look."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator

import pyvips

from .samples import (
    FORMATS,
    chunk,
    jpeg,
    noise,
    picture,
    png,
    png_of,
    riff,
    segment,
    sound,
    tags_of,
    tiff,
    tiff_directory,
    webp,
    zeros,
)

Named = Iterator[tuple[str, bytes]]

_ZIP = b"PK\x03\x04\x14\0\0\0\0\0" + bytes(20) + b"evil.sh#!/bin/sh\ntouch pwned\n"
_TAILS = {
    "zip": _ZIP,
    "script": b"\n<script>alert(1)</script><?php system('id'); ?>",
    "program": b"\x7fELF\x02\x01\x01" + bytes(64),
}
_HEADS = {
    "pdf": b"%PDF-1.7\n",
    "postscript": b"%!PS\n(evil) run\n",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><!--",
    "shell": b"#!/bin/sh\ntouch pwned\n",
    "mvg": b"push graphic-context\nfill 'url(https://127.0.0.1/|touch pwned)'\n",
}


def hostile_pictures() -> Named:
    """Yield names and bytes."""
    for make in (
        _cut,
        _flipped,
        _mislabelled,
        _doubled,
        _png_bombs,
        _tiff_bombs,
        _other_bombs,
    ):
        yield from make()


def _cut() -> Named:
    for ending in FORMATS:
        whole = sound(ending)
        for percent in (3, 20, 50, 80, 97):
            yield f"cut-{percent}{ending}", whole[: len(whole) * percent // 100]


def _flipped() -> Named:
    for ending in FORMATS:
        for seed in range(5):
            chance, data = random.Random(seed), bytearray(sound(ending))
            for _ in range(1 + 4 * seed):
                data[chance.randrange(12, len(data))] ^= 1 << chance.randrange(8)
            yield f"flipped-{seed}{ending}", bytes(data)


def _mislabelled() -> Named:
    for ending, other in zip(FORMATS, (*FORMATS[1:], FORMATS[0]), strict=True):
        yield f"really-{ending[1:]}{other}", sound(ending)
    for number, size in enumerate((1, 2, 3, 4, 8, 11, 12, 16, 100, 5000)):
        yield f"noise-{size}.jpg", noise(size, number)
    for ending in FORMATS:
        yield f"mark-only{ending}", sound(ending)[:12]


def _doubled() -> Named:
    """Polyglots: what comes first decides, what comes after is never carried along."""
    for ending in FORMATS:
        for word, tail in _TAILS.items():
            yield f"and-{word}{ending}", sound(ending) + tail
    for word, head in _HEADS.items():
        yield f"first-{word}.jpg", head + sound(".jpg")
    yield "jpeg-in-png.png", png(chunk(b"jUNK", sound(".jpg")))
    yield "png-in-jpeg.jpg", jpeg(segment(0xEF, sound(".png")))
    yield "gif-and-script.gif", sound(".gif").replace(b"GIF89a", b"GIF89a=1;/*", 1)


def _png_bombs() -> Named:
    yield "huge-claim.png", png_of(2**31 - 1, 2**31 - 1, zeros(1000))
    yield "zero-wide.png", png_of(0, 40, zeros(1000))
    yield (
        "bits-30000.png",
        png_of(30_000, 30_000, zeros(30_000 * 3751), depth=1, colour=0),
    )
    yield "deep-6000.png", png_of(6000, 6000, zeros(100_000), depth=16, colour=6)
    yield "laced-5000.png", png_of(5000, 5000, zeros(75_100_000), interlaced=True)
    yield "no-end.png", sound(".png")[:-12]
    yield "chunk-too-long.png", png(struct.pack(">I", 2**31 - 1) + b"tEXt" + b"a\0b")
    yield "empty-chunks.png", png(chunk(b"juNK", b"") * 50_000)
    yield "too-much-data.png", png_of(8, 8, zeros(50_000_000))


def _tiff_bombs() -> Named:
    yield "huge-claim.tif", tiff(tags_of(2**31 - 1, 2**31 - 1, 100), bytes(100))
    packed = zlib.compress(bytes(9984 * 9984), 9)
    tiles = tags_of(64, 64, len(packed), t259=8, t322=9984, t323=9984)
    tiles[324], tiles[325] = tiles.pop(273), tiles.pop(279)
    del tiles[278]
    yield "huge-tile.tif", tiff(tiles, packed)
    yield "many-bands.tif", tiff(tags_of(8, 8, 64 * 200, t277=200), bytes(64 * 200))
    yield "many-bits.tif", tiff(tags_of(8, 8, 64, t258=64), bytes(512))
    yield (
        "loop.tif",
        b"II*\0\x08\0\0\0" + tiff_directory(tags_of(8, 8, 64), 8) + bytes(900),
    )
    yield "strip-beyond-end.tif", tiff(tags_of(8, 8, 64, t273=2**32 - 8), bytes(64))
    yield "strip-too-long.tif", tiff(tags_of(8, 8, 2**32 - 1), bytes(64))
    for scheme in (2, 3, 4, 5, 6, 7, 32773, 32946, 34676, 34712, 50000, 50001):
        yield (
            f"scheme-{scheme}.tif",
            tiff(tags_of(64, 64, 400, t259=scheme), noise(400, scheme)),
        )
    yield "many-pages.tif", _many_pages(20_000)
    profile = tags_of(8, 8, 64) | {34675: (7, 20 << 20, 600), 700: (7, 20 << 20, 600)}
    yield "huge-blocks.tif", tiff(profile, bytes(20 << 20))


def _many_pages(count: int) -> bytes:
    """A chain of directories that all show the same eight pixels."""
    size = len(tiff_directory(tags_of(8, 8, 64)))
    tags = tags_of(8, 8, 64, t273=8)
    parts = [
        tiff_directory(tags, 72 + size * (page + 1) if page + 1 < count else 0)
        for page in range(count)
    ]
    return b"II*\0" + struct.pack("<I", 72) + bytes(64) + b"".join(parts)


def _other_bombs() -> Named:
    whole = sound(".jpg")
    frame = whole.index(b"\xff\xc0") + 5
    huge = whole[:frame] + struct.pack(">HH", 65_500, 65_500) + whole[frame + 4 :]
    yield "huge-claim.jpg", huge
    yield "scans.jpg", _many_scans(400)
    yield "fill-bytes.jpg", whole[:2] + b"\xff" * 300_000 + whole[2:]
    yield "comments.jpg", jpeg(segment(0xFE, b"x") * 60_000)
    flat = pyvips.Image.black(8000, 8000, bands=3).copy(interpretation="srgb")
    yield "huge.webp", bytes(flat.webpsave_buffer(lossless=True, effort=0))
    yield (
        "canvas-lies.webp",
        webp().replace(b"\x2f\0\0\x1f\0\0", b"\xff\xff\xff\xff\xff\xff"),
    )
    yield "animated-lies.webp", webp(riff(b"ANMF", bytes(24)) * 1000, flags=2)
    yield (
        "huge-claim.gif",
        b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + sound(".gif")[10:],
    )
    yield "frames.gif", _many_frames(20_000)
    yield "boxes.avif", sound(".avif") + struct.pack(">I4s", 8, b"free") * 90_000
    yield (
        "endless-box.avif",
        sound(".avif")[:40] + struct.pack(">I4s", 0, b"meta") + bytes(90),
    )
    avif = bytes(picture(3000, 2000).heifsave_buffer(compression="av1", effort=0))
    claim = avif.index(b"ispe") + 8
    yield (
        "small-claim.avif",
        avif[:claim] + struct.pack(">II", 64, 64) + avif[claim + 8 :],
    )
    small = sound(".avif")
    claim = small.index(b"ispe") + 8
    yield (
        "huge-claim.avif",
        small[:claim] + struct.pack(">II", 2**31, 2**31) + small[claim + 8 :],
    )


def _many_scans(count: int) -> bytes:
    """A progressive JPEG whose first scan comes again and again."""
    whole = bytes(picture(800, 600).jpegsave_buffer(interlace=True))
    first = whole.index(b"\xff\xda")
    second = whole.index(b"\xff\xda", first + 2)
    tables = whole.rfind(b"\xff\xc4", first, second)
    end = tables if tables > 0 else second
    return whole[:first] + whole[first:end] * count + whole[end:]


def _many_frames(count: int) -> bytes:
    whole = sound(".gif")
    start = whole.index(b"\x2c", 13 + 3 * 2 ** ((whole[10] & 7) + 1))
    return whole[:-1] + whole[start:-1] * count + b"\x3b"
