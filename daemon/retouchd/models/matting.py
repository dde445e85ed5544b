"""Asks a network where the subject is; the answer is as coarse as the network."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from retouchd.media.pixels import Pixels
from retouchd.media.plain_backdrop import cut_from_plain_backdrop
from retouchd.models.manifest import Manifest
from retouchd.models.session import Session
from retouchd.models.tensors import Floats, to_floats, to_tensor


def size_of(manifest: Manifest) -> tuple[int, int]:
    """Return height and width of what the network sees, in pixels."""
    return manifest.input.fixed or (manifest.tile, manifest.tile)


def estimate_matte(session: Session, pixels: Pixels) -> Floats:
    """Estimate the opacity of the subject at the size of the network.

    Args:
        session: a model for ``matte``; it sees the whole picture, squeezed.
        pixels: (H, W, 3) RGB, 8 or 16 bits.

    Returns:
        (h, w), 0..1, h and w as in the manifest (``tile`` where it takes any size).

    Raises:
        ModelError: the run fails.
    """
    manifest = session.manifest
    height, width = size_of(manifest)
    small: Any = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    name = manifest.input.name
    tensor = session.run({name: to_tensor(small, manifest.input, session.dtype(name))})
    matte = to_floats(tensor, manifest.output, manifest.input.layout)[:, :, 0]
    if not manifest.backdrop_aid:
        return matte
    seen = small.astype(np.float32) / np.iinfo(pixels.dtype).max
    return cut_from_plain_backdrop(seen, matte)
