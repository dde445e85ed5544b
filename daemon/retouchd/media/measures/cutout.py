"""What is wrong with a cut-out, read off its opacity and the picture it was made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from retouchd.media.measures.planes import Box, Floats, shrunk

_WORK_EDGE = 512
_CLEAR, _SOLID = 0.05, 0.95
_RING = 9


@dataclass(frozen=True)
class CutoutFaults:
    """Shares are of the subject's area, 0..1.

    Attributes:
        certainty: share of what is visible that is solid.
        holes: share that is missing inside the subject although it looks like it.
        crumbs: share of loose pieces that are too small to be a subject.
        cut: share of the frame's border that the subject touches.
        where: boxes of holes and crumbs, fractions of the picture.
    """

    certainty: float
    holes: float
    crumbs: float
    cut: float
    where: tuple[Box, ...]


def faults_of(colours: Floats, alpha: Floats, crumb: float) -> CutoutFaults | None:
    """Look for the usual faults of a matte, at a long edge of 512 px.

    Args:
        colours: (H, W, 3), the picture before, 0..255.
        alpha: (H, W), opacity, 0..1.
        crumb: a loose piece up to this share of the largest one is a crumb.

    Returns:
        ``None``: there is no subject at all.
    """
    height, width = alpha.shape
    scale = min(1.0, _WORK_EDGE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small, seen = shrunk(alpha, *size), shrunk(colours, *size)
    subject = (small > 0.5).astype(np.uint8)
    area = int(subject.sum())
    if area == 0:
        return None
    visible = float(small[small > _CLEAR].size)
    holes, hole_boxes = _holes(seen, small, subject)
    crumbs, crumb_boxes = _crumbs(subject, crumb)
    border = np.concatenate([subject[0], subject[-1], subject[:, 0], subject[:, -1]])
    return CutoutFaults(
        certainty=float((small >= _SOLID).sum()) / visible,
        holes=holes / area,
        crumbs=crumbs / area,
        cut=float(border.mean()),
        where=(*hole_boxes, *crumb_boxes),
    )


def _holes(seen: Floats, alpha: Floats, subject: Any) -> tuple[int, list[Box]]:
    """Find gaps inside the subject that show its colours, not those behind it.

    The gap of a handle shows the background and is none.
    """
    outside = _outside(subject)
    gaps = ((subject == 0) & ~outside).astype(np.uint8)
    if not gaps.any() or not outside.any():
        return 0, []
    background = seen[outside & (alpha < _CLEAR)]
    found, boxes = 0, []
    for piece, box in _pieces(gaps):
        ring = cv2.dilate(piece, np.ones((_RING, _RING), np.uint8)) & subject
        own, around = seen[piece > 0].mean(axis=0), seen[ring > 0]
        if not len(around) or not len(background):
            continue
        near = float(np.linalg.norm(own - around.mean(axis=0)))
        far = np.linalg.norm(background - own, axis=1)
        if near < float(np.percentile(far, 10)):
            found += int(piece.sum())
            boxes.append(box)
    return found, boxes


def _outside(subject: Any) -> Any:
    """Return what can be reached from the border without crossing the subject."""
    framed = cv2.copyMakeBorder(1 - subject, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    _, labels = cv2.connectedComponents(framed, connectivity=4)
    return labels[1:-1, 1:-1] == labels[0, 0]


def _crumbs(subject: Any, crumb: float) -> tuple[int, list[Box]]:
    pieces = list(_pieces(subject))
    largest = max(int(piece.sum()) for piece, _ in pieces)
    small = [(p, box) for p, box in pieces if 4 <= p.sum() <= crumb * largest]
    return sum(int(piece.sum()) for piece, _ in small), [box for _, box in small]


def _pieces(mask: Any) -> list[tuple[Any, Box]]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    height, width = mask.shape
    found = []
    for number in range(1, count):
        left, top, across, down = stats[number, :4]
        box = (
            float(left / width),
            float(top / height),
            float((left + across) / width),
            float((top + down) / height),
        )
        found.append(((labels == number).astype(np.uint8), box))
    return found
