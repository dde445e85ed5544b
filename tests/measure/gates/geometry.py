"""Plants distortions: of the whole, within it, and parts that vanish.

Sound: cropped, padded, resized, enlarged, compressed, graded, sharpened. Defects: one
direction 3, 5 or 8 % longer; sheared by 3, 5 or 8 %; turned by 2, 4 or 8 degrees; a
bulge or pinch that moves things by 1.5, 2.5 or 4 % of the long edge; a part of 1, 2 or
4 % of the picture that is overgrown by its surround. True cut-outs are set on white
and into the middle, half of them stretched, sheared, turned or bent before.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from matte import pairs
from planted import SEED, Array, Case, main, photographs, stage

from retouchd.gate import Attempt, Stage
from retouchd.gates.geometry import Geometry
from retouchd.media.pixels import from_array
from retouchd.values import Picture

STRETCHED, SHEARED, TURNED, WARPED, MISSING = 1, 2, 3, 4, 5


def honest(photo: Array, kind: int, chance: np.random.Generator) -> tuple[str, Array]:
    """Return a step and what it made of *photo*."""
    height, width = photo.shape[:2]
    if kind == 0:
        factor = chance.uniform(0.4, 2.0)
        size = (round(width * factor), round(height * factor))
        return "resize", cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    if kind == 1:
        share = chance.uniform(0.55, 0.9, 2)
        down, across = (int(n * s) for n, s in zip((height, width), share, strict=True))
        top = int(chance.integers(0, height - down))
        left = int(chance.integers(0, width - across))
        return "crop", photo[top : top + down, left : left + across]
    if kind == 2:
        border = [
            int(n * chance.uniform(0, 0.4)) for n in (height, height, width, width)
        ]
        white = (250, 250, 250)
        return "pad", cv2.copyMakeBorder(
            photo, *border, borderType=cv2.BORDER_CONSTANT, value=white
        )
    if kind == 3:
        soft = cv2.GaussianBlur(photo, (0, 0), 1.5)
        sharp = cv2.addWeighted(photo, 1.7, soft, -0.7, 0)
        return "sharpen", cv2.imdecode(cv2.imencode(".jpg", sharp, [1, 40])[1], 1)
    half = cv2.resize(photo, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return "upscale", cv2.resize(half, (width, height), interpolation=cv2.INTER_CUBIC)


def graded(photo: Array, chance: np.random.Generator) -> Array:
    """Return *photo* in another light."""
    light = (photo / 255.0) ** chance.uniform(0.8, 1.25, 3)
    return np.rint(light * 255).clip(0, 255).astype(np.uint8)


def moved(photo: Array, matrix: Array) -> Array:
    """Return *photo* under a linear map about its middle; its corners may be lost."""
    height, width = photo.shape[:2]
    middle = np.array([width / 2, height / 2])
    shift = middle - matrix @ middle
    return cv2.warpAffine(
        photo,
        np.column_stack([matrix, shift]),
        (width, height),
        borderMode=cv2.BORDER_REPLICATE,
    )


def spoilt(photo: Array, kind: int, size: int, chance: np.random.Generator) -> Array:
    """Plant one defect of strength *size*, 0 to 2."""
    share = (0.03, 0.05, 0.08)[size]
    if kind == STRETCHED:
        height, width = photo.shape[:2]
        longer = (round(width * (1 + share)), height)
        if chance.integers(2):
            longer = (width, round(height * (1 + share)))
        return cv2.resize(photo, longer, interpolation=cv2.INTER_CUBIC)
    if kind == SHEARED:
        return moved(photo, np.array([[1, share], [0, 1]]))
    if kind == TURNED:
        angle = np.radians((2, 4, 8)[size] * chance.choice([-1, 1]))
        turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        return moved(photo, np.array(turn))
    return (bent if kind == WARPED else without_a_part)(photo, size, chance)


def bent(photo: Array, size: int, chance: np.random.Generator) -> Array:
    """Bulge or pinch the busiest of several places."""
    height, width = photo.shape[:2]
    shift = (0.015, 0.025, 0.04)[size] * max(height, width)
    radius = 5 * shift
    down, across = busiest(photo, int(1.4 * radius), chance)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    dy, dx = y - down, x - across
    far = np.hypot(dy, dx)
    # Largest at about 0.7 of the radius; smooth everywhere.
    amount = shift * 2.33 * (far / radius) * np.exp(-((far / radius) ** 2))
    way = chance.choice([-1, 1]) * amount / np.maximum(far, 1)
    places = (x + way * dx).astype(np.float32), (y + way * dy).astype(np.float32)
    return cv2.remap(photo, *places, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def without_a_part(photo: Array, size: int, chance: np.random.Generator) -> Array:
    """Let the surround grow over the busiest of several places."""
    height, width = photo.shape[:2]
    edge = int(((0.01, 0.02, 0.04)[size] * height * width) ** 0.5)
    down, across = busiest(photo, edge, chance)
    mask = np.zeros((height, width), np.uint8)
    half = edge // 2
    mask[max(0, down - half) : down + half, max(0, across - half) : across + half] = 255
    return cv2.inpaint(photo, mask, 3, cv2.INPAINT_TELEA)


def busiest(photo: Array, edge: int, chance: np.random.Generator) -> tuple[int, int]:
    """Return the middle of the busiest of 20 squares: nobody misses blank wall."""
    height, width = photo.shape[:2]
    grey = cv2.cvtColor(photo[:, :, :3], cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 3))
    detail = cv2.blur(fine, (edge, edge))
    half = min(edge // 2 + 2, height // 2 - 1, width // 2 - 1)
    places = [
        (
            int(chance.integers(half, height - half)),
            int(chance.integers(half, width - half)),
        )
        for _ in range(20)
    ]
    return max(places, key=lambda place: float(detail[place]))


def cut_out(photo: Array, alpha: Array, chance: np.random.Generator) -> Array:
    """Return the subject on white, set into the middle of a new frame, resized."""
    share = alpha[:, :, None] / 255
    white = np.rint(photo * share + 255 * (1 - share)).astype(np.uint8)
    rows, columns = np.nonzero(alpha > 20)
    found = white[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    border = [int(0.06 * max(found.shape))] * 4
    framed = cv2.copyMakeBorder(
        found, *border, borderType=cv2.BORDER_CONSTANT, value=(255, 255, 255)
    )
    factor = chance.uniform(0.8, 1.6)
    return cv2.resize(framed, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def cut_outs(data: Path | None, chance: np.random.Generator) -> Iterator[Case]:
    """Yield subjects cut out as they are, and bent before that."""
    for number, (photo, alpha) in enumerate(pairs(data)):
        if (alpha > 20).mean() < 0.02:
            continue
        kind = 1 + number % 4
        joint = np.dstack([photo, alpha])
        bad = spoilt(joint, kind, number // 4 % 3, chance)
        for strength, made in ((0, joint), (kind, bad)):
            result = cut_out(made[:, :, :3], made[:, :, 3], chance)
            yield Case(cut(photo, result, alpha), strength)


def cut(before: Array, after: Array, alpha: Array) -> Attempt:
    """Return the attempt of one ``remove_background``."""
    one, other = Picture(from_array(before)), Picture(from_array(after))
    mask = from_array(alpha[:, :, None])
    return Attempt(one, other, (Stage("remove_background", one, other, mask),))


def cases(data: Path | None) -> list[Case]:
    """Return each picture after an honest step and after one that spoils its shape."""
    chance = np.random.default_rng(SEED)
    made = []
    for number, photo in enumerate(photographs(data)):
        word, sound = honest(photo, number // 2 % 5, chance)
        lit = graded(sound, chance) if number % 3 == 0 else sound
        made.append(Case(stage(word, photo, lit), 0))
        kind = 1 + number // 2 % 5
        bad = spoilt(photo, kind, number // 10 % 3, chance)
        word, bad = honest(bad, number // 2 % 3 if kind < WARPED else 4, chance)
        made.append(Case(stage(word, photo, bad), kind))
    made += cut_outs(data, chance)
    return made[0::4] + made[1::4] + made[2::4] + made[3::4]


if __name__ == "__main__":
    main("geometry", Geometry(), cases)
