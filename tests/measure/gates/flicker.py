"""Plants flicker of the light, of one colour, and of the edge of a cut-out.

The light or a colour jumps by 3 levels and more: up and down, at random, in pairs of
frames, or now and then. An edge jumps by a pixel of 320, or by 40 levels at random.
Sound are shots under one grade, and cut-outs whose edges change as those do that were
steadied: by a few levels. Inputs flicker, shake, fade, and are cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from matte import pairs
from moving import FRAMES, Shot, no_files, shots
from planted import SEED, Array, ClipCase, main, shuffled, stage

from retouchd.gate import Attempt, Stage
from retouchd.gates.flicker import Flicker
from retouchd.media.pixels import from_array
from retouchd.values import Picture

LEVELS = (3.0, 4.0, 6.0, 8.0)
EDGE = 320
CUT_OUT = 100
"""Strengths from here on are those of edges."""


def graded(shot: Shot, seed: int, strength: float) -> Iterator[Attempt]:
    """Yield frames under one grade, with light that jumps by *strength* levels."""
    chance = np.random.default_rng(seed)
    curve = np.linspace(0, 1, 256) ** chance.uniform(0.8, 1.25)
    curve = 255 * ((curve - 0.5) * chance.uniform(0.9, 1.2) + 0.5)
    jumps = _jumps(int(chance.integers(4)), chance) * strength
    share = np.ones(3) if chance.integers(3) else np.eye(3)[chance.integers(3)]
    for frame, jump in zip(shot(), jumps, strict=True):
        result = curve[frame] + jump * share
        yield stage("grade", frame, np.rint(result.clip(0, 255)).astype(np.uint8))


def _jumps(kind: int, chance: np.random.Generator) -> Array:
    """Return how the light of the frames strays, about 1 high."""
    numbers = np.arange(FRAMES)
    return (
        np.where(numbers % 2, 0.5, -0.5),
        chance.normal(0, 0.7, FRAMES),
        np.where(numbers % 4 < 2, 0.5, -0.5),
        np.where(numbers % 3 == 0, 1.0, 0.0),
    )[kind]


def cut_out(
    photo: Array, alpha: Array, seed: int, kind: int, strength: float
) -> Iterator[Attempt]:
    """Yield a subject that rests or moves, cut out; *kind* 0: steadily."""
    chance = np.random.default_rng(seed)
    scale = EDGE / max(alpha.shape)
    size = (round(alpha.shape[1] * scale), round(alpha.shape[0] * scale))
    photo, alpha = (cv2.resize(one, size, interpolation=3) for one in (photo, alpha))
    step = chance.choice([0.0, 0.0, 0.7, 2.0])
    for number in range(FRAMES):
        place = np.array([[1, 0, step * (number - FRAMES / 2)], [0, 1, 0]])
        seen = cv2.warpAffine(photo, place, size, borderMode=cv2.BORDER_REFLECT)
        seen = seen + chance.normal(0, 3, seen.shape)
        seen = np.rint(seen.clip(0, 255)).astype(np.uint8)
        true = cv2.warpAffine(alpha, place, size)
        yield _cut(seen, _strayed(true, number, kind, strength, chance))


def _strayed(
    alpha: Array, number: int, kind: int, strength: float, chance: np.random.Generator
) -> Array:
    """Return a matte with an edge that changes by itself from frame to frame."""
    if kind == 1:
        grown = cv2.dilate(alpha, np.ones((3, 3))) if number % 2 else alpha
        return cv2.GaussianBlur(grown, (0, 0), 0.8)
    soft = cv2.GaussianBlur(alpha, (0, 0), 0.8)
    edge = (soft > 12) & (soft < 243)
    noise = cv2.GaussianBlur(chance.normal(0, 1, alpha.shape), (0, 0), 1.0)
    noise *= strength / noise.std()
    return np.rint((soft + noise * edge).clip(0, 255)).astype(np.uint8)


def _cut(photo: Array, alpha: Array) -> Attempt:
    share = alpha[:, :, None] / 255
    white = np.rint(photo * share + 255 * (1 - share)).astype(np.uint8)
    before, after = Picture(from_array(photo)), Picture(from_array(white))
    mask = from_array(alpha[:, :, None])
    return Attempt(before, after, (Stage("remove_background", before, after, mask),))


def cases(data: Path | None) -> list[ClipCase]:
    """Return each shot and each cut-out steady, and with flicker."""
    chance = np.random.default_rng(SEED)
    made = []
    for shot in shots(data):
        seed = int(chance.integers(1 << 30))
        sound = partial(graded, shot, seed, 0)
        made.append(ClipCase(sound, 0, no_files()))
        strength = float(chance.choice(LEVELS))
        bad = partial(graded, shot, seed, strength)
        made.append(ClipCase(bad, strength, no_files()))
    for number, (photo, alpha) in enumerate(pairs(data)):
        steady = partial(cut_out, photo, alpha, number, 0, (3.0, 8.0)[number % 2])
        made.append(ClipCase(steady, 0, no_files()))
        kind = 1 + number // 2 % 2
        bad = partial(cut_out, photo, alpha, number, kind, 40.0)
        made.append(ClipCase(bad, CUT_OUT + kind, no_files()))
    return shuffled(made)


if __name__ == "__main__":
    main("flicker", Flicker(), cases)
