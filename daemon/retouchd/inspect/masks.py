"""Masks beside a picture, brought to one band of 8 bits: 255 inside, 0 outside."""

from __future__ import annotations

from pathlib import Path

from retouchd.errors import InputError
from retouchd.inspect import frame, magic
from retouchd.inspect.kind import Limits, open_regular
from retouchd.media.still import open_image
from retouchd.media.vips import DECODER_ERRORS, pyvips
from retouchd.values import Header, Region

LABEL = "erase:mask"
_INSIDE_FROM = 127  # as IOPaint and A1111 read masks
_WHOLE = frame.rectangle(0, 0, 1, 1)


def read(path: Path, header: Header, limits: Limits) -> Region | None:
    """Read ``NAME.mask.png``: white is erased.

    Args:
        path: the mask; another scale than the picture's is fine, another aspect not.
        header: of the picture.
        limits: what the mask may claim.

    Returns:
        a region over the whole picture; nothing where the mask marks nothing.

    Raises:
        InputError: no PNG, damaged, too large, or of another aspect.
    """
    with open_regular(path, limits.sidecar_bytes) as file:
        if magic.format_of(file.read(magic.HEAD_BYTES) or b"") != "png":
            raise InputError("the mask is no PNG", hint="save it as PNG", file=path)
    image = open_image(path, "png", access="sequential")
    if not frame.displayed(header).fits(image.width, image.height):
        raise InputError(
            f"the mask has {image.width} x {image.height} pixels, the picture "
            f"{header.width} x {header.height}: another shape",
            hint="paint the mask over the upright picture, uncropped",
            file=path,
        )
    try:
        return _region(image, path, limits)
    except DECODER_ERRORS as error:
        raise InputError(
            "the mask is damaged or incomplete",
            hint="save and copy it again",
            file=path,
        ) from error


def _region(image: pyvips.Image, path: Path, limits: Limits) -> Region | None:
    if image.width * image.height / 1e6 > limits.megapixels:
        raise InputError("the mask is too large", hint="save it smaller", file=path)
    packed = to_png(image)
    return Region(LABEL, _WHOLE, packed, path.name) if packed else None


def to_png(image: pyvips.Image) -> bytes:
    """Turn any picture of a mask into one band of 0 and 255, as PNG bytes.

    What is transparent is outside. Empty where nothing is inside.

    Raises:
        DECODER_ERRORS: the pixels cannot be decoded.
    """
    if image.hasalpha():
        image = image.flatten(background=0)
    grey = (
        image.colourspace("b-w")
        if image.format == "uchar"
        else image.colourspace("grey16")
    )
    threshold = _INSIDE_FROM if grey.format == "uchar" else _INSIDE_FROM * 257
    mask = (grey[0] >= threshold).copy_memory()
    if mask.max() == 0:
        return b""
    return bytes(mask.pngsave_buffer(bitdepth=8, keep="none"))
