"""A sheet that shows pictures before and after, pair by pair."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retouchd.media.checkerboard import on_checkerboard
from retouchd.media.vips import pyvips

GAP_PX = 12
_PAPER = [245, 245, 245]


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
    margin = 2 * GAP_PX
    framed = joined.embed(
        GAP_PX,
        GAP_PX,
        joined.width + margin,
        joined.height + margin,
        extend="background",
        background=_PAPER,
    )
    framed.jpegsave(str(sheet), Q=layout.quality)


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
