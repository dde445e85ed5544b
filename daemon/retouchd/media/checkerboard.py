"""What lies below a transparent picture when people look at it."""

from __future__ import annotations

from typing import Any

from retouchd.media.vips import pyvips

_CHECK_PX = 12


def on_checkerboard(image: pyvips.Image) -> pyvips.Image:
    """Return *image* (sRGB, 8 bits) without alpha, on grey squares where it had one."""
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
