"""Runs a network that is not fully described yet."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.media.pixels import Pixels
from retouchd.models.session import Session
from retouchd.models.tensors import to_tensor


def describe(session: Session, **changes: Any) -> None:
    """Let *session* go on with another manifest, which is not validated yet."""
    session.manifest = session.manifest.model_copy(update=changes)


def run(session: Session, pixels: Pixels) -> NDArray[Any]:
    """Run the network once on (H, W, 3); its answer as (H, W, C), in its own range.

    Raises:
        ModelError: the run fails.
    """
    spec = session.manifest.input
    tensor = session.run({spec.name: to_tensor(pixels, spec, session.dtype(spec.name))})
    answer: NDArray[Any] = tensor[0].astype(np.float32)
    return answer if spec.layout == "NHWC" else answer.transpose(1, 2, 0)


def noise(height: int, width: int) -> Pixels:
    """Pixels without any order, (height, width, 3)."""
    random = np.random.default_rng(7)
    return random.integers(0, 255, (height, width, 3), np.uint8, endpoint=True)


def fitted(picture: Pixels, height: int, width: int) -> Pixels:
    """Squeeze *picture* to this size."""
    small: Any = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small)
