"""The shape of a subject without detail, read off its outline on a plain backdrop."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from retouchd.media.measures.geometry import Matrix, Shape, proportions
from retouchd.media.measures.planes import Greys

_WORK_EDGE, _LEAST_EDGE = 512, 32
_PLAIN, _PLAIN_SHARE = 10.0, 0.98
_UNLIKE = 24.0
_LEAST_SHARE = 0.005
_SIDE = 200.0
"""Silhouettes are compared with the same area, that of a square of so many pixels."""


def shape_by_silhouette(
    before: Greys, after: Greys, subject: Greys | None
) -> Shape | None:
    """Compare two outlines by their second moments and by what only one of them has.

    Args:
        before: luma (H, W).
        after: luma, of any size and framing.
        subject: (H, W), over 127 where the subject is in *before*; ``None``: it is
            what is unlike the rim.

    Returns:
        ``None``: a backdrop is not plain, or the frame cuts a subject.
    """
    if min(*before.shape, *after.shape) < _LEAST_EDGE:
        return None
    one = _outline(before) if subject is None else _whole(_small(subject) > 127)
    other = _outline(after)
    if one is None or other is None:
        return None
    moments = [_spread(mask) for mask in (one, other)]
    roots = [_root(matrix) for matrix in moments]
    stretch, _ = proportions(roots[1] @ np.linalg.inv(roots[0]))
    squares = [_normal(mask) for mask in (one, other)]
    differs = cv2.morphologyEx(
        (squares[0] != squares[1]).astype(np.uint8),
        cv2.MORPH_OPEN,
        np.ones((5, 5), np.uint8),
    )
    count, _, stats, _ = cv2.connectedComponentsWithStats(differs)
    largest = int(stats[1:, cv2.CC_STAT_AREA].max()) if count > 1 else 0
    return Shape(stretch, 0.0, parts=largest / _SIDE**2)


def _small(plane: Greys) -> Greys:
    scale = min(1.0, _WORK_EDGE / max(plane.shape))
    size = tuple(max(1, round(length * scale)) for length in plane.shape[::-1])
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)


def _outline(plane: Greys) -> Greys | None:
    """Return what is unlike the rim, 0 or 1; ``None``: the rim is not plain."""
    small = _small(plane).astype(np.float32)
    rim = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    backdrop = float(np.median(rim))
    if np.mean(np.abs(rim - backdrop) < _PLAIN) < _PLAIN_SHARE:
        return None
    return _whole(np.abs(small - backdrop) > _UNLIKE)


def _whole(mask: Any) -> Greys | None:
    """Return *mask* without holes; ``None``: nothing is there, or the frame cuts it."""
    found = mask.astype(np.uint8)
    rim = np.concatenate([found[0], found[-1], found[:, 0], found[:, -1]])
    if rim.any() or found.mean() < _LEAST_SHARE:
        return None
    outlines, _ = cv2.findContours(found, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(found, outlines, -1, 1, cv2.FILLED), np.uint8)


def _spread(mask: Greys) -> Matrix:
    rows, columns = np.nonzero(mask)
    return np.asarray(np.cov(np.stack([columns, rows])) + np.eye(2) / 12)


def _root(matrix: Matrix) -> Matrix:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors @ np.diag(np.sqrt(values)) @ vectors.T)


def _normal(mask: Greys) -> Greys:
    """Return *mask* about its middle, with an area of 200 x 200 pixels."""
    rows, columns = np.nonzero(mask)
    scale = _SIDE / np.sqrt(len(rows))
    edge = round(4 * _SIDE)
    shift = edge / 2 - scale * np.array([columns.mean(), rows.mean()])
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    placed: Any = cv2.warpAffine(mask * 255, matrix, (edge, edge))
    return np.asarray(placed > 127, np.uint8)
