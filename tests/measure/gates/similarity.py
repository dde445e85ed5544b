"""Plants duplicates among earlier deliveries of a hot folder.

Duplicates of a delivery: saved again (JPEG of quality 25), made smaller (35 %),
graded slightly (gamma within 0.85 to 1.18, contrast 0.9 to 1.15, tint within 5 %),
given a mark that covers 3 % of it, and all of these at once. Sound: the same scene
cropped to 78 % of both edges and less, seen from elsewhere (a perspective that moves
two corners by a quarter of the picture), and pictures that were never delivered.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np
from planted import SEED, Array, Case, main, photographs

from retouchd.gate import Attempt, Earlier
from retouchd.gates.similarity import Similarity
from retouchd.media.fingerprint import Fingerprint, fingerprint_of
from retouchd.media.fingerprint_file import Delivered, FingerprintFile, write_all
from retouchd.media.pixels import from_array
from retouchd.values import Picture

SAVED, SMALLER, GRADED, MARKED, ALL = 1, 2, 3, 4, 5
EDGE = 600


def saved(photo: Array, quality: int) -> Array:
    """Return *photo* after JPEG."""
    return cv2.imdecode(cv2.imencode(".jpg", photo, [1, quality])[1], 1)


def smaller(photo: Array, factor: float) -> Array:
    """Return *photo* at *factor* of its size."""
    return cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def graded(photo: Array, chance: np.random.Generator) -> Array:
    """Return *photo* in another light."""
    light = (photo / 255.0) ** chance.uniform(0.85, 1.18)
    light = (light - 0.5) * chance.uniform(0.9, 1.15) + 0.5
    tinted = light * chance.uniform(0.95, 1.05, 3)
    return np.clip(tinted * 255, 0, 255).astype(np.uint8)


def marked(photo: Array, chance: np.random.Generator) -> Array:
    """Return *photo* with a light or dark mark, 70 % opaque, on 3 % of it."""
    height, width = photo.shape[:2]
    down = int((0.01 * height * width) ** 0.5)
    top = int(chance.integers(0, height - down))
    left = int(chance.integers(0, max(1, width - 3 * down)))
    result = photo.copy()
    area = result[top : top + down, left : left + 3 * down]
    area[:] = area * 0.3 + 0.7 * 255 * int(chance.integers(2))
    return result


def duplicate(photo: Array, kind: int, chance: np.random.Generator) -> Array:
    """Return *photo* as somebody may hand it in again."""
    if kind == ALL:
        return saved(smaller(marked(graded(photo, chance), chance), 0.5), 40)
    return {
        SAVED: lambda: saved(photo, 25),
        SMALLER: lambda: smaller(photo, 0.35),
        GRADED: lambda: graded(photo, chance),
        MARKED: lambda: marked(photo, chance),
    }[kind]()


def cropped(photo: Array, chance: np.random.Generator) -> Array:
    """Return 60 to 78 % of both edges of *photo*."""
    share = chance.uniform(0.6, 0.78)
    height, width = (int(length * share) for length in photo.shape[:2])
    top = int(chance.integers(0, photo.shape[0] - height))
    left = int(chance.integers(0, photo.shape[1] - width))
    return photo[top : top + height, left : left + width]


def elsewhere(photo: Array, chance: np.random.Generator) -> Array:
    """Return *photo* as if from another place, two corners moved by a quarter."""
    height, width = photo.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners.copy()
    centre = corners.mean(axis=0)
    first = int(chance.integers(4))
    for corner in (first, (first + 1) % 4):
        moved[corner] += (centre - corners[corner]) * 0.5
    matrix = cv2.getPerspectiveTransform(corners, moved)
    return cv2.warpPerspective(
        photo, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE
    )


def cases(data: Path | None) -> list[Case]:
    """Return duplicates and others of each picture, half of the others unknown."""
    chance = np.random.default_rng(SEED)
    photos = list(photographs(data, EDGE))
    file = Path(tempfile.mkdtemp()) / "fingerprints"
    write_all(
        file,
        [
            Delivered(f"{number:026d}", "shop", f"{number}.jpg", of(photo))
            for number, photo in enumerate(photos)
        ],
    )
    seen = FingerprintFile(file)
    made = []
    for number, photo in enumerate(photos):
        kind = 1 + number // 2 % 5
        bad = duplicate(photo, kind, chance)
        change = (cropped, elsewhere)[number // 2 % 2]
        # A picture that is new: the one delivery that shows it does not count.
        own = f"{number:026d}" if number // 2 % 3 == 0 else ""
        sound = photo if own else change(photo, chance)
        made.append(Case(attempt(sound, Earlier(seen, "shop", own)), 0))
        made.append(Case(attempt(bad, Earlier(seen, "shop", "")), kind))
    return made[0::4] + made[1::4] + made[2::4] + made[3::4]


def of(photo: Array) -> Fingerprint:
    """Return the fingerprint of *photo*."""
    return fingerprint_of(Picture(from_array(photo)))


def attempt(result: Array, earlier: Earlier) -> Attempt:
    """Return an attempt that ended in *result*."""
    picture = Picture(from_array(np.ascontiguousarray(result)))
    return Attempt(picture, picture, (), earlier)


if __name__ == "__main__":
    main("similarity", Similarity(), cases)
