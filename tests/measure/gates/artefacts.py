"""Plants blocks, bands, seams of tiles and blobs.

Sound: the photograph enlarged from half its size, the photograph itself as the enlarged
one, a sharpened or a strongly graded one, and the same of inputs that are badly
compressed already. Defects: JPEG of quality 20, 12 or 6 on a quarter of the picture;
tones in steps of 10, 14 or 20 levels where it is smooth; tiles of 128 to 256 px that
are 5, 7 or 10 levels apart; one blob of 24, 36 or 60 levels and 3 % of the long edge.
The first three are planted where a tenth of the picture and more is smooth: amid
texture nobody sees them.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from planted import SEED, Array, Case, main, photographs, stage

from retouchd.gate import Attempt
from retouchd.gates.artefacts import Artefacts

Floats = NDArray[np.float32]
BLOCKS, BANDS, SEAMS, BLOBS = 1, 2, 3, 4


def compressed(photo: Array, quality: int) -> Array:
    """Return *photo* after JPEG."""
    return cv2.imdecode(cv2.imencode(".jpg", photo, [1, quality])[1], 1)


def sound(
    photo: Array, kind: int, chance: np.random.Generator
) -> tuple[str, Array, Array]:
    """Return a step, its input and an honest result."""
    height, width = (length // 2 * 2 for length in photo.shape[:2])
    photo = photo[:height, :width]
    if kind % 4 == 3:
        photo = compressed(photo, 15 if kind % 8 == 3 else 50)
    half = cv2.resize(photo, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    if kind % 3 == 0:
        return "upscale", half, photo if kind % 4 != 3 else enlarged(half)
    if kind % 3 == 1:
        soft = cv2.GaussianBlur(photo, (0, 0), 1.2)
        return "sharpen", photo, cv2.addWeighted(photo, 1.8, soft, -0.8, 0)
    return "grade", photo, graded(photo, chance)


def enlarged(half: Array) -> Array:
    """Return *half* twice as large, sharpened."""
    large = cv2.resize(half, None, fx=2, fy=2, interpolation=cv2.INTER_LANCZOS4)
    soft = cv2.GaussianBlur(large, (0, 0), 1.5)
    return cv2.addWeighted(large, 1.4, soft, -0.4, 0)


def graded(photo: Array, chance: np.random.Generator) -> Array:
    """Return *photo* with another contrast, tint and saturation."""
    light = (photo / 255.0) ** chance.uniform(0.7, 1.3, 3)
    grey = light.mean(axis=2, keepdims=True)
    light = grey + (light - grey) * chance.uniform(0.6, 1.3)
    light = light + chance.uniform(0, 0.15) * np.sin(2 * np.pi * light) / 2
    return np.rint(np.clip(light, 0, 1) * 255).astype(np.uint8)


def calm(photo: Array) -> Array:
    """Return a mask of 64 px tiles that are smooth but not of one tone."""
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 2))
    tiles = tuple(length // 64 for length in grey.shape[::-1])
    detail = cv2.resize(fine, tiles, interpolation=cv2.INTER_AREA)
    wide = cv2.resize(grey, tiles, interpolation=cv2.INTER_AREA)
    light = cv2.resize(grey * grey, tiles, interpolation=cv2.INTER_AREA) - wide**2
    return (detail < 1.0) & (light > 9) & (wide > 16) & (wide < 240)


def calmest_quarter(photo: Array) -> tuple[slice, slice]:
    """Return the quarter of *photo*, of nine that overlap, where most is calm."""
    height, width = photo.shape[:2]
    near = cv2.INTER_NEAREST
    mask = cv2.resize(
        calm(photo).astype(np.float32), (width, height), interpolation=near
    )
    quarters = [
        (slice(top, top + height // 2), slice(left, left + width // 2))
        for top in (0, height // 4, height // 2)
        for left in (0, width // 4, width // 2)
    ]
    return max(quarters, key=lambda quarter: float(mask[quarter].mean()))


def spoilt(photo: Array, kind: int, size: int, chance: np.random.Generator) -> Array:
    """Plant one defect of strength *size*, 0 to 2."""
    floats = photo.astype(np.float32)
    if kind == BLOCKS:
        area = calmest_quarter(photo)
        floats[area] = compressed(photo, (20, 12, 6)[size])[area]
    elif kind == BANDS:
        floats = banded(floats, calm(photo), (10, 14, 20)[size])
    elif kind == SEAMS:
        edge = int(chance.integers(128, 257))
        rows, columns = np.mgrid[0 : photo.shape[0], 0 : photo.shape[1]] // edge
        floats += ((5, 7, 10)[size] * ((rows + columns) % 2 - 0.5))[:, :, None]
    else:
        floats = blotted(floats, (24, 36, 60)[size], chance)
    return np.rint(floats).clip(0, 255).astype(np.uint8)


def banded(photo: Floats, where: Array, step: int) -> Floats:
    """Return *photo* with few tones in the tiles of *where*."""
    size = photo.shape[1::-1]
    mask = cv2.resize(where.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    few = np.floor(cv2.GaussianBlur(photo, (0, 0), 2) / step) * step + step / 2
    return np.where(mask[:, :, None] > 0, few, photo)


def blotted(photo: Floats, levels: int, chance: np.random.Generator) -> Floats:
    """Return *photo* with one blob, away from the edge, that does not clip."""
    height, width = photo.shape[:2]
    radius = 0.03 * max(height, width)
    y, x = np.mgrid[0:height, 0:width]
    down = chance.uniform(2 * radius, height - 2 * radius)
    across = chance.uniform(2 * radius, width - 2 * radius)
    near = np.exp(-((((y - down) ** 2 + (x - across) ** 2) / radius**2) ** 2))
    tint = chance.choice([-1, 1], 3) * chance.uniform(0.5, 1, 3)
    tint /= np.abs(tint).max()
    middle = photo[int(down), int(across)]
    tint = np.where(middle + levels * tint > 255, -np.abs(tint), tint)
    tint = np.where(middle + levels * tint < 0, np.abs(tint), tint)
    return photo + near[:, :, None] * levels * tint


def is_calm_enough(photo: Array) -> bool:
    """Whether bands, blocks and seams could be seen at all in *photo*."""
    return float(calm(photo).mean()) >= 0.1


def bad(photo: Array, number: int, chance: np.random.Generator) -> tuple[Attempt, int]:
    """Return a step with a defect, and its kind."""
    word, before, after = sound(photo, number, chance)
    kind = 1 + number // 2 % 3 if is_calm_enough(after) and number % 7 else BLOBS
    return stage(word, before, spoilt(after, kind, number // 6 % 3, chance)), kind


def cases(data: Path | None) -> list[Case]:
    """Return each picture after an honest step and after one with a defect."""
    chance = np.random.default_rng(SEED)
    made = []
    for number, photo in enumerate(photographs(data)):
        made.append(Case(stage(*sound(photo, number, chance)), 0))
        made.append(Case(*bad(photo, number, chance)))
    return made[0::4] + made[1::4] + made[2::4] + made[3::4]


if __name__ == "__main__":
    main("artefacts", Artefacts(), cases)
