"""Brings every picture to sRGB and back, and reads the colours of rules."""

from __future__ import annotations

import itertools
import re
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator

from retouchd.media.vips import pyvips

ICC = "icc-profile-data"

_NAMES = {"white": "#ffffff", "black": "#000000"}

# Relative colorimetric keeps what fits into sRGB as it is; black point compensation
# keeps shadows apart where the black of the source is lighter or darker.
_CONVERSION = {"intent": "relative", "black_point_compensation": True}


def _canonical(text: str) -> str:
    """Bring a colour of a rule to ``#rrggbb``."""
    written = _NAMES.get(text.lower(), text.lower())
    if re.fullmatch("#[0-9a-f]{3}", written):
        return "#" + "".join(digit * 2 for digit in written[1:])
    if re.fullmatch("#[0-9a-f]{6}", written):
        return written
    raise ValueError(f"{text!r} is no colour; write '#rrggbb', '#rgb', white or black")


Colour = Annotated[str, AfterValidator(_canonical)]
"""A colour in a rule: ``#rgb``, ``#rrggbb``, ``white`` or ``black``, in sRGB."""


def levels(colour: Colour, depth: int) -> list[int]:
    """Return red, green, blue of *colour* as 0..255, or 0..65535 at *depth* 16."""
    return [byte * (257 if depth == 16 else 1) for byte in bytes.fromhex(colour[1:])]


def to_srgb(image: pyvips.Image) -> pyvips.Image:
    """Convert any decoded picture to sRGB, RGB or RGBA, 8 or 16 bits.

    An embedded profile is honoured (relative colorimetric, black point compensation),
    except where it describes sRGB itself: those pixels stay as they are. Untagged RGB
    and grey count as sRGB, untagged CMYK as libvips' built-in press profile.

    Raises:
        pyvips.Error: the pixels have a colour space that cannot be converted.
    """
    profile = bytes(image.get(ICC)) if image.get_typeof(ICC) else b""
    space = profile[16:20]
    depth = 8 if image.format == "uchar" else 16
    if image.interpretation == "cmyk":
        return image.icc_transform(
            "srgb",
            embedded=space == b"CMYK",
            input_profile="cmyk",
            depth=depth,
            **_CONVERSION,
        )
    if image.interpretation in ("b-w", "grey16") and space == b"GRAY":
        return image.icc_transform("srgb", embedded=True, depth=depth, **_CONVERSION)
    colours = image.colourspace("srgb" if depth == 8 else "rgb16")
    colours = colours.extract_band(0, n=min(colours.bands, 4))
    is_rgb = image.interpretation in ("srgb", "rgb16", "b-w", "grey16")
    if not is_rgb or space != b"RGB " or is_srgb(profile):
        return colours
    if depth == 8:
        return colours.icc_transform("srgb", embedded=True, depth=8, **_CONVERSION)
    # At 16 bits the direct way goes through a coarse table of lcms, and is off by up to
    # 3 % beside the edge of the gamut; the way through Lab is slower, and exact.
    lab = colours.extract_band(0, n=3).icc_import(embedded=True, **_CONVERSION)
    exact = lab.icc_export(output_profile="srgb", depth=16, **_CONVERSION)
    return _with_alpha_of(colours, exact)


def from_srgb(image: pyvips.Image, profile: bytes) -> pyvips.Image:
    """Convert sRGB pixels to *profile* and embed it; the way back of ``to_srgb``.

    A profile that is not RGB, or unusable, leaves *image* in sRGB with its profile.
    """
    if profile[16:20] != b"RGB " or is_srgb(profile):
        return with_profile(image, srgb_profile())
    lab = image.extract_band(0, n=3).icc_import(input_profile="srgb", **_CONVERSION)
    depth = 8 if image.format == "uchar" else 16
    converted = with_profile(lab, profile).icc_export(depth=depth, **_CONVERSION)
    return _with_alpha_of(image, converted)


def with_profile(image: pyvips.Image, profile: bytes) -> pyvips.Image:
    """Return *image*, its pixels untouched, with *profile* embedded."""
    tagged = image.copy()
    tagged.set_type(pyvips.GValue.blob_type, ICC, profile)
    return tagged


def _with_alpha_of(source: pyvips.Image, colours: pyvips.Image) -> pyvips.Image:
    """Join the opacity of *source*, untouched by any conversion, to *colours*."""
    if source.bands < 4:
        return colours
    return colours.bandjoin(source.extract_band(3).copy(interpretation="multiband"))


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """Return the sRGB profile that libvips ships."""
    return bytes(pyvips.Operation.call("profile_load", "srgb"))


def to_depth(image: pyvips.Image, depth: int) -> pyvips.Image:
    """Bring *image* to 8 or 16 bits; 255 and 65535 mean the same, rounded exactly."""
    if depth == 8 and image.format == "ushort":
        table = (pyvips.Image.identity(ushort=True) / 257).rint().cast("uchar")
        return image.maplut(table).copy(interpretation="srgb")
    if depth == 16 and image.format == "uchar":
        table = (pyvips.Image.identity() * 257).cast("ushort")
        return image.maplut(table).copy(interpretation="rgb16")
    return image


@lru_cache(maxsize=64)
def is_srgb(profile: bytes) -> bool:
    """Whether *profile* gives the same colours as sRGB, tried on 512 of them.

    Most cameras tag sRGB with one of a dozen profiles of that name; converting such a
    picture would cost time and change bytes that nobody asked to change.
    """
    steps = (0, 36, 73, 109, 146, 182, 219, 255)
    colours = bytes(itertools.chain(*itertools.product(steps, repeat=3)))
    probe = pyvips.Image.new_from_memory(colours, 512, 1, 3, "uchar")
    probe = with_profile(probe.copy(interpretation="srgb"), profile)
    try:
        seen = probe.icc_transform("srgb", embedded=True, depth=8, **_CONVERSION)
        return bool((seen.cast("short") - probe).abs().max() <= 1)
    except pyvips.Error:
        return True
