"""Plants bad fills: a seam, a smear, foreign texture, a blob that still shows.

Sound: a blob is painted over a photograph and the photograph itself is the fill, with a
feathered border, as is or with a little noise. Defects: a step of 14 levels at the
border where the surround is even, a fill blurred flat where all the surround has
texture, noise of 25 levels on calm ground, and a blob left at 45 %.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from planted import SEED, Array, Case, main, photographs

from retouchd.gate import Attempt, Stage
from retouchd.gates.erase import Erase
from retouchd.media.pixels import from_array
from retouchd.values import Picture

SEAM, SMEAR, FOREIGN, LEFT = 1, 2, 3, 4


def attempt(before: Array, after: Array, mask: Array) -> Attempt:
    """Return the attempt of one fill."""
    one, other = Picture(from_array(before)), Picture(from_array(after))
    stage = Stage("erase", one, other, from_array(mask[:, :, None]))
    return Attempt(one, other, (stage,))


def place(photo: Array, chance: np.random.Generator, *, busy: bool) -> Array:
    """Choose an ellipse of 20 to 60 px, the most evenly busy or calmest of eight."""
    height, width = photo.shape[:2]
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 3))
    found = []
    for _ in range(8):
        axes = (int(chance.integers(10, 30)), int(chance.integers(10, 30)))
        at = (
            int(chance.integers(70, width - 70)),
            int(chance.integers(70, height - 70)),
        )
        mask = np.zeros((height, width), np.uint8)
        cv2.ellipse(mask, at, axes, float(chance.uniform(0, 180)), 0, 360, 255, -1)
        around = [
            float(detail[y - 45 : y + 45, x - 45 : x + 45].mean())
            for x in (at[0] - 25, at[0] + 25)
            for y in (at[1] - 25, at[1] + 25)
        ]
        found.append((min(around) if busy else max(around), mask))
    found.sort(key=lambda one: one[0])
    return found[-1 if busy else 0][1]


def blotched(photo: Array, mask: Array, chance: np.random.Generator) -> Array:
    """Paint a speckled blob over most of *mask*."""
    inner = cv2.GaussianBlur(cv2.erode(mask, np.ones((7, 7), np.uint8)), (0, 0), 1.0)
    speckles = chance.normal(0, 30, photo.shape[:2])[:, :, None]
    colour = chance.integers(20, 90, 3)
    share = inner[:, :, None] / 255
    blob = np.clip(colour + speckles, 0, 255)
    return np.rint(photo * (1 - share) + blob * share).astype(np.uint8)


def fill(
    photo: Array, blob: Array, mask: Array, kind: int, chance: np.random.Generator
) -> Array:
    """Return the picture after a good (0) or bad fill."""
    new = photo.astype(np.float32)
    if kind == SEAM:
        new = new + 14 * (1 if photo[mask > 0].mean() < 128 else -1)
    elif kind == SMEAR:
        new = cv2.blur(new, (41, 41))
    elif kind == FOREIGN:
        new = new + chance.normal(0, 25, photo.shape[:2])[:, :, None]
    elif kind == LEFT:
        new = 0.55 * new + 0.45 * blob
    elif int(mask.sum()) % 2:
        new = new + chance.normal(0, 2, photo.shape)
    share = (mask > 0)[:, :, None].astype(np.float32)
    if kind != SEAM:
        soft = cv2.GaussianBlur(cv2.erode(mask, np.ones((5, 5), np.uint8)), (0, 0), 1.2)
        share = share * (soft[:, :, None] / 255)
    result = np.rint(np.clip(photo * (1 - share) + new * share, 0, 255))
    return np.where(mask[:, :, None] > 0, result, blob).astype(np.uint8)


def cases(data: Path | None) -> list[Case]:
    """Return each picture with a good and a bad fill."""
    chance = np.random.default_rng(SEED)
    made = []
    for number, photo in enumerate(photographs(data)):
        if min(photo.shape[:2]) < 200:
            continue
        kind = 1 + number // 2 % 4
        # A smear shows where there is texture, a step and noise where there is none.
        mask = place(photo, chance, busy=kind in (SMEAR, LEFT))
        if kind == SMEAR and not _is_evenly_busy(photo, mask):
            kind, mask = SEAM, place(photo, chance, busy=False)
        if kind == SEAM and not _is_even(photo, mask):
            kind = LEFT
        if kind in (SEAM, FOREIGN) and _detail_in(photo, mask) > 4:
            kind = LEFT
        blob = blotched(photo, mask, chance)
        sound = fill(photo, blob, mask, 0, chance)
        made.append(Case(attempt(blob, sound, mask), 0))
        bad = fill(photo, blob, mask, kind, chance)
        made.append(Case(attempt(blob, bad, mask), kind))
    return made[0::4] + made[1::4] + made[2::4] + made[3::4]


def _detail_in(photo: Array, mask: Array) -> float:
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 3))[mask > 0].mean())


def _surround(mask: Array) -> Array:
    wide = cv2.dilate(mask, np.ones((31, 31), np.uint8))
    return (wide > 0) & (cv2.dilate(mask, np.ones((5, 5), np.uint8)) == 0)


def _is_even(photo: Array, mask: Array) -> bool:
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(grey[_surround(mask)].std()) < 12


def _is_evenly_busy(photo: Array, mask: Array) -> bool:
    """Whether each quarter of the surround has texture."""
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 3))
    ys, xs = np.nonzero(mask)
    rows, columns = np.mgrid[0 : mask.shape[0], 0 : mask.shape[1]]
    around = _surround(mask)
    quarters = [
        around & ((rows < ys.mean()) == above) & ((columns < xs.mean()) == before)
        for above in (True, False)
        for before in (True, False)
    ]
    return all(float(detail[part].mean()) > 6 for part in quarters)


if __name__ == "__main__":
    main("erase", Erase(), cases)
