"""Whether a filled area looks like what surrounds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.media.measures.planes import Box, Floats

_RING = 12
_BAND = 3
_SIDES, _LEAST_SIDE = 8, 30
_NOISE = 2.0


@dataclass(frozen=True)
class FillFaults:
    """One filled area compared with its surround.

    Attributes:
        left: correlation (-1..1) of the fine detail before and after, inside.
        seam: levels of 255 by which the fill is lighter or darker all along its
            border, beyond how much that varies from place to place.
        texture: fine detail inside over the most that any side of the surround has,
            or the least over that inside; 1: within that range.
        box: of the area, fractions of the picture.
    """

    left: float
    seam: float
    texture: float
    box: Box


def fill_faults(before: Floats, after: Floats, mask: NDArray[Any]) -> list[FillFaults]:
    """Judge each connected area of *mask* at full size, within its own window.

    Args:
        before: luma (H, W), 0..255.
        after: luma (H, W), 0..255.
        mask: (H, W), over 0 where something was filled.
    """
    filled = (mask > 0).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(filled, connectivity=8)
    height, width = filled.shape
    found = []
    for number in range(1, count):
        left, top, across, down = (int(value) for value in stats[number, :4])
        window = (
            slice(max(0, top - 2 * _RING), top + down + 2 * _RING),
            slice(max(0, left - 2 * _RING), left + across + 2 * _RING),
        )
        inside = (labels[window] == number).astype(np.uint8)
        free = 1 - filled[window]
        box = (
            left / width,
            top / height,
            (left + across) / width,
            (top + down) / height,
        )
        found.append(_judge(before[window], after[window], inside, free, box))
    return found


def _judge(
    before: Floats, after: Floats, inside: Any, free: Any, box: Box
) -> FillFaults:
    ring = (_grown(inside, _RING) & free) > 0
    core = (1 - _grown(1 - inside, 2)) > 0
    if not ring.any() or not core.any():
        return FillFaults(0.0, 0.0, 1.0, box)
    old, new = _detail(before), _detail(after)
    return FillFaults(
        left=_correlation(old[core], new[core]),
        seam=_seam(after, inside, free),
        texture=_texture(_spread(new[core]), _sides(new, inside, ring)),
        box=box,
    )


def _texture(own: float, sides: list[float]) -> float:
    return max(1.0, own / max(sides), min(sides) / own)


def _sides(detail: Floats, inside: Any, ring: Any) -> list[float]:
    """Return the spread of the detail on each side of an area that has one."""
    ys, xs = np.nonzero(inside)
    down, across = np.mgrid[0 : inside.shape[0], 0 : inside.shape[1]]
    angle = np.arctan2(down - ys.mean(), across - xs.mean())
    side = np.floor((angle + np.pi) / (2 * np.pi) * _SIDES).astype(int) % _SIDES
    parts = [detail[ring & (side == number)] for number in range(_SIDES)]
    found = [_spread(part) for part in parts if len(part) >= _LEAST_SIDE]
    return found or [_spread(detail[ring])]


def _grown(mask: Any, pixels: int) -> Any:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1,) * 2)
    return cv2.dilate(mask, disc)


def _detail(plane: Floats) -> Floats:
    return np.asarray(plane - cv2.GaussianBlur(plane, (0, 0), 3), np.float32)


def _spread(values: Floats) -> float:
    """Return a standard deviation; what nobody can see counts as equal."""
    return float(np.sqrt(np.mean(values**2) + _NOISE**2))


def _correlation(one: Floats, other: Floats) -> float:
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    if scale < _NOISE**2 * one.size:
        return 0.0
    return float((one * other).sum()) / scale


def _seam(plane: Floats, inside: Any, free: Any) -> float:
    """Compare both sides of the border all along it.

    What a picture shows steps up here and down there; a bad fill steps one way.
    """
    within = ((inside > 0) & (_grown(1 - inside, _BAND) > 0)).astype(np.float32)
    near = ((_grown(inside, _BAND) & free) > 0).astype(np.float32)
    sides = [_mean_nearby(plane, band) for band in (within, near)]
    line = (_grown(inside, 1) > 0) & (inside == 0)
    steps = (sides[0] - sides[1])[line]
    steps = steps[np.isfinite(steps)]
    if not len(steps):
        return 0.0
    return max(0.0, abs(float(steps.mean())) - float(steps.std()))


def _mean_nearby(plane: Floats, band: Floats) -> Floats:
    """Mean of *plane* over the part of *band* around each pixel; NaN: none near."""
    reach = (4 * _BAND + 1, 4 * _BAND + 1)
    share: Any = cv2.blur(band, reach)
    total: Any = cv2.blur(plane * band, reach)
    return np.where(share > 1e-6, total / np.maximum(share, 1e-6), np.nan)
