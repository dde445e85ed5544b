"""The size of a picture of our own making."""

from __future__ import annotations

from pathlib import Path

from retouchd.media.vips import pyvips


def size_of(path: Path) -> tuple[int, int]:
    """Return width and height in pixels of a finished result, from its header."""
    image = pyvips.Image.new_from_file(str(path), access="sequential")
    return image.width, image.height
