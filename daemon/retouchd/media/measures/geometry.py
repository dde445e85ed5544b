"""Whether what a picture shows kept its shape: proportions, angles and parts.

Matched features say where it went, so that crops, borders, another size and another
backdrop do not matter; dense flow then tells what moved within it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.media.measures.planes import Box, Floats, Greys

Flags = NDArray[np.bool_]
Matrix = NDArray[np.float64]

_WORK_EDGE, _LEAST_EDGE = 576, 32
_FEATURES, _LEAST_CONTRAST = (700, 1200), 7
"""Matching takes the square of them: more are looked for only where few agree."""

_RATIO, _STRAY_PX = 0.85, 3.0
_LEAST_MATCHES, _MANY_MATCHES, _CLEAR_MAJORITY = 12, 120, 0.7
_GRID, _ROUNDS = 6, 5
_EDGE_ENERGY, _LEAST_POINTS, _CLOSE_PX = 9.0, 60, 1.5
_SMOOTH, _LEAST_EDGES = 31, 0.3
_WINDOW, _UNLIKE, _CONTRAST = 11, 0.35, 8.0
_WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Shape:
    """How the shape of a picture differs from that of the picture before.

    Attributes:
        stretch: how much longer one direction became than another, as a share;
            shearing counts as well.
        degrees: by which it is turned; 180: mirrored.
        warp: the largest shift within it, as share of its long edge.
        parts: the largest part that only one of the two has, as share of the area.
        warp_box: where that shift is, fractions of the picture after; *parts_box* is
            the same for the part.
    """

    stretch: float
    degrees: float
    warp: float = 0.0
    parts: float = 0.0
    warp_box: Box = _WHOLE
    parts_box: Box = _WHOLE


def shape_by_features(
    before: Greys, after: Greys, subject: Greys | None
) -> Shape | None:
    """Compare two pictures at a long edge of 576 px.

    Args:
        before: luma (H, W).
        after: luma, of any size and framing.
        subject: (H, W), over 127 where to look in *before*; ``None``: everywhere.

    Returns:
        ``None``: too little of one is found in the other.

    Sources: ORB, Rublee and others, ICCV 2011; DIS flow, Kroeger and others, ECCV 2016;
    affine map by RANSAC, then by iterated least squares with Huber's weights.
    """
    if min(*before.shape, *after.shape) < _LEAST_EDGE:
        return None
    one, other = _small(before), _small(after)
    area = np.ones(one.shape, bool)
    if subject is not None:
        area = _resized(subject, one.shape) > 127
    matrix = _matched(one, other, area)
    if matrix is None or not _is_sane(matrix):
        return None
    view = _View.of(one, other, area, matrix)
    if view is None:
        return None
    rest = view.affine()
    step = np.eye(3)
    step[:2] += rest.T
    matrix = np.asarray((np.vstack([matrix, [0, 0, 1]]) @ step)[:2])
    if _reach(rest, one.shape) <= _CLOSE_PX:
        view = view.without(rest)
    else:  # flow is exact only where little is left to find
        view = _View.of(one, other, area, matrix)
    if view is None or not _is_sane(matrix):
        return None
    stretch, degrees = proportions(matrix[:, :2])
    warp, warp_at = view.warp()
    parts, parts_at = view.parts()
    return Shape(
        stretch,
        degrees,
        warp,
        parts,
        _moved(warp_at, matrix, other.shape),
        _moved(parts_at, matrix, other.shape),
    )


def proportions(matrix: Matrix) -> tuple[float, float]:
    """Return stretch (share) and turn (degrees) of a linear map (2, 2)."""
    left, lengths, right = np.linalg.svd(matrix)
    turn = left @ right
    if np.linalg.det(turn) < 0:
        return 0.0, 180.0
    stretch = float(lengths[0] / lengths[1]) - 1
    return stretch, abs(float(np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))))


def _is_sane(matrix: Matrix) -> bool:
    """Whether *matrix* maps a picture to a picture, and not to a line."""
    lengths = np.linalg.svd(matrix[:, :2], compute_uv=False)
    return bool(lengths[1] > 0.05 and lengths[0] < 3 * lengths[1])


def _small(plane: Greys) -> Greys:
    scale = _WORK_EDGE / max(plane.shape)
    if scale >= 1:
        return plane
    size = tuple(max(1, round(length * scale)) for length in plane.shape[::-1])
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)


def _resized(plane: Greys, shape: tuple[int, ...]) -> Greys:
    size = shape[::-1]
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)


def _matched(one: Greys, other: Greys, area: Flags) -> Matrix | None:
    """Return the affine map (2, 3) that most matched features agree on."""
    matrix = None
    for features in _FEATURES:
        matrix, agree, of = _agreement(one, other, area, features)
        if agree >= _MANY_MATCHES and agree >= _CLEAR_MAJORITY * of:
            break
    return matrix


def _agreement(
    one: Greys, other: Greys, area: Flags, features: int
) -> tuple[Matrix | None, int, int]:
    """Return the map, how many matches agree on it, and of how many."""
    finder = cv2.ORB.create(features, fastThreshold=_LEAST_CONTRAST)
    places, words = finder.detectAndCompute(one, area.astype(np.uint8))
    others, other_words = finder.detectAndCompute(other, None)
    if min(len(places), len(others)) < _LEAST_MATCHES:
        return None, 0, 0
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(words, other_words, k=2)
    sure = [
        best[0]
        for best in pairs
        if len(best) == 2 and best[0].distance < _RATIO * best[1].distance
    ]
    if len(sure) < _LEAST_MATCHES:
        return None, 0, 0
    cv2.setRNGSeed(1)  # RANSAC draws by chance: fix it
    found: Any = cv2.estimateAffine2D(
        np.array([places[match.queryIdx].pt for match in sure]),
        np.array([others[match.trainIdx].pt for match in sure]),
        ransacReprojThreshold=_STRAY_PX,
    )
    matrix, agreeing = found
    if matrix is None or int(agreeing.sum()) < _LEAST_MATCHES:
        return None, 0, 0
    return np.asarray(matrix, np.float64), int(agreeing.sum()), len(sure)


def _reach(rest: Matrix, shape: tuple[int, ...]) -> float:
    """Return the pixels by which *rest* (3, 2) moves a corner at most."""
    height, width = shape
    corners = np.array([[x, y, 1] for x in (0, width) for y in (0, height)])
    return float(np.abs(corners @ rest).max())


def _axes(shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return the columns (1, W) and rows (H, 1) of a plane of *shape*."""
    height, width = shape
    return (
        np.arange(width, dtype=np.float32)[None, :],
        np.arange(height, dtype=np.float32)[:, None],
    )


def _affine_fit(places: Matrix, shifts: Matrix) -> Matrix:
    """Return (3, 2), the affine map from places (N, 3) to most of the shifts."""
    weights = np.ones(len(places))
    solution: Any = np.zeros((3, 2))
    for _ in range(_ROUNDS):
        weighted = places.T * weights
        solution = np.linalg.lstsq(weighted @ places, weighted @ shifts, rcond=None)[0]
        strays = shifts - places @ solution
        stray = np.hypot(strays[:, 0], strays[:, 1])
        usual = max(0.15, 1.4826 * float(np.median(stray)))
        weights = 1 / np.maximum(1, stray / (1.5 * usual))
    return np.asarray(solution)


@dataclass(frozen=True)
class _View:
    """The picture after, laid over the one before.

    Attributes:
        one: (H, W), before.
        laid: (H, W), after, in the light of the one before.
        flow: (H, W, 2), by how many pixels things moved all the same.
        bent: what of that is no stretching, turning or shift of the whole.
        seen: what both show, away from the rim.
        edges: where there is enough detail to tell the flow.
    """

    one: Floats
    laid: Greys
    flow: Floats
    bent: Floats
    seen: Flags
    edges: Flags

    @classmethod
    def of(cls, one: Greys, other: Greys, area: Flags, matrix: Matrix) -> _View | None:
        """Lay *other* over *one*; ``None``: they have too little in common."""
        size = one.shape[::-1]
        laid = cv2.warpAffine(other, matrix, size, flags=_BACKWARDS)
        there = cv2.warpAffine(np.ones_like(other), matrix, size, flags=_BACKWARDS)
        rim = np.ones((_WINDOW, _WINDOW), np.uint8)
        inside: Any = cv2.erode(there, rim, borderValue=0)
        seen = (inside > 0) & area
        if seen.sum() < _WINDOW**2:
            return None
        floats = one.astype(np.float32)
        lit = np.where(seen, _in_the_light_of(one, np.asarray(laid), seen), one)
        finder: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        flow = finder.calc(one, lit, None)
        across, down = (cv2.Sobel(floats, -1, *way) / 8 for way in ((1, 0), (0, 1)))
        energy: Any = cv2.blur(across**2 + down**2, (9, 9))
        return cls(floats, lit, flow, flow, seen, seen & (energy > _EDGE_ENERGY))

    def affine(self) -> Matrix:
        """Return (3, 2), the affine map from a place to its flow; 0: too few tell."""
        rows, columns = (n * _GRID for n in np.nonzero(self.edges[::_GRID, ::_GRID]))
        if len(rows) < _LEAST_POINTS:
            return np.zeros((3, 2))
        places = np.column_stack([columns, rows, np.ones(len(rows))])
        shifts = self.flow[rows, columns].astype(np.float64)
        return _affine_fit(places.astype(np.float64), shifts)

    def without(self, rest: Matrix) -> _View:
        """Return it with what *rest* explains of the flow taken for no bend."""
        across, down = _axes(self.one.shape)
        slope = rest.astype(np.float32)
        explained = across[..., None] * slope[0] + (
            down[..., None] * slope[1] + slope[2]
        )
        return replace(self, bent=self.flow - explained)

    def warp(self) -> tuple[float, Box]:
        """Return the largest shift of an area, and where."""
        edges = self.edges.astype(np.float32)
        window = (_SMOOTH, _SMOOTH)
        share: Any = cv2.blur(edges, window)
        means = (cv2.blur(self.bent[:, :, n] * edges, window) for n in (0, 1))
        shift: Any = cv2.magnitude(*means) / np.maximum(share, 1e-3)
        shift[share < _LEAST_EDGES] = 0
        most = float(shift.max())
        where = _box_around(
            shift > most / 2, np.unravel_index(shift.argmax(), shift.shape)
        )
        return most / max(shift.shape), where

    def parts(self) -> tuple[float, Box]:
        """Return the largest area that shows something else, and where."""
        across, down = _axes(self.one.shape)
        places = across + self.flow[:, :, 0], down + self.flow[:, :, 1]
        settled: Any = cv2.remap(
            self.laid, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        unlike = _unlike(self.one, settled.astype(np.float32)) & self.seen
        opened: Any = cv2.morphologyEx(
            unlike.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)
        )
        count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
        if count < 2:
            return 0.0, _WHOLE
        largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        area = int(stats[largest, cv2.CC_STAT_AREA]) / int(self.seen.sum())
        return area, _box_of(labels == largest)


_BACKWARDS = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP


def _in_the_light_of(one: Greys, other: Greys, seen: Flags) -> Greys:
    """Give *other* the mean and contrast of *one*."""
    mask = seen.astype(np.uint8)
    (wanted, wanted_spread), (mean, spread) = (
        (float(figure[0, 0]) for figure in cv2.meanStdDev(plane, mask=mask))
        for plane in (one, other)
    )
    levels = (np.arange(256) - mean) / (spread + 1e-3) * (wanted_spread + 1e-3)
    table = np.clip(levels + wanted, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(other, table), np.uint8)


def _unlike(one: Floats, other: Floats) -> Flags:
    """Return where windows of 11 px with enough contrast hardly correlate."""
    window = (_WINDOW, _WINDOW)
    mean, other_mean = cv2.blur(one, window), cv2.blur(other, window)
    spread = cv2.blur(one * one, window) - mean**2
    other_spread = cv2.blur(other * other, window) - other_mean**2
    shared = cv2.blur(one * other, window) - mean * other_mean
    both = np.sqrt(np.maximum(spread, 1) * np.maximum(other_spread, 1))
    has_contrast = np.maximum(spread, other_spread) > _CONTRAST**2
    return np.asarray((shared < _UNLIKE * both) & has_contrast)


def _box_around(mask: Flags, place: tuple[Any, ...]) -> Box:
    _, labels = cv2.connectedComponents(mask.astype(np.uint8))
    return _box_of(labels == labels[place])


def _box_of(mask: Flags) -> Box:
    """Return the bounds of *mask* in pixels."""
    rows, columns = np.nonzero(mask)
    return (
        float(columns.min()),
        float(rows.min()),
        float(columns.max() + 1),
        float(rows.max() + 1),
    )


def _moved(box: Box, matrix: Matrix, shape: tuple[int, ...]) -> Box:
    """Return where a box of pixels lies after *matrix*, as fractions of *shape*."""
    if box == _WHOLE:
        return _WHOLE
    corners = np.array([[x, y, 1] for x in box[::2] for y in box[1::2]])
    places = (corners @ matrix.T / shape[::-1]).clip(0, 1)
    (left, top), (right, bottom) = places.min(axis=0), places.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
