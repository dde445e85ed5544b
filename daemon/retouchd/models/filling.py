"""Fills holes in pictures of any size with a network of one size."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from retouchd.media.patch import Mask, plan_patches
from retouchd.media.pixels import Pixels
from retouchd.models.exemplar import lend_texture
from retouchd.models.manifest import Manifest
from retouchd.models.session import Session
from retouchd.models.tensors import Floats, to_floats, to_mask_tensor, to_tensor
from retouchd.models.waves import continue_waves


def fill_holes(session: Session, pixels: Pixels, hole: Mask) -> Pixels:
    """Predict what is behind the hole, patch after patch.

    What one patch has filled is known to the next: a long hole stays of a piece.

    Args:
        session: a model for ``inpaint``.
        pixels: (H, W, 3) RGB, 8 or 16 bits; not changed.
        hole: (H, W), true where the picture is to be invented.

    Returns:
        (H, W, 3), a new array, equal to *pixels* outside the hole.

    Raises:
        ModelError: a run fails.
    """
    filled: Pixels = np.array(pixels, order="C")
    unknown = hole.copy()
    for patch in plan_patches(hole, edge_of(session.manifest)):
        todo = unknown[patch.cell]
        if not todo.any():
            continue
        window = filled[patch.window]
        guess = _fill_window(session, window, unknown[patch.window], patch.side)
        filled[patch.cell][todo] = guess[patch.cell_in_window][todo]
        if session.manifest.texture_aid:
            lend_texture(filled, unknown, patch.cell)
        todo[:] = False
    return filled


def edge_of(manifest: Manifest) -> int:
    """Return the edge of the squares that the network sees, in pixels."""
    edge = max(manifest.input.fixed or (manifest.tile, manifest.tile))
    return -(-edge // manifest.multiple_of) * manifest.multiple_of


def _fill_window(session: Session, window: Pixels, hole: Mask, side: int) -> Pixels:
    """Run the network on *window*, mirrored up to *side* and shrunk to its size."""
    height, width = hole.shape
    edge = edge_of(session.manifest)
    border = (0, side - height, 0, side - width)
    square: Any = cv2.copyMakeBorder(window, *border, cv2.BORDER_REFLECT)
    unknown: Any = cv2.copyMakeBorder(
        hole.astype(np.float32), *border, cv2.BORDER_REFLECT
    )
    if side != edge:
        square = _shrink_known(square, unknown == 0, edge)
        unknown = cv2.resize(unknown, (edge, edge), interpolation=cv2.INTER_AREA)
    guess: Any = _run(session, square, unknown > 0)
    if session.manifest.texture_aid and (unknown == 0).any():
        guess = (guess + continue_waves(square, unknown > 0)) / 2
    if side != edge:
        guess = cv2.resize(guess, (side, side), interpolation=cv2.INTER_CUBIC)
    peak = np.iinfo(window.dtype).max
    filled: Pixels = np.rint(guess[:height, :width].clip(0, 1) * peak).astype(
        window.dtype
    )
    return filled


def _shrink_known(square: Pixels, known: Mask, edge: int) -> Pixels:
    """Shrink by means over the known pixels only: what goes must not bleed out."""
    size, area = (edge, edge), cv2.INTER_AREA
    weight = known.astype(np.float32)
    total: Any = cv2.resize(square * weight[:, :, None], size, interpolation=area)
    share: Any = cv2.resize(weight, size, interpolation=area)
    shrunk: Pixels = np.rint(total / np.maximum(share, 1e-3)[:, :, None]).astype(
        square.dtype
    )
    return shrunk


def _run(session: Session, square: Pixels, unknown: Mask) -> Floats:
    manifest = session.manifest
    image, mask = manifest.input, manifest.mask
    if mask is None:
        raise ValueError(f"{manifest.name} is no model that fills holes")
    known: Any = square * ~unknown[:, :, None]
    tensor = session.run(
        {
            image.name: to_tensor(known, image, session.dtype(image.name)),
            mask.name: to_mask_tensor(unknown, mask, image, session.dtype(mask.name)),
        }
    )
    return to_floats(tensor, manifest.output, image.layout)
