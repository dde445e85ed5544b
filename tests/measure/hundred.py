"""A hundred pictures of many sources, half of them with a difficulty that was planted.

Everything is read from the data folder when it is made, with a fixed seed: nothing
of it lies in the repository.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Random = np.random.Generator

SEED = 20261123
EDGE = 320
"""Long edge of every picture, in pixels."""

SPOT = 6
"""Radius of a stain, in pixels."""

PHOTOGRAPHS = ("photos/test/kodak24", "photos/test/cid22", "photos/train/clic2025")
CUTOUTS = "mattes/composites"
MIXED = ("mixed_sources/ai_metadata", "mixed_sources/c2pa", "mixed_sources/regions")
ENDINGS = {".jpg", ".png", ".webp"}
LEAST_EDGE = 240

GROUPS = {"photographs": 40, "cutouts": 40, "mixed": 20}


@dataclass(frozen=True)
class Planted:
    """One picture of the set.

    Attributes:
        name: of the file.
        difficulty: ``sound`` or what was planted.
    """

    name: str
    difficulty: str


def noisy(picture: Array, random: Random) -> Array:
    """Grain of 10 levels, as of a small sensor in the evening."""
    return _bytes(picture + random.normal(0, 10, picture.shape))


def crushed(picture: Array, _: Random) -> Array:
    """JPEG of quality 15, as a messenger leaves it."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 15])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))


def soft(picture: Array, _: Random) -> Array:
    """Blur of 1.2 px, as of a lens that missed."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.2))


def stained(picture: Array, random: Random) -> Array:
    """A dark spot, which a tag beside the file names."""
    spot = picture.copy()
    height, width = picture.shape[:2]
    dark = random.uniform(15, 35, 3)
    cv2.circle(spot, (width // 3, height // 3), SPOT, dark, -1, cv2.LINE_AA)
    return spot


def tag_stain(picture: Path, width: int, height: int) -> None:
    """Lay a LabelMe file beside *picture* that names the spot."""
    across, down, edge = width // 3, height // 3, SPOT + 2
    points = [[across - edge, down - edge], [across + edge, down + edge]]
    shape = {"label": "erase:dust", "shape_type": "rectangle", "points": points}
    facts = {"imageWidth": width, "imageHeight": height, "shapes": [shape]}
    picture.with_name(f"{picture.name}.json").write_text(json.dumps(facts))


PHOTO_TROUBLES: tuple[Callable[[Array, Random], Array], ...] = (
    noisy,
    crushed,
    soft,
    stained,
)


def camouflaged(picture: Array, random: Random, alpha: Array) -> Array:
    """A ground of nearly the subject's own colour."""
    solid = picture[alpha > 250]
    colour = solid.mean(0) + random.uniform(-12, 12, 3)
    return _on_ground(picture, alpha, colour)


def on_plain_ground(picture: Array, random: Random, alpha: Array) -> Array:
    """A light ground, a little darker to one side, with a camera's noise."""
    return _on_ground(picture, alpha, random.uniform(205, 250, 3))


def _on_ground(picture: Array, alpha: Array, colour: Array) -> Array:
    height, width = alpha.shape
    shade = np.linspace(1.0, 0.93, width)[None, :, None]
    ground = np.broadcast_to(colour, (height, width, 3)) * shade
    grain = np.random.default_rng(SEED).normal(0, 1.5, ground.shape)
    opacity = (alpha / 255.0)[:, :, None]
    return _bytes(picture * opacity + (ground + grain) * (1 - opacity))


def _bytes(values: Array) -> Array:
    return np.rint(values.clip(0, 255)).astype(np.uint8)


def make_set(data: Path, inbox: Path, group: str, share: float = 1.0) -> list[Planted]:
    """Write the pictures of *group* into *inbox*.

    Args:
        data: the data folder.
        inbox: an existing folder.
        group: one of ``GROUPS``.
        share: how many of them, 0..1.
    """
    random = np.random.default_rng([SEED, list(GROUPS).index(group)])
    files = _chosen(_files(data, group), GROUPS[group])
    made: list[Planted] = []
    for file in files[: round(len(files) * share)]:
        name = f"{file.parent.name}-{file.stem}-{file.suffix[1:]}.png"
        difficulty, picture = _planted(file, group, random)
        cv2.imwrite(str(inbox / name), picture)
        if difficulty == "stained":
            tag_stain(inbox / name, picture.shape[1], picture.shape[0])
        made.append(Planted(name, difficulty))
    return made


def _files(data: Path, group: str) -> list[Path]:
    folders = {"photographs": PHOTOGRAPHS, "cutouts": (CUTOUTS,), "mixed": MIXED}[group]
    found = (
        file
        for folder in folders
        for file in sorted((data / folder).iterdir())
        if file.suffix.lower() in ENDINGS and not file.stem.endswith("_alpha")
    )
    return [file for file in found if _is_large(file)]


def _is_large(file: Path) -> bool:
    picture = cv2.imread(str(file))
    return picture is not None and max(picture.shape[:2]) >= LEAST_EDGE


def _chosen(files: list[Path], count: int) -> list[Path]:
    """Choose *count* of *files*, evenly over the list and in another order."""
    order = np.random.default_rng(SEED).permutation(len(files))
    return [files[index] for index in order[:count]]


def _planted(file: Path, group: str, random: Random) -> tuple[str, Array]:
    """Return what is planted into the picture of *file*, and that picture."""
    picture = _fitted(cv2.imread(str(file)))
    is_sound = random.random() < 0.5
    if group != "cutouts":
        if is_sound:
            return "sound", picture
        trouble = PHOTO_TROUBLES[random.integers(len(PHOTO_TROUBLES))]
        return trouble.__name__, trouble(picture, random)
    alpha = file.with_name(f"{file.stem}_alpha.png")
    opacity = _fitted(cv2.imread(str(alpha), cv2.IMREAD_GRAYSCALE))
    if is_sound:
        return "sound", on_plain_ground(picture, random, opacity)
    if random.random() < 0.5:
        return "cluttered", picture
    return "camouflaged", camouflaged(picture, random, opacity)


def _fitted(picture: Array) -> Array:
    """Shrink to the long edge of the set; smaller pictures stay."""
    factor = min(1.0, EDGE / max(picture.shape[:2]))
    size = [round(edge * factor) for edge in picture.shape[1::-1]]
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
