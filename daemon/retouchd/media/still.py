"""Opens and decodes stills strictly."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, Literal

from retouchd.errors import DamagedError, InputError, StorageError
from retouchd.media.colour import ICC, to_srgb
from retouchd.media.metadata import upright_exif
from retouchd.media.pixels import Pixels, from_array, to_array
from retouchd.media.vips import DECODER_ERRORS, errno_in, pyvips
from retouchd.values import Header, Metadata, Picture

__all__ = ["Pixels", "damaged_still", "decode", "from_array", "open_image", "to_array"]

_LOADERS = {
    "jpeg": "jpegload",
    "png": "pngload",
    "tiff": "tiffload",
    "webp": "webpload",
    "avif": "heifload",
    "gif": "gifload",
}

_OF_THE_STORAGE = {errno.ENOENT, errno.ENOTDIR, errno.EIO, errno.ESTALE}

_LAYOUT_FIELDS = {
    *("width", "height", "bands", "format", "coding", "interpretation"),
    *("xoffset", "yoffset", "xres", "yres"),
}


def open_image(
    path: Path,
    format: str,  # noqa: A002  (the word of Header.format)
    *,
    fail_on: Literal["none", "truncated", "error", "warning"] = "warning",
    access: Literal["random", "sequential"] = "random",
    pages: int = 1,
) -> pyvips.Image:
    """Open the first page of a still; only its header is read until pixels are asked.

    Args:
        path: the file.
        format: ``jpeg``, ``png``, ``tiff``, ``webp``, ``avif`` or ``gif``, as found by
            content; the name of the file plays no part.
        fail_on: from which degree of damage on pixels are refused.
        access: ``sequential`` streams from top to bottom, once.
        pages: how many, one below the other; -1: all. Others than 1 for GIF and WebP.

    Raises:
        InputError: the format is unknown or the header cannot be read.
    """
    loader = _LOADERS.get(format)
    if loader is None:
        raise InputError(
            f"pictures of the format {format!r} are not read",
            hint="send JPEG, PNG, TIFF, WebP, AVIF or GIF",
            file=path,
        )
    load: Any = getattr(pyvips.Image, loader)
    options = {} if pages == 1 else {"n": pages}
    try:
        return load(os.fsencode(path), fail_on=fail_on, access=access, **options)
    except DECODER_ERRORS as error:
        raise damaged_still(path, error) from error


def decode(path: Path, header: Header) -> Picture:
    """Decode a still into memory as steps want it: sRGB, upright, RGB or RGBA.

    Grey becomes RGB, CMYK and wide gamuts become sRGB, a palette is expanded, fewer
    than 8 bits become 8, floating point becomes 16. Decoding is strict: libvips would
    otherwise hand out half a file, the rest grey, without a word.

    Args:
        path: the file.
        header: what the inspection found in it.

    Raises:
        InputError: the file is damaged, cut short, or no longer what *header* says.
    """
    image = open_image(path, header.format, access="sequential")
    if sorted((image.width, image.height)) != sorted((header.width, header.height)):
        raise InputError(
            f"the picture is {image.width} x {image.height} pixels, "
            f"but was {header.width} x {header.height} when it was inspected",
            hint="something writes to the file; copy it again",
            file=path,
        )
    try:
        pixels = _upright(to_srgb(image).copy_memory())
    except DECODER_ERRORS as error:
        raise damaged_still(path, error) from error
    if pixels.format not in ("uchar", "ushort") or pixels.bands not in (3, 4):
        raise InputError(
            f"pixels of {pixels.bands} bands of type {pixels.format} are not supported",
            hint="save the picture as RGB with 8 or 16 bits",
            file=path,
        )
    return Picture(_without_fields(pixels), metadata=_metadata(image))


def _upright(image: pyvips.Image) -> pyvips.Image:
    """Apply the EXIF orientation; *image* is in memory, since turning jumps about."""
    turned = image.get_typeof("orientation") and image.get("orientation") > 1
    return image.autorot().copy_memory() if turned else image


def _without_fields(image: pyvips.Image) -> pyvips.Image:
    """Return the bare pixels: metadata travels in ``Picture.metadata`` alone."""
    bare = image.copy()
    try:
        names = bare.get_fields()
    except UnicodeDecodeError:  # a text in a PNG, under a name in another encoding
        return from_array(to_array(image))
    for name in names:
        if name not in _LAYOUT_FIELDS:
            bare.remove(name)
    return bare


def _metadata(image: pyvips.Image) -> Metadata:
    """Collect the blobs of *image*; its pixels come upright, so its EXIF says so."""

    def blob(name: str) -> bytes:
        return bytes(image.get(name)) if image.get_typeof(name) else b""

    return Metadata(
        exif=upright_exif(blob("exif-data")),
        xmp=blob("xmp-data"),
        iptc=blob("iptc-data"),
        icc=blob(ICC),
        # 1 pixel per millimetre is libvips' word for 'unknown'.
        pixels_per_mm=0.0 if image.xres == 1 else float(image.xres),
    )


def damaged_still(path: Path, error: Exception) -> DamagedError | StorageError:
    """Say what a decoder complained about, for people who made the picture."""
    number = errno_in(error)
    if number in _OF_THE_STORAGE:
        return StorageError(
            f"the file cannot be read: {os.strerror(number)}",
            hint="look at the share that it lies on",
            file=path,
            errno=number,
        )
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return DamagedError(
        f"the file is cut short or damaged: {lines[-1] if lines else error}",
        hint="copy it again, or export it again from where it was made",
        file=path,
    )
