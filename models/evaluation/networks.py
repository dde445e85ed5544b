"""Opens the shipped models, and other people's, for the processor."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

from retouchd.models.runtime import Runtime
from retouchd.models.session import Session
from retouchd.models.shelf import Shelf

MODELS = Path(__file__).resolve().parents[1]
THREADS = 2
Run = Callable[..., np.ndarray]

U2NETP = """
name = "u2netp"
task = "matte"
tier = "standard"
file = "{file}"
sha256 = "{digest}"
bytes = {size}
licence = "Apache-2.0"
source = "xuebinqin/U-2-Net"
[input]
name = "input.1"
mean = [0.485, 0.456, 0.406]
std = [0.229, 0.224, 0.225]
size = 320
divide_by_max = true
[output]
name = "1959"
activation = "minmax"
"""


def open_shipped(name: str) -> Session:
    """Open one of the models of this repository as the daemon does."""
    shelf = Shelf([MODELS], Runtime("cpu"))
    (manifest,) = (each for each in shelf.manifests() if each.name == name)
    return shelf.open(manifest)


def open_u2netp(weights: Path) -> Session:
    """Open the teacher of the cut-out as a model of the daemon."""
    body = weights.read_bytes()
    text = U2NETP.format(
        file=weights.name, digest=hashlib.sha256(body).hexdigest(), size=len(body)
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "u2netp")
        place.mkdir()
        (place / "model.toml").write_text(text, "utf-8")
        (place / weights.name).write_bytes(body)
        shelf = Shelf([Path(folder)], Runtime("cpu"))
        return shelf.open(shelf.choose("matte", name="u2netp"))


def open_bare(weights: Path | bytes) -> Run:
    """Open a graph: a function from its inputs, in order, to its first output."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(
        weights, options, providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in session.get_inputs()]

    def run(*inputs: np.ndarray) -> np.ndarray:
        return session.run(None, dict(zip(names, inputs, strict=True)))[0]

    return run


def best_seconds(work: Callable[[], object], times: int = 5) -> float:
    """Return the shortest of some timings; the first call only warms up."""
    work()
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return min(spent)


def to_planes(rgb: np.ndarray) -> np.ndarray:
    """Turn uint8 (H, W, C) into float32 (1, C, H, W), 0..1."""
    return np.ascontiguousarray(rgb.transpose(2, 0, 1)[None].astype(np.float32) / 255)


def to_bytes(planes: np.ndarray) -> np.ndarray:
    """Turn float (1, C, H, W), 0..1, into uint8 (H, W, C)."""
    return np.rint(planes[0].transpose(1, 2, 0) * 255).clip(0, 255).astype(np.uint8)
