"""Measures how far a network sees, and how much of a window its border spoils."""

from __future__ import annotations

import math

import cv2
import numpy as np

from retouchd.media.pixels import Pixels
from retouchd.models.adding.conventions import Conventions
from retouchd.models.adding.probe import describe, noise, run
from retouchd.models.session import Session
from retouchd.models.tiles import enlarge

MOST_SEAM = 2.0
"""Levels of 255 by which a tiled result may differ from one that is not."""

_EDGE = 160
"""Edge of the picture on which the reach of a network is looked for, in pixels."""

_HALOS = (16, 24, 32, 48, 64)
_LEAST_TILE = 256


def settle_halo(session: Session, known: Conventions, picture: Pixels) -> list[str]:
    """Set tile and halo: from the reach of the network, else by comparing tiles.

    Args:
        session: a network that upscales, with its scale and ranges.
        known: what need not be found out.
        picture: a photograph for the comparison.

    Returns:
        What people should know.
    """
    halo = known.halo if known.halo is not None else _reach(session)
    if halo is not None:
        _set_halo(session, known, halo)
        return []
    if fixed := session.manifest.input.fixed:
        _set_halo(session, known, min(fixed) // 8)
        return ["it sees its whole window at once: seams between windows may show"]
    for halo in _HALOS:
        _set_halo(session, known, halo)
        if seam_of(session, picture) <= MOST_SEAM:
            return []
    return [f"it sees very far: with a halo of {_HALOS[-1]} px seams may show"]


def seam_of(session: Session, picture: Pixels) -> float:
    """Levels of 255 by which small tiles change the result at most."""
    manifest = session.manifest
    step = 16 * manifest.multiple_of
    tile = math.ceil((2 * manifest.halo + 32) / step) * step
    describe(session, tileable="never")
    whole = enlarge(session, picture)
    session.manifest = manifest.model_copy(update={"tile": tile})
    tiled = enlarge(session, picture)
    session.manifest = manifest
    return float(cv2.absdiff(tiled, whole).max())


def _set_halo(session: Session, known: Conventions, halo: int) -> None:
    multiple = session.manifest.multiple_of
    halo = math.ceil(halo / multiple) * multiple
    fixed = session.manifest.input.fixed
    tile = known.tile or max(_LEAST_TILE, 4 * halo)
    tile = max(fixed) if fixed else math.ceil(tile / multiple) * multiple
    describe(session, tileable="calibrated", tile=tile, halo=halo)


def _reach(session: Session) -> int | None:
    """How far one pixel of the input shows in the output, in pixels of the input.

    ``None``: as far as one can see, such as with a mean over the whole picture.
    """
    multiple, scale = session.manifest.multiple_of, session.manifest.scale
    edge = math.ceil(_EDGE / multiple) * multiple
    height, width = session.manifest.input.fixed or (edge, edge)
    pixels = noise(height, width)
    before = run(session, pixels)
    y, x = height // 2, width // 2
    pixels[y, x] = 255 - pixels[y, x]
    changed = (run(session, pixels) != before).any(axis=2)
    rows, columns = (np.flatnonzero(changed.any(axis=axis)) // scale for axis in (1, 0))
    if not rows.size:
        return 0
    reach = int(max(y - rows[0], rows[-1] - y, x - columns[0], columns[-1] - x))
    # Pixels of one block of a network that folds them share their reach.
    reach += multiple - 1
    return reach if reach < min(height, width) // 2 - multiple else None
