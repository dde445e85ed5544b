"""Writes a picture into a file: format, depth, profile and metadata, all on purpose."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import retouchd
from retouchd.errors import StorageError
from retouchd.media.colour import from_srgb, srgb_profile, to_depth, with_profile
from retouchd.media.metadata import (
    in_photoshop_wrapper,
    iptc_records,
    rights_exif,
    rights_iptc,
)
from retouchd.media.vips import errno_in, pyvips
from retouchd.media.xmp import carried_xmp
from retouchd.values import Metadata, Picture

Format = Literal["jpeg", "png", "webp", "avif", "tiff"]

_QUALITY = {"jpeg": 90, "webp": 85, "avif": 65}

# A JPEG segment holds 65,533 bytes, the name of its kind included.
_JPEG_SEGMENT = 65_000

_72_DPI = 72 / 25.4

_SAVERS: dict[Format, tuple[str, dict[str, Any]]] = {
    # Optimised Huffman tables would take four times as long for 3 % fewer bytes.
    "jpeg": ("jpegsave", {"optimize_coding": False}),
    "png": ("pngsave", {"compression": 2, "filter": "sub"}),
    "webp": ("webpsave", {"effort": 2}),
    "avif": ("heifsave", {"compression": "av1", "effort": 0}),
    # Level 2 is four times as fast as libtiff's default, for a quarter more bytes.
    "tiff": (
        "tiffsave",
        {"compression": "deflate", "predictor": "horizontal", "level": 2},
    ),
}


@dataclass(frozen=True)
class Encoding:
    """How an output is written.

    Attributes:
        format: ``jpeg``, ``png``, ``webp``, ``avif`` or ``tiff``.
        quality: 1..100 for JPEG, WebP and AVIF; ``None``: 90, 85, 65. JPEG keeps full
            colour resolution from 90 on and halves it (4:2:0) below.
        depth: 8 or 16 bits; ``None``: as the picture. JPEG and WebP hold 8 only;
            AVIF holds 10 for a 16-bit picture.
        metadata: ``keep``: EXIF, XMP and IPTC as far as they are true of the output;
            ``rights``: who made it and who may use it; ``strip``: nothing.
        profile: ``srgb``, or ``input``: back to the profile of the source.
    """

    format: Format
    quality: int | None = None
    depth: Literal[8, 16] | None = None
    metadata: Literal["keep", "rights", "strip"] = "keep"
    profile: Literal["srgb", "input"] = "srgb"


def encode(
    picture: Picture, path: Path, encoding: Encoding, *, source_type: str = ""
) -> None:
    """Write *picture* to *path*; the suffix of *path* plays no part.

    Alpha is flattened on white where the format is JPEG. JPEG, PNG, WebP and AVIF carry
    EXIF; JPEG and TIFF carry IPTC; all carry XMP and ICC. Tagged regions, thumbnails
    and the old orientation are never carried. Making the write atomic and durable is
    the caller's part.

    Args:
        picture: sRGB, upright.
        path: where to write; an existing file is overwritten.
        encoding: how to write it.
        source_type: IPTC digital source type to record in the XMP, by name or URI, such
            as ``compositeWithTrainedAlgorithmicMedia``; written under every policy.

    Raises:
        StorageError: the file cannot be written.
    """
    saver, options = _SAVERS[encoding.format]
    chosen = dict(options)
    if encoding.format in _QUALITY:
        chosen["Q"] = encoding.quality or _QUALITY[encoding.format]
    image = _pixels(picture, encoding)
    if encoding.format == "avif":
        chosen["bitdepth"] = 10 if image.format == "ushort" else 8
    carried = _carried(picture.metadata, encoding, source_type)
    image, chosen["keep"] = _with_metadata(image, carried)
    try:
        getattr(image, saver)(os.fsencode(path), **chosen)
    except pyvips.Error as error:
        raise StorageError(
            f"the {encoding.format} output cannot be written: {error}",
            hint="look for free space and permissions of the folder",
            file=path,
            errno=errno_in(error),
        ) from error


def _pixels(picture: Picture, encoding: Encoding) -> pyvips.Image:
    """Return the pixels as the format holds them, their profile embedded."""
    image = picture.image
    if encoding.format == "jpeg" and picture.has_alpha:
        image = image.flatten(background=[65535 if picture.depth == 16 else 255])
    if encoding.profile == "input":
        image = from_srgb(image, picture.metadata.icc)
    else:
        image = with_profile(image, srgb_profile())
    is_narrow = encoding.format in ("jpeg", "webp")
    return to_depth(image, 8 if is_narrow else encoding.depth or picture.depth)


def _carried(metadata: Metadata, encoding: Encoding, source_type: str) -> Metadata:
    """Return the blobs that go into this output."""
    rights_only = encoding.metadata != "keep"
    xmp, exif = metadata.xmp, metadata.exif
    records = iptc_records(metadata.iptc)
    if encoding.metadata == "strip":
        xmp = exif = records = b""
    elif rights_only:
        exif, records = rights_exif(exif), rights_iptc(records)
    source = {"source_type": source_type, "tool": f"retouchd {retouchd.__version__}"}
    packet = carried_xmp(xmp, rights_only=rights_only, **source)
    if encoding.format == "jpeg" and len(packet) > _JPEG_SEGMENT:
        packet = carried_xmp(xmp, rights_only=True, **source)
    iptc = _iptc_for(encoding.format, records)
    return Metadata(exif, packet, iptc, pixels_per_mm=metadata.pixels_per_mm)


def _iptc_for(format: Format, records: bytes) -> bytes:  # noqa: A002  (as above)
    """Wrap IPTC records the way *format* stores them; nothing where it cannot."""
    if format == "jpeg" and 0 < len(records) < _JPEG_SEGMENT:
        return in_photoshop_wrapper(records)
    if format == "tiff":
        # libvips 8.18 writes a quarter of the bytes: it counts words, libtiff bytes.
        return records.ljust(4 * len(records), b"\0")
    return b""


def _with_metadata(image: pyvips.Image, carried: Metadata) -> tuple[pyvips.Image, int]:
    """Attach blobs to *image*; also return what the saver may write.

    The saver must be told: unasked, libvips writes an EXIF block of its own.
    """
    keep = pyvips.enums.ForeignKeep.ICC
    for kind in ("exif", "xmp", "iptc"):
        blob = getattr(carried, kind)
        if blob:
            image.set_type(pyvips.GValue.blob_type, f"{kind}-data", blob)
            keep |= getattr(pyvips.enums.ForeignKeep, kind.upper())
    # Last, since attached EXIF sets the resolution that it was shot with.
    resolution = carried.pixels_per_mm or _72_DPI
    return image.copy(xres=resolution, yres=resolution), keep
