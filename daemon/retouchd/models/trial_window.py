"""One window for a network to work on, and how much more a picture is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retouchd.media.pixels import Pixels
from retouchd.models.filling import edge_of, fill_holes
from retouchd.models.manifest import Manifest
from retouchd.models.matting import estimate_matte, size_of
from retouchd.models.session import Session
from retouchd.models.tiles import enlarge, seen_pixels

_UPSCALER_EDGE, _UPSCALER_EDGE_ON_GPU = 64, 256
"""An upscaler's work grows with its pixels, so a small window tells as much.

Seconds for each pixel at 64 px and 256 px differed by less than a tenth on a processor
(five networks, 2026-11-28); a GPU is not busy with so few.
"""


@dataclass(frozen=True)
class Window:
    """What a network sees at once, in pixels."""

    height: int
    width: int

    @property
    def pixels(self) -> int:
        """Its area."""
        return self.height * self.width


def trial_window(manifest: Manifest, *, on_gpu: bool = False) -> Window:
    """Return the window on which a network is tried."""
    if manifest.task == "matte":
        return Window(*size_of(manifest))
    if manifest.task == "inpaint":
        return Window(edge_of(manifest), edge_of(manifest))
    edge = min(manifest.tile, _UPSCALER_EDGE_ON_GPU if on_gpu else _UPSCALER_EDGE)
    edge = max(edge - edge % manifest.multiple_of, manifest.multiple_of)
    return Window(*(manifest.input.fixed or (edge, edge)))


def work_on_window(session: Session) -> Window:
    """Let the network work once, as a step lets it, on a window of noise.

    Raises:
        ModelError: the run fails.
    """
    manifest = session.manifest
    window = trial_window(manifest, on_gpu=session.on_gpu)
    pixels = _noise(window)
    if manifest.task == "upscale":
        enlarge(session, pixels)
    elif manifest.task == "matte":
        estimate_matte(session, pixels)
    else:
        hole = np.zeros((window.height, window.width), bool)
        third = window.height // 3
        hole[third : 2 * third, third : 2 * third] = True
        fill_holes(session, pixels, hole)
    return window


def pixels_to_enlarge(manifest: Manifest, height: int, width: int, area: float) -> int:
    """Return how many pixels an upscaler has to look at for one picture.

    Args:
        manifest: of a network for ``upscale``.
        height: of the picture, in pixels.
        width: likewise.
        area: by how much its pixels become more; a network that enlarges by less
            works on its own result again.
    """
    scale, seen, reached = manifest.scale, 0, 1
    while True:
        seen += seen_pixels(manifest, height * reached, width * reached)
        reached *= scale
        if reached**2 >= area:
            return seen


def _noise(window: Window) -> Pixels:
    random = np.random.default_rng(7)
    shape = window.height, window.width, 3
    return random.integers(0, 255, shape, np.uint8, endpoint=True)
