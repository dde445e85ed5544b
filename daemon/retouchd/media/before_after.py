"""The preview of a result that waits for a person: before and after, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from retouchd.media.checkerboard import on_checkerboard
from retouchd.media.pixels import from_array, to_array
from retouchd.media.vips import pyvips

Box = tuple[float, float, float, float]
"""Left, top, right, bottom of an area, as fractions of the result."""

EDGE_PX = 1000
"""Longer edge of each half."""

_QUALITY = 85
_GAP_PX = 16
_CAPTION_PX = 40
_PAPER = (245, 245, 245)
_INK = (40, 40, 40)
_MARK = (255, 0, 140)
_UNDER = (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def before_after(
    before: pyvips.Image, after: pyvips.Image, marks: Sequence[Box], file: Path
) -> tuple[int, int]:
    """Write *file*, a JPEG with *before* on the left and *after* on the right.

    Both are brought to the same longer edge, small ones enlarged; what is transparent
    shows a checkerboard. The size of each picture stands above it.

    Args:
        before: sRGB, RGB or RGBA, 8 or 16 bits.
        after: likewise.
        marks: areas of *after* that are outlined, numbered from 1 in their order.
        file: where to write.

    Returns:
        width and height of the preview, in pixels.
    """
    left = _half(before, "before")
    right = _half(after, "after", marks)
    joined = pyvips.Image.arrayjoin(
        [left, right],
        across=2,
        shim=_GAP_PX,
        background=list(_PAPER),
        halign="centre",
        valign="centre",
    )
    joined.jpegsave(str(file), Q=_QUALITY)
    return joined.width, joined.height


def _half(image: pyvips.Image, word: str, marks: Sequence[Box] = ()) -> pyvips.Image:
    caption = f"{word}  {image.width} x {image.height}"
    shown = image.thumbnail_image(EDGE_PX, height=EDGE_PX, size="both")
    shown = on_checkerboard(shown.colourspace("srgb").cast("uchar"))
    pixels: Any = np.ascontiguousarray(to_array(shown))
    for number, box in enumerate(marks, start=1):
        _outline(pixels, box, str(number))
    strip: Any = np.full((_CAPTION_PX, pixels.shape[1], 3), _PAPER, np.uint8)
    # A tall, narrow picture has no room for the size: the word alone must do.
    fitting = caption if _text_size(caption, 0.7)[0] < strip.shape[1] else word
    cv2.putText(strip, fitting, (2, 27), _FONT, 0.7, _INK, 1, cv2.LINE_AA)
    return from_array(np.vstack([strip, pixels]))


def _outline(pixels: Any, box: Box, label: str) -> None:
    """Draw a thin frame around *box*, white beneath so that it shows on any colour."""
    height, width = pixels.shape[:2]
    left, right = (round(x * (width - 1)) for x in (box[0], box[2]))
    top, bottom = (round(y * (height - 1)) for y in (box[1], box[3]))
    for colour, thickness in ((_UNDER, 4), (_MARK, 2)):
        cv2.rectangle(pixels, (left, top), (right, bottom), colour, thickness)
    across, up = _text_size(label, 0.6)
    # Above the frame, or inside it where the picture ends there.
    foot = top - 2 if top > up + 10 else top + up + 8
    start = min(left, width - across - 8)
    corners = (start, foot - up - 6), (start + across + 6, foot)
    cv2.rectangle(pixels, *corners, _MARK, cv2.FILLED)
    place = (start + 3, foot - 4)
    cv2.putText(pixels, label, place, _FONT, 0.6, _UNDER, 2, cv2.LINE_AA)


def _text_size(text: str, scale: float) -> tuple[int, int]:
    (width, height), _ = cv2.getTextSize(text, _FONT, scale, 2)
    return width, height
