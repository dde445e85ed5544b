"""Where a picture sits in a new frame, and what becomes of its regions there."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AfterValidator

from retouchd.media.vips import pyvips
from retouchd.values import Picture, Region

Gravity = Literal[
    "centre",
    "north",
    "north-east",
    "east",
    "south-east",
    "south",
    "south-west",
    "west",
    "north-west",
]
"""Towards which edge or corner a picture is held while the frame changes."""

Point = tuple[float, float]


def _checked_aspect(text: str) -> str:
    """Refuse what is no aspect ratio."""
    match = re.fullmatch(r"(\d{1,5}(?:\.\d{1,3})?):(\d{1,5}(?:\.\d{1,3})?)", text)
    if not match or not all(float(side) > 0 for side in match.groups()):
        raise ValueError(f"{text!r} is no aspect ratio; write width:height, as '4:5'")
    return text


Aspect = Annotated[str, AfterValidator(_checked_aspect)]
"""Width to height in a rule, such as ``4:5``."""


def ratio(aspect: Aspect) -> float:
    """Return width divided by height."""
    width, height = aspect.split(":")
    return float(width) / float(height)


def largest_inside(aspect: Aspect, width: int, height: int) -> tuple[int, int]:
    """Return the largest size of *aspect* that fits into *width* x *height* pixels."""
    wanted = ratio(aspect)
    if width > height * wanted:
        return max(1, round(height * wanted)), height
    return width, max(1, round(width / wanted))


def smallest_around(aspect: Aspect, width: int, height: int) -> tuple[int, int]:
    """Return the smallest size of *aspect* that holds *width* x *height* pixels."""
    wanted = ratio(aspect)
    if width < height * wanted:
        return max(width, round(height * wanted)), height
    return width, max(height, round(width / wanted))


def placed(gravity: Gravity, spare_width: int, spare_height: int) -> tuple[int, int]:
    """Return left and top of the inner frame, given the spare pixels around it."""
    left = 0 if "west" in gravity else spare_width
    top = 0 if "north" in gravity else spare_height
    return (
        left if "west" in gravity or "east" in gravity else spare_width // 2,
        top if "north" in gravity or "south" in gravity else spare_height // 2,
    )


def resized(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """Scale *image* to exactly *width* x *height* pixels, Lanczos-3.

    Colours are weighted with their opacity, so that what lies under transparent pixels
    does not bleed into the edges.
    """
    if (image.width, image.height) == (width, height):
        return image
    scales = {"scale": width / image.width, "vscale": height / image.height}
    if not image.hasalpha():
        return image.resize(scales.pop("scale"), **scales)
    flat = image.premultiply().resize(scales.pop("scale"), **scales).unpremultiply()
    rounded = flat.rint().cast(image.format)
    return rounded.copy(interpretation=image.interpretation)


def reframed(picture: Picture, image: pyvips.Image, left: int, top: int) -> Picture:
    """Return *image* as the new picture, its regions moved along.

    Args:
        picture: the picture before.
        image: the pixels in the new frame.
        left: of the new frame, in pixels of the old one; negative where it is wider.
        top: likewise.

    Returns:
        The new picture; regions are cut at its edges, those outside are gone.
    """
    old, new = picture.image, image
    moved = []
    for region in picture.regions:
        outline = tuple(
            ((x * old.width - left) / new.width, (y * old.height - top) / new.height)
            for x, y in region.outline
        )
        moved.append(_cut(replace(region, outline=outline)))
    kept = tuple(region for region in moved if region is not None)
    return replace(picture, image=image, regions=kept)


def _cut(region: Region) -> Region | None:
    """Cut *region* at the edges of the picture; ``None`` where nothing is left."""
    left, top, right, bottom = region.box
    if left >= 0 and top >= 0 and right <= 1 and bottom <= 1:
        return region
    if right <= 0 or bottom <= 0 or left >= 1 or top >= 1:
        return None
    if region.mask is not None:
        return _cut_mask(region, region.mask)
    outline = region.outline
    for axis in (0, 1):
        outline = _clipped(outline, axis, 0.0, keep_above=True)
        outline = _clipped(outline, axis, 1.0, keep_above=False)
    return replace(region, outline=outline) if len(outline) >= 3 else None


def _clipped(
    outline: tuple[Point, ...], axis: int, limit: float, *, keep_above: bool
) -> tuple[Point, ...]:
    """Clip a polygon at one line (Sutherland and Hodgman, 1974)."""
    sign = 1 if keep_above else -1
    kept: list[Point] = []
    for before, point in zip(outline[-1:] + outline[:-1], outline, strict=True):
        inside_before = sign * (before[axis] - limit) >= 0
        inside = sign * (point[axis] - limit) >= 0
        if inside != inside_before:
            share = (limit - before[axis]) / (point[axis] - before[axis])
            x, y = (b + share * (p - b) for b, p in zip(before, point, strict=True))
            kept.append((limit, y) if axis == 0 else (x, limit))
        if inside:
            kept.append(point)
    return tuple(kept)


def _cut_mask(region: Region, mask: bytes) -> Region:
    """Cut a region whose mask fills its box, on whole pixels of the mask."""
    left, top, right, bottom = region.box
    image = pyvips.Image.pngload_buffer(mask)
    column, pixel_width = image.width / (right - left), (right - left) / image.width
    row, pixel_height = image.height / (bottom - top), (bottom - top) / image.height
    first = max(0, math.floor(-left * column)), max(0, math.floor(-top * row))
    last = (
        min(image.width, math.ceil((1 - left) * column)),
        min(image.height, math.ceil((1 - top) * row)),
    )
    cut = image.crop(*first, last[0] - first[0], last[1] - first[1])
    x0, y0 = (
        max(0.0, left + first[0] * pixel_width),
        max(0.0, top + first[1] * pixel_height),
    )
    x1, y1 = (
        min(1.0, left + last[0] * pixel_width),
        min(1.0, top + last[1] * pixel_height),
    )
    outline = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    return replace(region, outline=outline, mask=cut.pngsave_buffer())
