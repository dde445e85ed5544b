"""Plants faults into true mattes: holes, crumbs, mush, a subject cut by the frame.

A hole or a bit of background of 0.6 % of the subject and more is a defect, and an edge
that is blurred over a tenth of the subject. Sound are the true mattes themselves, also
blurred as a network of 320 px blurs them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from planted import RENDERS, SEED, Array, Case, main

from retouchd.gate import Attempt, Stage
from retouchd.gates.matte import Matte
from retouchd.media.pixels import from_array
from retouchd.values import Picture

PAIRS = ("mattes/composites",)
EDGE = 700


def pairs(data: Path | None) -> Iterator[tuple[Array, Array]]:
    """Yield pictures (H, W, 3) and their true opacity (H, W)."""
    mug = cv2.cvtColor(cv2.imread(str(RENDERS / "product_mug.jpg")), cv2.COLOR_BGR2RGB)
    mug = cv2.resize(mug, (EDGE, EDGE * mug.shape[0] // mug.shape[1]))
    yield from _discs(mug)
    for folder in (data / name for name in PAIRS) if data else ():
        for path in sorted(folder.glob("*_alpha.png")):
            alpha = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            photo = cv2.imread(str(path).replace("_alpha.png", ".jpg"))
            scale = min(1.0, EDGE / max(alpha.shape))
            size = (round(alpha.shape[1] * scale), round(alpha.shape[0] * scale))
            photo = cv2.cvtColor(cv2.resize(photo, size), cv2.COLOR_BGR2RGB)
            yield photo, cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)


def _discs(ground: Array) -> Iterator[tuple[Array, Array]]:
    """Lay textured discs over a picture: their opacity is known exactly."""
    chance = np.random.default_rng(SEED)
    height, width = ground.shape[:2]
    for _ in range(6):
        alpha = np.zeros((height, width), np.uint8)
        radius = int(min(height, width) * chance.uniform(0.2, 0.35))
        cv2.circle(alpha, (width // 2, height // 2), radius, 255, -1, cv2.LINE_AA)
        disc = chance.integers(0, 90, 3) + chance.normal(0, 8, ground.shape)
        share = alpha[:, :, None] / 255
        photo = np.clip(ground * (1 - share) + disc * share, 0, 255)
        yield photo.astype(np.uint8), alpha


def attempt(photo: Array, alpha: Array) -> Attempt:
    """Return the attempt of a cut-out with this opacity."""
    before = Picture(from_array(photo))
    after = Picture(from_array(np.dstack([photo, alpha])))
    mask = from_array(alpha[:, :, None])
    return Attempt(before, after, (Stage("remove_background", before, after, mask),))


def spoilt(alpha: Array, kind: int, chance: np.random.Generator) -> Array:
    """Plant a hole, a crumb or mush."""
    subject = (alpha > 200).astype(np.uint8)
    if kind == 2:
        sigma = 0.12 * np.sqrt(subject.sum())
        return cv2.GaussianBlur(alpha, (0, 0), sigma)
    radius = max(3, int(np.sqrt(0.008 * subject.sum() / np.pi)))
    room = subject if kind == 0 else (alpha < 5).astype(np.uint8)
    reach = cv2.erode(room, np.ones((2 * radius + 9,) * 2, np.uint8))
    ys, xs = np.nonzero(reach)
    if not len(ys):
        return spoilt(alpha, 2, chance)
    at = int(chance.integers(len(ys)))
    spot = np.zeros_like(alpha)
    cv2.circle(spot, (int(xs[at]), int(ys[at])), radius, 255, -1, cv2.LINE_AA)
    return np.minimum(alpha, 255 - spot) if kind == 0 else np.maximum(alpha, spot)


def cases(data: Path | None) -> list[Case]:
    """Return each matte sound, soft, and with each fault."""
    chance = np.random.default_rng(SEED)
    made = []
    for number, (photo, alpha) in enumerate(pairs(data)):
        made.append(Case(attempt(photo, alpha), 0))
        soft = cv2.GaussianBlur(alpha, (0, 0), 1 + number % 3)
        made.append(Case(attempt(photo, soft), 0))
        for kind in (number % 3, (number + 1) % 3):
            bad = spoilt(soft if number % 2 else alpha, kind, chance)
            made.append(Case(attempt(photo, bad), kind + 1))
    return made[0::4] + made[1::4] + made[2::4] + made[3::4]


if __name__ == "__main__":
    main("matte", Matte(), cases)
