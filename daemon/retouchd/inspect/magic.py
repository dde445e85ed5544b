"""Tells formats apart by their first bytes, never by their name."""

from __future__ import annotations

import re

HEAD_BYTES = 512
"""How much of a file :func:`format_of` and :func:`looks_like` want to see."""

_ACCEPTED: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("jpeg", re.compile(rb"\xff\xd8\xff")),
    ("png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("tiff", re.compile(rb"II\*\0(?!.{4}CR)|MM\0\*|II\+\0|MM\0\+", re.DOTALL)),
    ("webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    # Some writers put the general brand first and name AVIF among the compatible ones.
    ("avif", re.compile(rb".{4}ftyp(avif|avis|mif1.{4}(.{4})*?avif)", re.DOTALL)),
    ("gif", re.compile(rb"GIF8[79]a")),
    # Not the still pictures in the same container, which the table below names.
    (
        "mov",
        re.compile(
            rb".{4}(ftyp(?!hei|hev|mif|msf|avi|crx )|moov|mdat|wide|free|skip)",
            re.DOTALL,
        ),
    ),
    ("matroska", re.compile(rb"\x1aE\xdf\xa3")),
)

_STILL = "export it as JPEG, PNG or TIFF"
_RAW = "develop it and export JPEG, PNG or TIFF"
_CLIP = "export it as MP4, MOV, WebM or MKV"

_REFUSED: tuple[tuple[str, str, re.Pattern[bytes]], ...] = (
    (
        "a HEIC picture, which is not supported yet",
        "export JPEG, PNG or TIFF",
        re.compile(rb".{4}ftyp(hei[cxms]|hev[cmxs]|mif[12]|msf1)", re.DOTALL),
    ),
    (
        "a Canon camera RAW file",
        _RAW,
        re.compile(rb".{4}ftypcrx |II\*\0.{4}CR|II\x1a\0.{4}HEAPCCDR", re.DOTALL),
    ),
    (
        "a camera RAW file",
        _RAW,
        re.compile(rb"FUJIFILMCCD-RAW|IIR[OS]|IIU\0|FOVb|\0MRM"),
    ),
    ("a clip (AVI)", _CLIP, re.compile(rb"RIFF.{4}AVI ", re.DOTALL)),
    ("a sound file (WAV)", _STILL, re.compile(rb"RIFF.{4}WAVE", re.DOTALL)),
    (
        "a Photoshop document",
        "export it flattened as PNG or TIFF",
        re.compile(rb"8BPS"),
    ),
    ("a PDF document", _STILL, re.compile(rb"%PDF-")),
    ("a PostScript or EPS document", _STILL, re.compile(rb"%!|\xc5\xd0\xd3\xc6")),
    (
        "an SVG drawing",
        _STILL,
        re.compile(
            rb"\s*(\xef\xbb\xbf)?\s*(<\?xml.*|<!--.*|<!DOCTYPE.*)?<svg", re.DOTALL
        ),
    ),
    (
        "a web page",
        "drop the picture itself",
        re.compile(rb"\s*<(!doctype html|html)", re.IGNORECASE),
    ),
    ("an XML text", "drop the picture itself", re.compile(rb"\s*<\?xml")),
    (
        "a ZIP archive",
        "unpack it and drop the pictures",
        re.compile(rb"PK\x03\x04|PK\x05\x06"),
    ),
    (
        "a packed archive",
        "unpack it and drop the pictures",
        re.compile(rb"\x1f\x8b|7z\xbc\xaf'\x1c|Rar!|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd"),
    ),
    ("a program", "drop a picture", re.compile(rb"\x7fELF|MZ")),
    ("a BMP picture", _STILL, re.compile(rb"BM.{4}\0\0\0\0", re.DOTALL)),
    ("a JPEG 2000 picture", _STILL, re.compile(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51")),
    ("a JPEG XL picture", _STILL, re.compile(rb"\xff\x0a|\0\0\0\x0cJXL ")),
    ("a Windows icon", _STILL, re.compile(rb"\0\0[\1\2]\0")),
    ("an OpenEXR picture", _STILL, re.compile(rb"v/1\x01")),
    ("a Radiance HDR picture", _STILL, re.compile(rb"#\?RADIANCE|#\?RGBE")),
    (
        "empty inside: all its first bytes are zero",
        "copy the file again",
        re.compile(rb"\0{16}"),
    ),
    (
        "a text",
        "drop the picture itself",
        re.compile(rb"([\t\n\r\x20-\x7e]|[\xc2-\xf4][\x80-\xbf]{1,3})+[\xc2-\xf4]?\Z"),
    ),
)


def format_of(head: bytes) -> str:
    """Return the format of a still or the container of a clip, or nothing.

    One of ``jpeg``, ``png``, ``tiff``, ``webp``, ``avif``, ``gif``; ``mov`` (MP4 too)
    and ``matroska`` (WebM too).

    Args:
        head: the first ``HEAD_BYTES`` bytes of the file, or all of a shorter one.
    """
    return next((name for name, mark in _ACCEPTED if mark.match(head)), "")


def looks_like(head: bytes) -> tuple[str, str]:
    """Say what a refused file looks like, and what its owner can do.

    Returns:
        a phrase that follows 'this is', and a hint; a phrase of its own for bytes
        that nothing is known of.
    """
    for phrase, hint, mark in _REFUSED:
        if mark.match(head):
            return phrase, hint
    return (
        "no picture that is known here",
        "send JPEG, PNG, TIFF, WebP, AVIF, GIF, MP4, MOV, WebM or MKV",
    )
