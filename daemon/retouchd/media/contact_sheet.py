"""Sheets that show many pictures at a glance: pairs of files, or frames of a clip."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from retouchd.media.checkerboard import on_checkerboard
from retouchd.media.pixels import from_array, to_array
from retouchd.media.vips import pyvips

GAP_PX = 12
_PAPER = [245, 245, 245]
_INK = (40, 40, 40)

_FRAME_PX = 320
_CAPTION_PX = 24
_TALL_ACROSS, _WIDE_ACROSS = 6, 4


@dataclass(frozen=True)
class Layout:
    """How large a sheet becomes.

    Attributes:
        cell_px: longer edge of each picture, in pixels.
        pairs_across: pairs in one row.
        quality: of the JPEG, 1..100.
    """

    cell_px: int = 480
    pairs_across: int = 1
    quality: int = 90


def contact_sheet(
    pairs: Iterable[tuple[Path, Path]], sheet: Path, layout: Layout | None = None
) -> None:
    """Write *sheet*, a JPEG of (before, after) pairs of picture files.

    Before is on the left. Pictures are turned upright and fitted into cells;
    transparent ones lie on a checkerboard.
    """
    layout = layout or Layout()
    joined = _side_by_side(
        [
            _side_by_side([_cell(path, layout.cell_px) for path in pair], 2, GAP_PX)
            for pair in pairs
        ],
        layout.pairs_across,
        2 * GAP_PX,
    )
    _framed(joined).jpegsave(str(sheet), Q=layout.quality)


def sheet_of_frames(frames: Iterable[tuple[float, Any]]) -> Any:
    """Return one picture, sRGB of 8 bits, of many *frames*, each above its time.

    Args:
        frames: seconds and image (RGB or RGBA, 8 or 16 bits); each is made small as it
            is taken, four across, or six where they are taller than wide.
    """
    cells = [_captioned(_small(image), seconds) for seconds, image in frames]
    is_tall = cells[0].height - _CAPTION_PX > cells[0].width
    across = _TALL_ACROSS if is_tall else _WIDE_ACROSS
    return _framed(_side_by_side(cells, across, GAP_PX))


def _framed(joined: Any) -> Any:
    margin = 2 * GAP_PX
    return joined.embed(
        GAP_PX,
        GAP_PX,
        joined.width + margin,
        joined.height + margin,
        extend="background",
        background=_PAPER,
    )


def _small(image: Any) -> Any:
    small = image.thumbnail_image(_FRAME_PX, height=_FRAME_PX, size="down")
    return on_checkerboard(small.colourspace("srgb").cast("uchar"))


def _captioned(image: Any, seconds: float) -> Any:
    pixels = to_array(image)
    strip = np.full((_CAPTION_PX, image.width, 3), _PAPER, np.uint8)
    minutes, rest = divmod(seconds, 60)
    time = f"{int(minutes)}:{rest:04.1f}"
    font, line = cv2.FONT_HERSHEY_SIMPLEX, cv2.LINE_AA
    cv2.putText(strip, time, (2, 17), font, 0.5, _INK, 1, line)
    return from_array(np.vstack([pixels, strip]))


def _side_by_side(images: list[Any], across: int, gap: int) -> Any:
    return pyvips.Image.arrayjoin(
        images,
        across=min(across, len(images)),
        shim=gap,
        background=_PAPER,
        halign="centre",
        valign="centre",
    )


def _cell(path: Path, edge: int) -> Any:
    image = pyvips.Image.thumbnail(str(path), edge, height=edge, size="both")
    image = image.colourspace("srgb").cast("uchar")
    return on_checkerboard(image)
