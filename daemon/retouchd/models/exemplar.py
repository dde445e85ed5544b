"""Lends a filled hole the texture of the place that fits its surround best.

A network that was trained to be right in the mean fills grass and gravel with fog.
The surround says whether that is so: is it evenly textured, and does the fill have
less of it? Then the fine detail comes from elsewhere in the picture.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.media.patch import Area, Mask
from retouchd.media.pixels import Pixels

Floats = NDArray[np.float32]

_RING, _MATCHED = 16, 8  # pixels around the hole that are measured, and compared
_REACH = 96  # how far from the hole a place is looked for
_THINNEST = 5  # pixels from the rim; in thinner holes no fog shows
_FINE = 2.0  # sigma; what a blur of that takes away is texture
_SECTORS = 6
# What counts as evenly textured. On 200 holes with known truth these and the shares
# kept the fills closest to the truth among those that no longer look like fog.
_FAINTEST = (6 / 255) ** 2  # mean square of the detail
_EVEN = 0.3  # weakest sector over the strongest
_FLAT = 1.0  # spread of the sectors' colours, in deviations of the detail
_FOGGY = 0.5  # detail of the fill over that of the surround
_KEPT, _LENT = 0.6, 0.8


def lend_texture(filled: Pixels, unknown: Mask, cell: Area) -> None:
    """Add texture to the hole within *cell*, in place, where it lacks what is around.

    Args:
        filled: (H, W, 3), 8 or 16 bits; within *cell* the hole is filled already.
        unknown: (H, W), the whole hole; no texture is taken from there.
        cell: the part that is worked on.
    """
    area = _around(cell, unknown.shape, _REACH)
    part = np.zeros(unknown.shape, bool)
    part[cell] = unknown[cell]
    hole, part = unknown[area], part[area]
    depth = cv2.distanceTransform(np.pad(part.astype(np.uint8), 1), cv2.DIST_L2, 5)
    if depth.max() < _THINNEST:
        return
    peak = np.float32(np.iinfo(filled.dtype).max)
    seen = filled[area].astype(np.float32) / peak
    fine = seen - cv2.GaussianBlur(seen, (0, 0), _FINE)
    if not _lacks_texture(seen, fine, hole, part):
        return
    place = _best_place(seen, hole, part)
    if place is None:
        return
    rows, columns = np.nonzero(part)
    lent = fine[rows + place[0], columns + place[1]]
    result = seen[part] - (1 - _KEPT) * fine[part] + _LENT * lent
    filled[area][part] = np.rint(result.clip(0, 1) * peak)


def _around(cell: Area, shape: tuple[int, ...], reach: int) -> Area:
    rows, columns = (
        slice(max(0, span.start - reach), min(length, span.stop + reach))
        for span, length in zip(cell, shape, strict=True)
    )
    return rows, columns


def _widened(part: Mask, by: int) -> Mask:
    size = (2 * by + 1, 2 * by + 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size)
    return np.asarray(cv2.dilate(part.astype(np.uint8), disc) > 0)


def _lacks_texture(seen: Floats, fine: Floats, hole: Mask, part: Mask) -> bool:
    """Whether the surround is evenly textured and the fill is not."""
    ring = _widened(part, _RING) & ~hole
    energy: Any = np.square(fine).mean(axis=2)
    rows, columns = np.nonzero(part)
    down, right = np.nonzero(ring)
    angle = np.arctan2(down - rows.mean(), right - columns.mean())
    sector = ((angle / (2 * np.pi) + 0.5) * _SECTORS).astype(int) % _SECTORS
    sizes = np.bincount(sector, minlength=_SECTORS)
    used = sizes > 20
    if not used.any():
        return False

    def means(values: Any) -> Any:
        return np.bincount(sector, values, _SECTORS)[used] / sizes[used]

    around = float(energy[ring].mean())
    energies = means(energy[ring])
    colours = [means(seen[ring][:, channel]).std() for channel in range(3)]
    return bool(
        around > _FAINTEST
        and energies.min() > _EVEN * energies.max()
        and np.mean(colours) < _FLAT * np.sqrt(around)
        and energy[part].mean() < _FOGGY * around
    )


def _best_place(seen: Floats, hole: Mask, part: Mask) -> tuple[int, int] | None:
    """Shift (rows, columns) to where the surround of *part* looks the same."""
    wide = _widened(part, _MATCHED)
    rows, columns = np.nonzero(wide)
    box = (
        slice(rows.min(), rows.max() + 1),
        slice(columns.min(), columns.max() + 1),
    )
    stencil = wide[box].astype(np.float32)
    ring = (wide & ~hole)[box].astype(np.float32)
    if not ring.any():
        return None
    apart: Any = cv2.matchTemplate(seen, seen[box], cv2.TM_SQDIFF, mask=ring)
    spoilt: Any = cv2.matchTemplate(hole.astype(np.float32), stencil, cv2.TM_CCORR)
    apart[spoilt > 0.5] = np.inf
    row, column = np.unravel_index(int(apart.argmin()), apart.shape)
    if not np.isfinite(apart[row, column]):
        return None
    return int(row) - int(box[0].start), int(column) - int(box[1].start)
