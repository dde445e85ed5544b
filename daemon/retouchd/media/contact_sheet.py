"""A sheet that shows pictures before and after, row by row."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from retouchd.media.vips import pyvips

CELL_PX = 480
GAP_PX = 12
_PAPER = [245, 245, 245]
_CHECK_PX = 12


def contact_sheet(pairs: Iterable[tuple[Path, Path]], sheet: Path) -> None:
    """Write *sheet*, a JPEG with one row per (before, after) pair of picture files.

    Pictures are turned upright, fitted into cells of 480 px, and transparent ones lie
    on a checkerboard.
    """
    cells = [_cell(path) for pair in pairs for path in pair]
    joined = pyvips.Image.arrayjoin(
        cells,
        across=2,
        shim=GAP_PX,
        background=_PAPER,
        halign="centre",
        valign="centre",
    )
    framed = joined.embed(
        GAP_PX,
        GAP_PX,
        joined.width + 2 * GAP_PX,
        joined.height + 2 * GAP_PX,
        extend="background",
        background=_PAPER,
    )
    framed.jpegsave(str(sheet), Q=90)


def _cell(path: Path) -> Any:
    image = pyvips.Image.thumbnail(str(path), CELL_PX, height=CELL_PX, size="both")
    image = image.colourspace("srgb").cast("uchar")
    if not image.hasalpha():
        return image
    board = _checkerboard(image.width, image.height)
    return board.composite2(image, "over").extract_band(0, n=3).cast("uchar")


def _checkerboard(width: int, height: int) -> Any:
    place = pyvips.Image.xyz(width, height) / _CHECK_PX
    cells = place.floor()
    odd = (cells[0] + cells[1]) % 2
    grey = (odd * 40 + 200).cast("uchar")
    return grey.bandjoin([grey, grey]).copy(interpretation="srgb")
