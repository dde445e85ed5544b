"""Plants a shift of a brand's colour: CIEDE2000 of 3 and more is a defect.

A sound grade leaves the brand's areas within 1.2 and changes the rest of the picture.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from planted import SEED, Array, Case, main, photographs, stage

from retouchd.gate import Attempt
from retouchd.gates.brand_colour import BrandColour
from retouchd.media.measures.brand import colour_shift

COLOURS = ("#d4213d", "#00704a", "#1a4fa0")
SHIFTS = (3.0, 4.0, 6.0, 9.0)


def branded(
    picture: Array, colour: tuple[int, ...], chance: np.random.Generator
) -> Array:
    """Paint a softly lit label of *colour* into *picture*."""
    result = picture.copy()
    height, width = picture.shape[:2]
    radius = int(min(height, width) * chance.uniform(0.05, 0.15))
    centre = (
        int(chance.uniform(radius, width - radius)),
        int(chance.uniform(radius, height - radius)),
    )
    mask = np.zeros((height, width), np.uint8)
    cv2.circle(mask, centre, radius, 255, -1, cv2.LINE_AA)
    light = 1 + 0.04 * np.sin(np.arange(width) / 40)[None, :, None]
    label = np.clip(np.array(colour) * light, 0, 255)
    share = mask[:, :, None] / 255
    return np.rint(result * (1 - share) + label * share).astype(np.uint8)


def graded(picture: Array, colour: tuple[int, ...], amount: float, way: Array) -> Array:
    """Move all tones near *colour* by *amount* times *way*; leave the others."""
    floats = picture.astype(np.float32)
    distance = np.linalg.norm(floats - np.array(colour, np.float32), axis=2)
    near = np.exp(-((distance / 60) ** 2))[:, :, None]
    return np.rint(np.clip(floats + near * amount * way, 0, 255)).astype(np.uint8)


def shifted(
    picture: Array, colour: tuple[int, ...], wanted: float, way: Array
) -> Attempt:
    """Grade until the label has moved by about *wanted*."""
    low, high = 0.0, 120.0
    attempt = stage("grade", picture, picture)
    for _ in range(9):
        middle = (low + high) / 2
        attempt = stage("grade", picture, graded(picture, colour, middle, way))
        red, green, blue = colour
        _, moved = colour_shift(attempt.before, attempt.after, (red, green, blue), 8.0)
        low, high = (middle, high) if moved < wanted else (low, middle)
    return attempt


def cases(data: Path | None) -> list[Case]:
    """Return each picture with a label, graded well and badly."""
    chance = np.random.default_rng(SEED)
    made = []
    for number, photograph in enumerate(photographs(data, edge=500)):
        name = COLOURS[number // 2 % len(COLOURS)]
        colour = tuple(bytes.fromhex(name[1:]))
        picture = branded(photograph, colour, chance)
        way = chance.normal(0, 1, 3)
        way /= np.linalg.norm(way)
        good = shifted(picture, colour, chance.uniform(0.2, 1.2), way)
        made.append(Case(good, 0))
        strength = SHIFTS[number // 2 % len(SHIFTS)]
        made.append(Case(shifted(picture, colour, strength, way), strength))
    return made[0::4] + made[1::4] + made[2::4] + made[3::4]


if __name__ == "__main__":
    main("brand_colour", BrandColour(colours=COLOURS), cases)
