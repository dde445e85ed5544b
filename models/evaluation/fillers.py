"""Ways to fill a hole: uint8 (H, W, 3) and bool (H, W) to uint8 (H, W, 3)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from evaluation.networks import open_bare
from retouchd.models.filling import fill_holes
from retouchd.models.session import Session

Fill = Callable[[np.ndarray, np.ndarray], np.ndarray]

RADIUS_PX = 5


def ours(session: Session) -> Fill:
    """The shipped model, as the step ``erase`` uses it (before grain is added)."""
    return lambda rgb, hole: fill_holes(session, rgb, hole)


def network_alone(session: Session) -> Fill:
    """The same without waves and texture from beside the hole.

    ``fill_holes`` reads the manifest on each call; the session itself is shared.
    """
    manifest = session.manifest
    bare = manifest.model_copy(update={"texture_aid": False})

    def fill(rgb: np.ndarray, hole: np.ndarray) -> np.ndarray:
        session.manifest = bare
        try:
            return fill_holes(session, rgb, hole)
        finally:
            session.manifest = manifest

    return fill


def classic(method: int) -> Fill:
    """OpenCV: Telea 2004 or Navier-Stokes (Bertalmio 2001)."""

    def fill(rgb: np.ndarray, hole: np.ndarray) -> np.ndarray:
        torn, stencil = rgb * ~hole[:, :, None], hole.astype(np.uint8) * 255
        return cv2.inpaint(torn, stencil, RADIUS_PX, method)

    return fill


def frequency_selective(rgb: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """OpenCV contrib: fast frequency selective reconstruction."""
    torn = np.ascontiguousarray(rgb * ~hole[:, :, None])
    filled = torn.copy()
    # zero is the hole here
    cv2.xphoto.inpaint(
        torn, (~hole).astype(np.uint8) * 255, filled, cv2.xphoto.INPAINT_FSR_FAST
    )
    return filled


def push_pull(weights: Path) -> Fill:
    """The analytic pyramid fill of the data folder, behind the contract of MI-GAN."""
    run = open_bare(weights)

    def fill(rgb: np.ndarray, hole: np.ndarray) -> np.ndarray:
        keep = np.where(hole, 0, 255).astype(np.uint8)[None, None]
        planes = np.ascontiguousarray(rgb.transpose(2, 0, 1))[None]
        filled = run(planes, keep)[0].transpose(1, 2, 0)
        return np.where(hole[:, :, None], filled, rgb)

    return fill
