"""Pictures to measure with: made ones, or somebody's own photographs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retouchd.errors import ConfigError, Problem
from retouchd.media.colour import to_depth
from retouchd.media.pixels import Pixels, from_array
from retouchd.media.vips import pyvips

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")

_QUALITY = 92
_TAGGED_SHARE = (0.08, 0.10, 0.16, 0.18)
"""Left, top, right, bottom of the area that ``erase`` fills, as shares."""


def find_photographs(folder: Path) -> list[Path]:
    """Return every picture below *folder*, by name.

    Raises:
        ConfigError: there is none.
    """
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    if not found:
        raise ConfigError(
            Problem(
                "there is no picture",
                hint=f"name a folder with {', '.join(ENDINGS)}",
                file=str(folder),
            )
        )
    return found


def drop_pictures(
    inbox: Path, count: int, photographs: Sequence[Path], size: tuple[int, int]
) -> None:
    """Write *count* JPEGs into *inbox*.

    Args:
        inbox: an existing folder.
        count: how many; photographs are spread over the list, repeated if need be.
        photographs: taken as they are, only saved as JPEG; empty: made pictures.
        size: width and height of a made picture, in pixels.
    """
    for number in range(count):
        if photographs:
            chosen = number * max(1, len(photographs) // count) % len(photographs)
            image = pyvips.Image.new_from_file(str(photographs[chosen]))
            image = to_depth(image.colourspace("srgb"), 8)
        else:
            image = from_array(product_picture(*size, seed=number))
        image.write_to_file(str(inbox / f"{number:04}.jpg"), Q=_QUALITY)


def stain_pictures(inbox: Path) -> None:
    """Paint a dark spot where ``tag_pictures`` will say that there is one."""
    left, top, right, bottom = _TAGGED_SHARE
    for picture in sorted(inbox.glob("*.jpg")):
        image = pyvips.Image.new_from_file(str(picture)).copy_memory()
        shorter = min((right - left) * image.width, (bottom - top) * image.height)
        across = round((left + right) / 2 * image.width)
        down = round((top + bottom) / 2 * image.height)
        stained = image.draw_circle(60, across, down, round(shorter / 4), fill=True)
        stained.jpegsave(str(picture), Q=_QUALITY)


def tag_pictures(inbox: Path) -> None:
    """Lay a LabelMe file with one ``erase:`` region beside each JPEG of *inbox*."""
    for picture in sorted(inbox.glob("*.jpg")):
        image = pyvips.Image.new_from_file(str(picture))
        left, top, right, bottom = _TAGGED_SHARE
        points = [
            [left * image.width, top * image.height],
            [right * image.width, bottom * image.height],
        ]
        shape = {"label": "erase:dust", "shape_type": "rectangle", "points": points}
        facts = {
            "imageWidth": image.width,
            "imageHeight": image.height,
            "shapes": [shape],
        }
        sidecar = picture.with_name(f"{picture.name}.json")
        sidecar.write_text(json.dumps(facts), encoding="utf-8")


def product_picture(width: int, height: int, seed: int) -> Pixels:
    """Make a shaded, textured ball on a plain backdrop, with a camera's noise.

    Returns:
        (height, width, 3), ``uint8``, RGB; the same for the same *seed*.
    """
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    radius = min(width, height) * random.uniform(0.25, 0.4)
    across, down = (x - width / 2) / radius, (y - height / 2) / radius
    depth = np.sqrt(np.clip(1 - across**2 - down**2, 0, None))
    light = np.clip(0.25 + 0.75 * (0.5 * depth - 0.4 * across - 0.6 * down), 0.05, 1)
    weave = 0.85 + 0.15 * np.sin(40 * across) * np.sin(40 * down * depth)
    colour = random.uniform(60, 230, 3).astype(np.float32)
    ball = (light * weave)[:, :, None] * colour
    backdrop = (205 + 30 * y / height)[:, :, None]
    inside = (depth > 0)[:, :, None]
    noise = random.normal(0, 3, (height, width, 3)).astype(np.float32)
    picture = np.where(inside, ball, backdrop) + noise
    return np.asarray(picture.clip(0, 255), np.uint8)
