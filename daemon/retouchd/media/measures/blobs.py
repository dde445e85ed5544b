"""Spots whose colour a step changed although it left that colour alone elsewhere."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from retouchd.media.measures.artefacts import Artefact
from retouchd.media.measures.planes import Floats, colours_of
from retouchd.media.vips import pyvips
from retouchd.values import Picture

_WORK_EDGE = 256
_BINS = 12
_APART = 1024.0
"""More than any two changes differ: keeps those of one colour together."""
_CORE = 3


def blobs_of(before: Picture, after: Picture, least: float) -> list[Artefact]:
    """Find spots at a long edge of 256 px; a grade moves like colours alike.

    Args:
        before: the picture.
        after: what a step made of it, in the same framing.
        least: levels of 255 from which on a spot counts.
    """
    width, height = after.image.width, after.image.height
    scale = min(1.0, _WORK_EDGE / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if min(size) < 2 * _CORE:
        return []
    old, new = (_small(picture, *size) for picture in (before, after))
    rest = np.abs(_unexplained(old, new))
    strange = np.maximum(np.maximum(rest[:, :, 0], rest[:, :, 1]), rest[:, :, 2])
    # Edges that moved by a fraction of a pixel are thin: spots have a core.
    core: Any = cv2.erode(strange, np.ones((_CORE, _CORE), np.uint8))
    return _spots(np.asarray(core, np.float32), least)


def _small(picture: Picture, width: int, height: int) -> Floats:
    image: pyvips.Image = picture.image
    scales = width / image.width, height / image.height
    small = image.resize(scales[0], vscale=scales[1], kernel="linear")
    return colours_of(picture.with_image(small))


def _unexplained(old: Floats, new: Floats) -> Floats:
    """Return the change of each pixel, less what is usual for its colour."""
    change = (new - old).reshape(-1, 3).T
    bins = np.minimum(old.reshape(-1, 3) * (_BINS / 256), _BINS - 1).astype(int)
    label = (bins[:, 0] * _BINS + bins[:, 1]) * _BINS + bins[:, 2]
    count = np.bincount(label, minlength=_BINS**3)
    middle = np.minimum(np.cumsum(count) - count + count // 2, len(label) - 1)
    # By colour and within it by change: the middle one of a colour is its median.
    apart = label * _APART
    usual = np.sort(apart + change.astype(np.float64), axis=1)[:, middle]
    usual -= np.arange(_BINS**3) * _APART
    rest = change - usual[:, label]
    return np.ascontiguousarray(rest.T, np.float32).reshape(old.shape)


def _spots(core: Floats, least: float) -> list[Artefact]:
    height, width = core.shape
    mask = (core >= least).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    reach = _CORE // 2 + 1
    found = []
    for number in range(1, count):
        left, top, across, down = (int(value) for value in stats[number, :4])
        box = (
            max(0, left - reach) / width,
            max(0, top - reach) / height,
            min(width, left + across + reach) / width,
            min(height, top + down + reach) / height,
        )
        found.append(Artefact("blobs", float(core[labels == number].max()), box))
    return found
