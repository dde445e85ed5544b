"""Plants content that the input does not have into enlarged pictures.

Sound: the input, half as large, enlarged by bicubic or Lanczos interpolation, sharpened
or not, or the photograph itself. Defects: a patch from elsewhere (16, 24, 32 px of the
input, blended in), a warped patch, invented texture, a smoothed-away texture.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from planted import SEED, Array, Case, main, photographs, stage

from retouchd.gates.fidelity import Fidelity

TEXTURE, VISIBLE = 2, 25


def enlarged(small: Array, kind: int) -> Array:
    """Enlarge by 2 in one of three honest ways."""
    size = (small.shape[1] * 2, small.shape[0] * 2)
    flags = cv2.INTER_CUBIC if kind % 2 else cv2.INTER_LANCZOS4
    large = cv2.resize(small, size, interpolation=flags)
    if kind % 3 == 2:
        soft = cv2.GaussianBlur(large, (0, 0), 1.5)
        large = cv2.addWeighted(large, 1.4, soft, -0.4, 0)
    return large


def _spot(picture: Array, edge: int, chance: np.random.Generator) -> tuple[int, int]:
    """Choose a place with detail: nobody misses what is invented on a blank wall."""
    best, place = -1.0, (0, 0)
    for _ in range(12):
        top = int(chance.integers(0, picture.shape[0] - edge))
        left = int(chance.integers(0, picture.shape[1] - edge))
        detail = float(picture[top : top + edge, left : left + edge].std())
        if detail > best:
            best, place = detail, (top, left)
    return place


def spoilt(large: Array, kind: int, edge: int, chance: np.random.Generator) -> Array:
    """Plant one defect of *edge* pixels of the input."""
    result = large.astype(np.float32)
    across = 2 * edge
    top, left = _spot(large, across, chance)
    area = (slice(top, top + across), slice(left, left + across))
    ramp = np.hanning(across + 2)[1:-1] ** 0.3
    weight = (ramp[:, None] * ramp[None])[:, :, None]
    own = result[area]
    if kind == 0:
        far = np.roll(result, (large.shape[0] // 3, large.shape[1] // 3), (0, 1))[area]
        new = far - far.mean() + own.mean()
    elif kind == 1:
        y, x = np.mgrid[0:across, 0:across].astype(np.float32)
        bend = np.float32(across / 8)
        new = cv2.remap(
            own,
            x + bend * np.sin(2 * np.pi * y / across),
            y + bend * np.sin(2 * np.pi * x / across),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
    elif kind == TEXTURE:
        texture = cv2.GaussianBlur(chance.normal(0, 1, own.shape[:2]), (0, 0), 2.0)
        new = own + 30 * (texture / texture.std())[:, :, None]
    else:
        new = cv2.GaussianBlur(own, (0, 0), across / 6)
    result[area] = own * (1 - weight) + new * weight
    return np.rint(result).clip(0, 255).astype(np.uint8)


def cases(data: Path | None) -> list[Case]:
    """Return each picture enlarged honestly and with an invention in it."""
    chance = np.random.default_rng(SEED)
    made = []
    for number, picture in enumerate(photographs(data)):
        height, width = (length // 2 * 2 for length in picture.shape[:2])
        whole = picture[:height, :width]
        small = cv2.resize(
            whole, (width // 2, height // 2), interpolation=cv2.INTER_AREA
        )
        sound = whole if number % 4 == 0 else enlarged(small, number)
        made.append(Case(stage("upscale", small, sound), 0))
        edge = (32, 48, 64)[number // 2 % 3]
        large = enlarged(small, number)
        bad = spoilt(large, number // 2 % 4, edge, chance)
        if int(cv2.absdiff(bad, large).max()) < VISIBLE:  # there was nothing to bend
            bad = spoilt(large, TEXTURE, edge, chance)
        made.append(Case(stage("upscale", small, bad), edge))
    return made[0::4] + made[1::4] + made[2::4] + made[3::4]


if __name__ == "__main__":
    main("fidelity", Fidelity(), cases)
