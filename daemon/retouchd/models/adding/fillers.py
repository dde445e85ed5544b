"""Finds out by trial how a network that fills holes wants to be used."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from retouchd.errors import ModelError
from retouchd.media.patch import Mask
from retouchd.media.pixels import Pixels
from retouchd.models.adding.conventions import Conventions
from retouchd.models.adding.probe import describe, fitted
from retouchd.models.adding.ranges import RANGES, Candidate, clear_winner
from retouchd.models.filling import fill_holes
from retouchd.models.manifest import Manifest, Range
from retouchd.models.session import Session

LEAST_LIKE_DB = 17.0
"""A hole in a quiet place, filled, is about this close to what was there."""

_EDGE = 256
_HOLE = 20
_QUIET_HOLES = 2
_BYTES: Range = (0, 255)


def settle_filler(
    session: Session, known: Conventions, picture: Pixels
) -> tuple[Manifest, list[str]]:
    """Complete the manifest of *session* by filling holes in *picture*.

    Args:
        session: its manifest holds what is known.
        known: what need not be found out.
        picture: (H, W, 3), an ordinary colour photograph.

    Returns:
        The manifest, and what people should know.

    Raises:
        ModelError: it does not run, or fills holes with something else.
    """
    small = fitted(picture, _EDGE, _EDGE)
    hole = _quiet_holes(small)
    candidates = []
    for entry, exit_, value in _possible(session, known):
        _use(session, entry, exit_, value)
        likeness = _likeness(session, small, hole)
        candidates.append(Candidate(entry, exit_, likeness, value))
    best = clear_winner(candidates, LEAST_LIKE_DB, session.manifest.weights)
    _use(session, best.entry, best.exit, best.hole)
    return session.manifest, [
        f"holes in a photograph are met with {best.likeness:.1f} dB"
    ]


def _possible(
    session: Session, known: Conventions
) -> Iterator[tuple[Range, Range, float]]:
    """Every range of input and output, and value of a hole, that may be meant."""
    manifest = session.manifest
    takes_bytes = np.issubdtype(session.dtype(manifest.input.name), np.integer)
    usual = (_BYTES,) if takes_bytes else RANGES
    entries = (known.range,) if known.range else usual
    exits = (known.output_range,) if known.output_range else usual
    mask = _mask_range(session)
    holes = mask if known.hole is None else (known.hole,)
    return itertools.product(entries, exits, holes)


def _mask_range(session: Session) -> Range:
    mask = session.manifest.mask
    assert mask is not None  # noqa: S101  (a manifest of an inpainting network has one)
    return _BYTES if np.issubdtype(session.dtype(mask.name), np.integer) else (0, 1)


def _use(session: Session, entry: Range, exit_: Range, hole: float) -> None:
    manifest, mask = session.manifest, session.manifest.mask
    assert mask is not None  # noqa: S101  (a manifest of an inpainting network has one)
    changes = {"range": _mask_range(session), "hole": hole}
    describe(
        session,
        input=manifest.input.model_copy(update={"range": entry}),
        output=manifest.output.model_copy(update={"range": exit_}),
        mask=mask.model_copy(update=changes),
    )


def _likeness(session: Session, picture: Pixels, hole: Mask) -> float:
    """PSNR in dB inside of *hole* between what was there and what is put there."""
    spoilt = picture.copy()
    spoilt[hole] = (255, 0, 255)
    try:
        filled = fill_holes(session, spoilt, hole)
    except ModelError as error:
        raise ModelError(
            f"it does not run: {error.message}",
            hint="say --size or --multiple-of",
            file=session.manifest.weights,
        ) from error
    error_ = float(((filled[hole].astype(np.float64) - picture[hole]) ** 2).mean())
    return 99.0 if error_ == 0 else 10 * math.log10(255**2 / error_)


def _quiet_holes(picture: Pixels) -> Mask:
    """Punch holes where *picture* is calm, neither black nor white nor grey alike."""
    grey: Any = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    around = (2 * _HOLE, 2 * _HOLE)
    unrest = cv2.blur(grey**2, around) - cv2.blur(grey, around) ** 2
    unrest[: 2 * _HOLE] = unrest[-2 * _HOLE :] = np.inf
    unrest[:, : 2 * _HOLE] = unrest[:, -2 * _HOLE :] = np.inf
    hole = np.zeros(grey.shape, bool)
    for _ in range(_QUIET_HOLES):
        y, x = np.unravel_index(int(unrest.argmin()), unrest.shape)
        half = _HOLE // 2
        hole[y - half : y + half, x - half : x + half] = True
        far = 3 * _HOLE
        unrest[max(0, y - far) : y + far, max(0, x - far) : x + far] = np.inf
    return hole
