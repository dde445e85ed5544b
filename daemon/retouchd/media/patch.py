"""Where tagged regions lie in pixels, how they are cut into patches and pasted back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.errors import InputError
from retouchd.media.pixels import Pixels, to_array
from retouchd.media.vips import pyvips
from retouchd.values import Region

Mask = NDArray[np.bool_]
Area = tuple[slice, slice]

# A network invents well up to about this share of its edge; what is thicker is
# filled at a smaller scale.
_THICKEST = 0.375
_LARGEST_MASK_PIXELS = 100_000_000


def rasterise(regions: Sequence[Region], width: int, height: int, grow: int) -> Mask:
    """Draw regions, each wider by *grow* pixels, into a mask (height, width).

    Raises:
        InputError: the mask of a region is no readable PNG.
    """
    mask = np.zeros((height, width), np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grow + 1, 2 * grow + 1))
    for region in regions:
        left, top, right, bottom = _pixel_box(region, width, height)
        area = _area(left - grow, top - grow, right + grow, bottom + grow, mask.shape)
        drawn: Any = cv2.copyMakeBorder(
            _draw(region, width, height), grow, grow, grow, grow, cv2.BORDER_CONSTANT
        )
        drawn = cv2.dilate(drawn, disc)
        # The part of the drawing that lies within the picture.
        rows = slice(area[0].start - top + grow, area[0].stop - top + grow)
        columns = slice(area[1].start - left + grow, area[1].stop - left + grow)
        mask[area] |= drawn[rows, columns]
    return mask.astype(bool)


def _pixel_box(region: Region, width: int, height: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = (min(max(edge, -1), 2) for edge in region.box)
    first = math.floor(left * width), math.floor(top * height)
    last = math.ceil(right * width), math.ceil(bottom * height)
    return *first, max(last[0], first[0] + 1), max(last[1], first[1] + 1)


def _draw(region: Region, width: int, height: int) -> NDArray[np.uint8]:
    """Draw one region into a mask of its own box, 255 inside."""
    left, top, right, bottom = _pixel_box(region, width, height)
    size = (right - left, bottom - top)
    if region.mask is not None:
        stretched = cv2.resize(_read_mask(region), size, interpolation=cv2.INTER_LINEAR)
        return np.where(stretched > 127, 255, 0).astype(np.uint8)
    box = np.zeros(size[::-1], np.uint8)
    outline = np.array(region.outline, np.float64).clip(-1, 2) * (width, height)
    # 4 binary digits of a pixel; the centre of the first pixel is 0.
    points = np.rint((outline - (left, top) - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(box, [points], 255, shift=4)
    return box


def _read_mask(region: Region) -> Pixels:
    try:
        image = pyvips.Image.pngload_buffer(region.mask, fail_on="error")
        if image.width * image.height > _LARGEST_MASK_PIXELS:
            raise InputError(
                f"the mask of {region.label!r} has "
                f"{image.width} x {image.height} pixels",
                hint="a mask needs no more pixels than its picture",
            )
        band = image.colourspace("b-w").extract_band(0)
        return to_array(band)[:, :, 0]
    except pyvips.Error as error:
        raise InputError(
            f"the mask of {region.label!r} ({region.source}) is no readable PNG",
            hint="write it again as one-band PNG",
        ) from error


@dataclass(frozen=True)
class Patch:
    """One run of a network: what it sees, and which part of its answer is used.

    Attributes:
        window: what it sees, within the picture.
        cell: what is used, within the picture and the window.
        side: edge of the square that the window stands for; a window that the picture
            cuts short is mirrored up to it.
    """

    window: Area
    cell: Area
    side: int

    @property
    def cell_in_window(self) -> Area:
        """The cell, counted from the corner of the window."""
        rows, columns = (
            slice(cell.start - window.start, cell.stop - window.start)
            for cell, window in zip(self.cell, self.window, strict=True)
        )
        return rows, columns


def plan_patches(hole: Mask, edge: int) -> Iterator[Patch]:
    """Cut a hole into patches for a network that sees squares of *edge* pixels.

    Thin parts are filled at full scale, cell by cell along their length; parts thicker
    than three eighths of *edge* at a scale that brings them there. Specks that lie
    close together share a patch.
    """
    for box, thickness in _parts(hole, bucket=edge // 4):
        side = math.ceil(edge * max(1.0, thickness / (_THICKEST * edge)))
        for cell in _cells(box, side // 2):
            if hole[cell].any():
                window = _window(cell, side, hole.shape)
                yield Patch(window, cell, side)


def _parts(hole: Mask, bucket: int) -> Iterator[tuple[Area, float]]:
    """Yield boxes of connected parts with their thickness; small neighbours as one."""
    _, labels, stats, centres = cv2.connectedComponentsWithStats(hole.astype(np.uint8))
    specks: dict[tuple[int, int], list[Area]] = {}
    for label in range(1, len(stats)):
        left, top, width, height = (int(value) for value in stats[label, :4])
        box = (slice(top, top + height), slice(left, left + width))
        if max(width, height) <= bucket:
            x, y = centres[label]
            specks.setdefault((int(y) // bucket, int(x) // bucket), []).append(box)
            continue
        part = np.pad((labels[box] == label).astype(np.uint8), 1)
        yield box, 2 * float(cv2.distanceTransform(part, cv2.DIST_L2, 5).max())
    for boxes in specks.values():
        rows, columns = zip(*boxes, strict=True)
        yield (_union(rows), _union(columns)), 0.0


def _union(spans: Sequence[slice]) -> slice:
    return slice(min(span.start for span in spans), max(span.stop for span in spans))


def _cells(box: Area, longest: int) -> Iterator[Area]:
    """Divide *box* into equal cells with edges of at most *longest* pixels."""
    rows, columns = (_divide(span, longest) for span in box)
    for row in rows:
        for column in columns:
            yield row, column


def _divide(span: slice, longest: int) -> list[slice]:
    length = span.stop - span.start
    count = -(-length // longest)
    cuts = [span.start + length * number // count for number in range(count + 1)]
    return [slice(*pair) for pair in pairwise(cuts)]


def _window(cell: Area, side: int, shape: tuple[int, ...]) -> Area:
    """Square of *side* around *cell*, moved (or, if need be, cut) into the picture."""
    spans = []
    for span, length in zip(cell, shape, strict=True):
        start = (span.start + span.stop - side) // 2
        start = max(0, min(start, length - side))
        spans.append(slice(start, min(start + side, length)))
    return spans[0], spans[1]


def _area(left: int, top: int, right: int, bottom: int, shape: tuple[int, ...]) -> Area:
    """Clip a box to the picture; empty where they do not meet."""
    rows = slice(min(max(top, 0), shape[0]), max(min(bottom, shape[0]), 0))
    columns = slice(min(max(left, 0), shape[1]), max(min(right, shape[1]), 0))
    return (
        slice(rows.start, max(rows.start, rows.stop)),
        slice(columns.start, max(columns.start, columns.stop)),
    )


def blend_in(pixels: Pixels, filled: Pixels, hole: Mask, feather: int) -> Pixels:
    """Paste *filled* into *pixels*, inside the hole only.

    The share of *filled* rises from the edge of the hole inwards, to all of it
    *feather* pixels from the edge.

    Args:
        pixels: (H, W, 3).
        filled: likewise, same type.
        hole: (H, W).
        feather: width of the band in pixels; 0 pastes with a hard edge.

    Returns:
        A new array; outside the hole identical to *pixels*.
    """
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5)[hole]
    share = np.minimum(depth / (feather + 1), 1)[:, None].astype(np.float32)
    result: Pixels = np.array(pixels, order="C")
    mixed = pixels[hole] * (1 - share) + filled[hole] * share
    result[hole] = np.rint(mixed).astype(pixels.dtype)
    return result
