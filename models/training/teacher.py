"""Mattes by a larger network, computed once and kept in a file."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

from training.photos import read_square

if TYPE_CHECKING:
    from pathlib import Path

LOG = logging.getLogger("training")
SIZE_PX = 320
MEAN = np.float32([0.485, 0.456, 0.406])
STD = np.float32([0.229, 0.224, 0.225])


class Teacher:
    """u2netp (Apache-2.0) behind its own conventions."""

    def __init__(self, weights: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        self.session = onnxruntime.InferenceSession(
            str(weights), options, providers=["CPUExecutionProvider"]
        )
        self.input = self.session.get_inputs()[0].name
        self.output = self.session.get_outputs()[0].name

    def matte(self, rgb: np.ndarray) -> np.ndarray:
        """Return float32 (320, 320), 0..1, for uint8 (320, 320, 3)."""
        scaled = rgb.astype(np.float32) / max(1, int(rgb.max()))
        x = ((scaled - MEAN) / STD).transpose(2, 0, 1)[None]
        (alpha,) = self.session.run([self.output], {self.input: x})
        alpha = alpha[0, 0]
        return (alpha - alpha.min()) / max(1e-6, float(alpha.max() - alpha.min()))


def teach(
    files: list[Path], weights: Path, kept: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Read all photos squeezed to 320 px, with the teacher's matte of each.

    Args:
        files: photos, in a fixed order.
        weights: the teacher's ONNX file.
        kept: mattes of an earlier call for the same files; written when missing.

    Returns:
        uint8 (N, 320, 320, 3) and uint8 (N, 320, 320).
    """
    photos = np.stack([read_square(path, SIZE_PX) for path in files])
    if kept.exists():
        mattes = np.load(kept)["mattes"]
        if len(mattes) == len(files):
            return photos, mattes
    teacher, drawn = Teacher(weights), []
    for index, photo in enumerate(photos):
        drawn.append(np.round(teacher.matte(photo) * 255).astype(np.uint8))
        if index % 200 == 0:
            LOG.info("teacher: %d of %d", index, len(files))
    mattes = np.stack(drawn)
    np.savez_compressed(kept, mattes=mattes)
    return photos, mattes
