"""Pictures whose metadata means harm: profiles, EXIF, XMP, IPTC and texts."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from .samples import chunk, jpeg, noise, png, riff, segment, tags_of, tiff, webp, zeros

Named = Iterator[tuple[str, bytes]]

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_ICC = b"ICC_PROFILE\0\x01\x01"
_XMP_KEY = b"XML:com.adobe.xmp\0"


def hostile_blocks() -> Named:
    """Yield names and bytes."""
    for make in (_profiles, _exif, _packets, _packets_in_pictures, _texts, _iptc):
        yield from make()


def _profiles() -> Named:
    yield "profile-noise.jpg", jpeg(segment(0xE2, _ICC + noise(3000, 1)))
    yield "profile-empty.jpg", jpeg(segment(0xE2, _ICC))
    lies = (
        struct.pack(">I", 2**32 - 1)
        + b"lcms\x04\0\0\0mntrRGB XYZ "
        + bytes(16)
        + b"acsp"
    )
    lies += bytes(88) + struct.pack(">I", 2**31 - 1) + b"desc" + b"\xff" * 200
    yield "profile-lies.jpg", jpeg(segment(0xE2, _ICC + lies))
    parts = b"ICC_PROFILE\0\xff\x01" + noise(60_000, 2)
    yield "profile-parts.jpg", jpeg(*(segment(0xE2, parts) for _ in range(255)))
    yield "profile-bomb.png", png(chunk(b"iCCP", b"p\0\0" + zeros(64 << 20)))
    yield "profile-lies.png", png(chunk(b"iCCP", b"p\0\0" + zlib.compress(lies)))
    yield "profile-long.webp", webp(riff(b"ICCP", bytes(5 << 20)), flags=0x20)
    yield (
        "profile-beyond.tif",
        tiff(tags_of(8, 8, 64) | {34675: (7, 2**32 - 1, 600)}, bytes(900)),
    )


def _directory(*entries: tuple[int, int, int, int], follow: int = 0) -> bytes:
    rows = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + rows + struct.pack("<I", follow)


def _exif() -> Named:
    start = b"II*\0\x08\0\0\0"
    blocks = {
        "loop": start + _directory((0x8769, 4, 1, 8), follow=8),
        "beyond": start + _directory((0x010E, 2, 2**31, 2**31)),
        "types": start
        + _directory(*((0x0100 + n, 60_000 - n, 2**32 - 1, n) for n in range(80))),
        "artists": start + _directory(*[(0x013B, 2, 60_000, 8)] * 5000),
        "count": b"MM\0*\0\0\0\x08\xff\xff" + noise(500, 3),
        "offset": b"II*\0\xff\xff\xff\xff",
        "turned": start + _directory((0x0112, 3, 1, 65_535)),
        "floats": start
        + _directory((0x011A, 5, 1, 0), (0x011B, 5, 1, 0), (0x0128, 3, 1, 9)),
        "noise": noise(2000, 4),
        "empty": b"",
        "terminal": start
        + _directory((0x0131, 2, 40, 26))
        + b"\x1b]0;taken\x07\x1b[2J\xe2\x80\xaeevil\0" * 3,
    }
    for word, block in blocks.items():
        yield f"exif-{word}.jpg", jpeg(segment(0xE1, (_EXIF + block)[:65_000]))
        yield f"exif-{word}.png", png(chunk(b"eXIf", block))
        yield f"exif-{word}.webp", webp(riff(b"EXIF", block), flags=0x08)
    yield "exif-long.png", png(chunk(b"eXIf", start + bytes(3 << 20)))
    artists = start + _directory(*[(0x013B, 2, 900_000, 8)] * 60_000)
    yield "exif-artists-all.png", png(chunk(b"eXIf", artists))


def packets() -> dict[str, bytes]:
    """XMP packets that mean harm, by a word."""
    rdf = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    lots = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    around = f"<rdf:RDF {rdf}><rdf:Description>{{}}</rdf:Description></rdf:RDF>"
    texts = {
        "laughs": f'<!DOCTYPE x [<!ENTITY l0 "lol">{lots}]><x>&l9;</x>',
        "outside": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        "dtd": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>',
        "deep": "<a>" * 9000 + "</a>" * 9000,
        "deep-rdf": around.format("<a>" * 900 + "</a>" * 900),
        "deep-limit": around.format("<a>" * 480 + "</a>" * 480),
        "open": "<a>" * 20_000,
        "wide": around.format("<a/>" * 12_000),
        "attributes": "<a " + "".join(f'b{n}="" ' for n in range(5000)) + "/>",
        "alphabet": '<?xml version="1.0" encoding="utf-32"?><x/>',
        "numbers": around.format(
            '<a xmlns:t="http://ns.adobe.com/tiff/1.0/" t:Orientation="1e999"/>'
        ),
    }
    return {word: text.encode() for word, text in texts.items()}


def _packets() -> Named:
    for word, packet in packets().items():
        yield f"xmp-{word}.jpg", jpeg(segment(0xE1, (_XMP + packet)[:65_000]))


def _packets_in_pictures() -> Named:
    wide = b"<a/>" * 240_000
    head = b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description>"
    full = head + wide + b"</rdf:Description></rdf:RDF>"
    deep = b"<a>" * 140_000 + b"</a>" * 140_000
    for word, packet in {"wide": full, "deep": deep, "long": bytes(3 << 20)}.items():
        text = b"\0\0\0\0" + packet
        yield f"xmp-{word}-all.png", png(chunk(b"iTXt", _XMP_KEY + text))
        yield f"xmp-{word}-all.webp", webp(riff(b"XMP ", packet), flags=0x04)
    yield (
        "xmp-wide-all.tif",
        tiff(tags_of(8, 8, 64) | {700: (1, len(full), 600)}, bytes(88) + full),
    )


def _texts() -> Named:
    bomb = zeros(8 << 20)
    yield "text-bomb.png", png(chunk(b"zTXt", b"a\0\0" + zeros(256 << 20)))
    yield "text-bombs.png", png(*[chunk(b"zTXt", b"a\0\0" + bomb)] * 200)
    yield (
        "packet-bombs.png",
        png(*[chunk(b"iTXt", _XMP_KEY + b"\x01\0\0\0" + bomb)] * 400),
    )
    yield "texts.png", png(*(chunk(b"tEXt", b"k%d\0v" % n) for n in range(20_000)))
    yield "text-no-end.png", png(chunk(b"tEXt", b"parameters" * 1000))
    yield "text-terminal.png", png(chunk(b"tEXt", b"Software\0\x1b[2J\x1b]0;pwned\x07"))
    jumbf = b"JP\0\x01\0\0\0\x01" + b"jumb c2pa Midjourney " * 3000
    yield "c2pa-long.jpg", jpeg(*[segment(0xEB, jumbf[:65_000])] * 200)


def _iptc() -> Named:
    record = b"\x1c\x02\x50\0\x04evil"
    photoshop = b"Photoshop 3.0\x008BIM\x04\x04\0\0"
    yield (
        "iptc-lies.jpg",
        jpeg(segment(0xED, photoshop + struct.pack(">I", 2**32 - 1) + record)),
    )
    yield (
        "iptc-many.jpg",
        jpeg(segment(0xED, photoshop + struct.pack(">I", 63_000) + record * 7000)),
    )
    yield (
        "iptc-name.jpg",
        jpeg(segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\xff" + b"x" * 40)),
    )
    records = record * 400_000
    entry = {33723: (7, len(records), 600)}
    yield "iptc-all.tif", tiff(tags_of(8, 8, 64) | entry, bytes(88) + records)
