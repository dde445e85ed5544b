"""What a step added that no picture has by itself: blocks, bands, seams of tiles.

Each is looked for only where the picture before was calm, and counts only beyond what
it had there itself: what the input brought along is nobody's fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.media.measures.planes import Box, Floats, Greys

Kind = Literal["blocks", "bands", "seams", "blobs"]
_BY_TILE: tuple[Kind, ...] = ("blocks", "bands")
Flags = NDArray[np.bool_]

_TILE, _MARGIN, _PERIOD = 64, 8, 8
_WINDOW = _TILE + 2 * _MARGIN
_AT_ONCE = 64
_INSIDE = slice(_MARGIN, _MARGIN + _TILE)
_CALM_RANGE, _CALM = 6, 0.25
_KNOWN = 3.0
"""A step may make what was there this many times as strong: sharpening does."""
_BAND_STEP, _CONTOURS = 2, 24
_REACH = 4
_STANDS_OUT, _LEAST_SPREAD = 4.0, 0.25


@dataclass(frozen=True)
class Artefact:
    """One kind of trouble in one place.

    Attributes:
        levels: of 255, by which its edges stand out.
        box: fractions of the picture.
    """

    kind: Kind
    levels: float
    box: Box


def artefacts_of(before: Greys, after: Greys) -> list[Artefact]:
    """Measure blocks, bands and seams in each calm tile of 64 px, however weak.

    Args:
        before: (H, W), luma 0..255.
        after: (H, W), what a step made of it.

    Sources: blocks after Wang, Sheikh and Bovik, ICIP 2002 (differences across the
    borders of blocks against those within); the others are our own.
    """
    rows, columns = (length // _TILE for length in after.shape)
    if not rows or not columns:
        return []
    calm = _calm_pixels(before)
    places = np.argwhere(_by_tile(calm[: rows * _TILE, : columns * _TILE]) > _CALM)
    levels = {kind: np.zeros((rows, columns), np.float32) for kind in _BY_TILE}
    rises = np.zeros((2, rows, columns, _TILE), np.float32)
    planes = [_padded(plane) for plane in (before, after, calm)]
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE]
        at = tuple(some.T)
        tiles = [_cut_out(plane, some) for plane in planes]
        across, down = _Looks(*tiles), _Looks(*map(_turned, tiles))
        levels["blocks"][at] = np.minimum(across.blocks(), down.blocks())
        levels["bands"][at] = np.maximum(across.bands(), down.bands())
        rises[(0, *at)], rises[(1, *at)] = across.rises(), down.rises()
    levels["seams"] = np.maximum(_lines(rises[0]), _lines(rises[1].swapaxes(0, 1)).T)
    shape = after.shape
    return [one for kind in levels for one in _places(kind, levels[kind], shape)]


def enlarged(before: Greys, after: Greys) -> Greys:
    """Return *before* at the size of *after*: what differs then, the step added."""
    if before.shape == after.shape:
        return before
    size = after.shape[::-1]
    return np.asarray(cv2.resize(before, size, interpolation=cv2.INTER_CUBIC), np.uint8)


class _Looks:
    """Looks for edges that run down tiles; each method gives levels, tile by tile.

    Args:
        old: (N, 80, 80), luma before, with a margin of 8 px around each tile.
        new: the same after.
        calm: the same, 1 where the picture before was calm.
    """

    def __init__(self, old: Greys, new: Greys, calm: Greys) -> None:
        self._gained = _gained(old, new)
        self._old, self._new = _heights(old), _heights(new)
        self._calm = calm[:, _INSIDE, _INSIDE].astype(np.float32)
        self._share = np.maximum(self._calm.mean(axis=1), 1e-3)

    def blocks(self) -> Floats:
        """Return by how much the borders of 8 px blocks differ more than their insides.

        What the grid's phase gained counts, less what was there already.
        """
        new, old = (self._phases(heights) for heights in (self._new, self._old))
        gained: Floats = (new - _KNOWN * np.maximum(old, 0)).max(axis=1)
        return np.maximum(gained, 0)

    def _phases(self, heights: Greys) -> Floats:
        """Return (N, 8): the mean difference at each phase, less the usual one."""
        columns = self._mean_of_calm(heights[:, _INSIDE, _INSIDE].astype(np.float32))
        phases = columns.reshape(len(heights), -1, _PERIOD).mean(axis=1)
        return np.asarray(phases - np.median(phases, axis=1, keepdims=True))

    def _mean_of_calm(self, values: Floats) -> Floats:
        """Return (N, 64): the mean of each column where it is calm."""
        sums: Any = np.einsum("nij,nij->nj", values, self._calm)
        return np.asarray(sums / _TILE / self._share, np.float32)

    def bands(self) -> Floats:
        """Return the mean height of steps between plateaus where there were slopes."""
        steps = _contours(self._new) & (self._calm > 0)
        count = _sums(steps)
        is_many = count >= _CONTOURS
        if not is_many.any():
            return np.zeros(len(count), np.float32)
        is_new = is_many & (_sums(_contours(self._old)) < count / 4)
        total = _sums(self._new[:, _INSIDE, _INSIDE] * steps)
        return np.asarray(np.where(is_new, total / np.maximum(count, 1), 0), np.float32)

    def rises(self) -> Floats:
        """Return (N, 64): the step that each column gained, where it stands out."""
        rise = self._mean_of_calm(self._gained)
        rise[self._share < _CALM] = 0
        usual = 1.4826 * np.median(np.abs(rise), axis=1, keepdims=True)
        stands_out = np.abs(rise) >= _STANDS_OUT * np.maximum(usual, _LEAST_SPREAD)
        return np.asarray(np.where(stands_out, rise, 0), np.float32)


def _calm_pixels(plane: Greys) -> Greys:
    """Return 1 where the 9 x 9 px around differ by less than 6 levels."""
    around = np.ones((9, 9), np.uint8)
    spread: Any = cv2.subtract(cv2.dilate(plane, around), cv2.erode(plane, around))
    return np.asarray(spread < _CALM_RANGE, np.uint8)


def _by_tile(plane: Greys) -> Floats:
    rows, columns = (length // _TILE for length in plane.shape)
    tiles = plane.reshape(rows, _TILE, columns, _TILE)
    return np.asarray(tiles.mean(axis=(1, 3)), np.float32)


def _padded(plane: Greys) -> Greys:
    return np.pad(plane, _MARGIN, mode="edge")


def _cut_out(padded: Greys, places: NDArray[np.intp]) -> Greys:
    """Return the tiles at *places*, (N, 80, 80)."""
    windows = np.lib.stride_tricks.sliding_window_view(padded, (_WINDOW, _WINDOW))
    rows, columns = (places * _TILE).T
    return np.ascontiguousarray(windows[rows, columns])


def _turned(tiles: Greys) -> Greys:
    return np.ascontiguousarray(tiles.transpose(0, 2, 1))


def _heights(tiles: Greys) -> Greys:
    """Return by how much each pixel differs from its left neighbour; 0 in column 0."""
    # OpenCV knows no stacks, but here rows do not know of one another.
    rows = tiles.reshape(-1, _WINDOW)
    heights = np.zeros_like(rows)
    cv2.absdiff(rows[:, 1:], rows[:, :-1], dst=heights[:, 1:])
    return heights.reshape(tiles.shape)


def _contours(heights: Greys) -> Flags:
    """Return where a step inside the tiles lies between two plateaus."""
    flat = heights[:, _INSIDE] == 0
    found = heights[:, _INSIDE, _INSIDE] >= _BAND_STEP
    for shift in (-2, -1, 1, 2):
        found &= flat[:, :, _MARGIN + shift : _MARGIN + shift + _TILE]
    return np.asarray(found)


def _gained(old: Greys, new: Greys) -> Floats:
    """Return (N, 64, 64): the step that *new* has at each pixel more than *old*.

    A step is the 4 px from a column on, less the 4 before it, as means.
    """
    more = new[:, _INSIDE].astype(np.int16) - old[:, _INSIDE]
    pairs = more[:, :, :-1] + more[:, :, 1:]
    fours = pairs[:, :, :-2] + pairs[:, :, 2:]
    before = fours[:, :, _MARGIN - _REACH : _MARGIN - _REACH + _TILE]
    gained = (fours[:, :, _INSIDE] - before).astype(np.float32)
    return np.asarray(gained / _REACH)


def _sums(tiles: NDArray[Any]) -> NDArray[np.int64]:
    """Return the sum of each tile."""
    sums: Any = tiles.reshape(len(tiles), -1).sum(axis=1, dtype=np.int64)
    return np.asarray(sums)


def _lines(rises: Floats) -> Floats:
    """Return the strongest rise of each tile that goes on in the next one.

    Args:
        rises: (rows, columns, 64), the lines run down.
    """
    rows, columns, _ = rises.shape
    flat = rises.reshape(rows, -1)
    lines = np.zeros_like(flat)
    for sign in (1, -1):
        up = np.maximum(sign * flat, 0)
        wide: Any = cv2.dilate(up, np.ones((1, 3), np.uint8))
        runs = np.minimum(up[1:], wide[:-1]), np.minimum(up[:-1], wide[1:])
        lines[1:] = np.maximum(lines[1:], runs[0])
        lines[:-1] = np.maximum(lines[:-1], runs[1])
    return np.asarray(lines.reshape(rows, columns, _TILE).max(axis=2))


def _places(kind: Kind, levels: Floats, shape: tuple[int, ...]) -> Iterator[Artefact]:
    high, wide = _TILE / shape[0], _TILE / shape[1]
    for row, column in np.argwhere(levels > 0):
        left, top = float(column * wide), float(row * high)
        box = (left, top, left + wide, top + high)
        yield Artefact(kind, float(levels[row, column]), box)
