"""What a file is, by content and within limits, before any pixel is decoded."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from retouchd.errors import InputError, StorageError
from retouchd.inspect import blocks, exif, magic
from retouchd.inspect.animated import with_frames
from retouchd.inspect.containers import reader_of
from retouchd.media.clips.opening import read_facts
from retouchd.media.still import open_image
from retouchd.media.vips import pyvips
from retouchd.values import Header

_MIB = 1 << 20
_MAX_BANDS = 5  # CMYK and opacity
# A link, a file of somebody else, a socket: opening it again would not help.
_CLOSED = {errno.ELOOP, errno.EACCES, errno.EPERM, errno.ENXIO}
_DEPTHS = {"uchar": 8, "ushort": 16}
_EXTENSIONS = {
    "jpeg": {".jpg", ".jpeg", ".jpe", ".jfif"},
    "png": {".png", ".apng"},
    "tiff": {".tif", ".tiff", ".btf"},
    "webp": {".webp"},
    "avif": {".avif", ".avifs"},
    "gif": {".gif"},
    "mov": {".mp4", ".mov", ".m4v", ".3gp", ".qt"},
    "matroska": {".mkv", ".webm"},
}
_CLIPS = {"mov", "matroska"}


@dataclass(frozen=True)
class Limits:
    """What a picture may claim before it is decoded.

    Attributes:
        megapixels: most pixels of one picture, in millions.
        file_bytes: largest file.
        icc_bytes, xmp_bytes, exif_bytes, iptc_bytes: largest profile and metadata
            blocks.
        sidecar_bytes: largest JSON or mask beside a picture; LabelMe writes the whole
            picture into its JSON.
    """

    megapixels: float = 500.0
    file_bytes: int = 2 << 30
    icc_bytes: int = 4 * _MIB
    xmp_bytes: int = 1 * _MIB
    exif_bytes: int = 1 * _MIB
    iptc_bytes: int = 1 * _MIB
    sidecar_bytes: int = 64 * _MIB


@dataclass(frozen=True)
class Examined:
    """A header, the blocks that libvips read with it, and what looked odd.

    Attributes:
        header: the facts that travel on.
        exif, xmp: blocks as libvips carries them; empty where absent.
        tags: of a clip's container, by name.
        warnings: sentences for people.
    """

    header: Header
    exif: bytes = b""
    xmp: bytes = b""
    tags: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()


def read_header(path: Path, limits: Limits) -> Header:
    """Read what a file is; see :func:`examine`, which also keeps the warnings.

    Raises:
        InputError: the file is no picture that can be processed.
    """
    return examine(path, limits).header


def examine(path: Path, limits: Limits) -> Examined:
    """Read the header of a picture by content; no pixel is decoded.

    Args:
        path: the file; a link or a pipe is refused, not followed or waited for.
        limits: what the header may claim.

    Raises:
        InputError: not a regular file, empty, an unknown or refused format, a header
            that cannot be read, or claims beyond *limits*.
    """
    picture_format = _format_of(path, limits)
    if picture_format in _CLIPS:
        return _examine_clip(path, picture_format, limits)
    image = open_image(path, picture_format)
    _check_pixels(path, image, limits)
    _check_blocks(path, image, limits)
    pages = _integer(image, "n-pages", 1)
    header = with_frames(path, _header(image, picture_format), pages)
    warnings = (_about_name(path, picture_format), _about_pages(path, pages, header))
    return Examined(
        header,
        _block(image, "exif-data"),
        _block(image, "xmp-data"),
        warnings=tuple(warning for warning in warnings if warning),
    )


def _examine_clip(path: Path, container: str, limits: Limits) -> Examined:
    facts = read_facts(path, container)
    _check_size(path, facts.width, facts.height, limits)
    turned = facts.turn in {90, 270}
    header = Header(
        format=container,
        kind="clip",
        width=facts.height if turned else facts.width,
        height=facts.width if turned else facts.height,
        bands=4 if facts.has_alpha else 3,
        depth=16 if facts.depth > 8 else 8,
        orientation=1,
        has_alpha=facts.has_alpha,
        frames=facts.frames,
        seconds=facts.seconds,
    )
    warning = _about_name(path, container)
    warnings = (warning,) if warning else ()
    return Examined(header, tags=facts.texts, warnings=warnings)


def open_regular(path: Path, most_bytes: int) -> BinaryIO:
    """Open a file for reading: no link, no pipe, not empty, not too large.

    Raises:
        InputError: with the reason, naming *path*.
        StorageError: the storage failed, or is away; the file is not to blame.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno not in _CLOSED:
            raise StorageError(
                f"the file cannot be opened: {error.strerror}",
                hint="look at the share that it lies on",
                file=path,
                errno=error.errno or 0,
            ) from error
        reason = "it is a link" if path.is_symlink() else str(error.strerror)
        raise InputError(
            f"the file cannot be opened: {reason}",
            hint="drop the file itself, readable for the daemon",
            file=path,
        ) from error
    try:
        _check_file(path, os.fstat(descriptor), most_bytes)
    except InputError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def _check_file(path: Path, status: os.stat_result, most_bytes: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise InputError(
            "this is not a regular file",
            hint="drop the file itself, not a folder, a link or a pipe",
            file=path,
        )
    if status.st_size == 0:
        raise InputError(
            "the file is empty", hint="copy it again, it may have been cut", file=path
        )
    if status.st_size > most_bytes:
        raise InputError(
            f"the file has {status.st_size / _MIB:,.1f} MiB, at most "
            f"{most_bytes / _MIB:,.1f} MiB are taken",
            hint="export a smaller file, or raise the limit in the configuration",
            file=path,
        )


def _format_of(path: Path, limits: Limits) -> str:
    with open_regular(path, limits.file_bytes) as file:
        head = file.read(magic.HEAD_BYTES)
        found = magic.format_of(head)
        if not found:
            phrase, hint = magic.looks_like(head)
            raise InputError(f"this is {phrase}", hint=hint, file=path)
        if found == "tiff":
            _refuse_raw(path, file)
        for block, size in blocks.claimed(file, found):
            _check_block(path, block, size, limits)
        return found


def _refuse_raw(path: Path, file: BinaryIO) -> None:
    """Refuse RAW files in TIFF's clothes: only their small preview would open."""
    first = exif.first_directory(reader_of(file))
    preview_first = first.integer(exif.TAG_NEW_SUBFILE_TYPE) == 1
    nested = exif.TAG_SUB_IFDS in first.entries
    if exif.TAG_DNG_VERSION in first.entries or (preview_first and nested):
        raise InputError(
            "this is a camera RAW file",
            hint="develop it and export JPEG, PNG or TIFF",
            file=path,
        )


def _check_size(path: Path, width: int, height: int, limits: Limits) -> None:
    megapixels = width * height / 1e6
    if megapixels > limits.megapixels:
        raise InputError(
            f"the picture claims {width} x {height} pixels "
            f"({megapixels:,.0f} megapixels), at most {limits.megapixels:,.0f} "
            "are taken",
            hint="export it smaller, or raise the limit in the configuration",
            file=path,
        )


def _check_pixels(path: Path, image: pyvips.Image, limits: Limits) -> None:
    _check_size(path, image.width, image.height, limits)
    if image.format not in _DEPTHS or image.bands > _MAX_BANDS:
        raise InputError(
            f"its pixels are {image.bands} x {image.format} ({image.interpretation}), "
            "only 8 and 16 bits per channel are taken",
            hint="export it as 8- or 16-bit RGB, grey or CMYK",
            file=path,
        )


def _check_blocks(path: Path, image: pyvips.Image, limits: Limits) -> None:
    """Check what libvips unpacked; a packed block may have claimed less."""
    fields = {
        "icc": "icc-profile-data",
        "xmp": "xmp-data",
        "exif": "exif-data",
        "iptc": "iptc-data",
    }
    for block, field in fields.items():
        _check_block(path, block, len(_block(image, field)), limits)


def _check_block(path: Path, block: str, size: int, limits: Limits) -> None:
    words, limit = {
        "icc": ("colour profile", limits.icc_bytes),
        "xmp": ("XMP metadata", limits.xmp_bytes),
        "exif": ("EXIF metadata", limits.exif_bytes),
        "iptc": ("IPTC metadata", limits.iptc_bytes),
    }[block]
    if size > limit:
        raise InputError(
            f"its {words} takes {size:,} bytes, at most {limit:,} are taken",
            hint="export it without the editing history, or raise the limit",
            file=path,
        )


def _block(image: pyvips.Image, field: str) -> bytes:
    return bytes(image.get(field)) if image.get_typeof(field) else b""


def _header(image: pyvips.Image, picture_format: str) -> Header:
    orientation = _integer(image, "orientation", 1)
    orientation = orientation if 1 <= orientation <= 8 else 1
    turned = orientation >= 5
    return Header(
        format=picture_format,
        kind="still",
        width=image.height if turned else image.width,
        height=image.width if turned else image.height,
        bands=image.bands,
        depth=_DEPTHS[image.format],
        orientation=orientation,
        has_alpha=bool(image.hasalpha()),
    )


def _integer(image: pyvips.Image, field: str, default: int) -> int:
    return int(image.get(field)) if image.get_typeof(field) else default


def _about_name(path: Path, picture_format: str) -> str:
    suffix = path.suffix.lower()
    if suffix in _EXTENSIONS[picture_format]:
        return ""
    named = f"is named {suffix}" if suffix else "has no extension"
    return f"{path.name} {named} but is {picture_format.upper()} inside"


def _about_pages(path: Path, pages: int, header: Header) -> str:
    if pages <= 1 or header.is_animated:  # of those the rule says what they are
        return ""
    return f"{path.name} holds {pages} pages or frames; only the first one is used"
