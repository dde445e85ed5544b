"""Models of other people are described by data alone."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from retouchd.models.filling import fill_holes
from retouchd.models.matting import estimate_matte
from retouchd.models.runtime import Runtime
from retouchd.models.session import Session
from retouchd.models.shelf import Shelf

pytestmark = pytest.mark.data

MATTE = """
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
LAMA = """
[input]
name = "image"
size = 512
[mask]
name = "mask"
[output]
name = "output"
range = [0, 255]
"""
MIGAN = """
[input]
name = "image"
range = [0, 255]
[mask]
name = "mask"
range = [0, 255]
hole = 0
[output]
name = "result"
range = [0, 255]
"""


def opened(tmp_path: Path, weights: Path, task: str, tables: str) -> Session:
    """Describe a foreign file and open it."""
    folder = tmp_path / "foreign"
    folder.mkdir()
    shutil.copyfile(weights, folder / "w.onnx")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    (folder / "model.toml").write_text(
        f'name = "foreign"\ntask = "{task}"\ntier = "standard"\nfile = "w.onnx"\n'
        f'sha256 = "{digest}"\nbytes = {weights.stat().st_size}\nlicence = "x"\n'
        f'source = "x"\n{tables}'
    )
    shelf = Shelf([tmp_path], Runtime("cpu"))
    assert shelf.problems() == []
    return shelf.open(shelf.choose(task, name="foreign"))


def test_u2netp_finds_the_subject(tmp_path: Path, shared_data: Path) -> None:
    """Normalised by its maximum and stretched, its matte is close to the true one."""
    weights = shared_data / "models" / "u2netp.onnx"
    folder = shared_data / "mattes" / "composites"
    pixels = cv2.imread(str(folder / "Avocado.jpg"))[:, :, ::-1]
    truth = cv2.imread(str(folder / "Avocado_alpha.png"), cv2.IMREAD_GRAYSCALE)

    matte = estimate_matte(opened(tmp_path, weights, "matte", MATTE), pixels)

    assert matte.shape == (320, 320)
    assert (matte.min(), matte.max()) == (0, 1)
    assert np.abs(matte - cv2.resize(truth, (320, 320)) / 255).mean() < 0.01


@pytest.mark.parametrize(
    ("file", "tables"),
    [
        ("pushpull-lama-contract-512.onnx", LAMA),
        ("pushpull-migan-contract.onnx", MIGAN),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_inpainting_contracts_are_kept(
    tmp_path: Path, shared_data: Path, file: str, tables: str, dtype: type
) -> None:
    """Ranges and polarity of the mask are right: a ramp is filled as a ramp."""
    session = opened(tmp_path, shared_data / "models" / file, "inpaint", tables)
    top = np.iinfo(dtype).max
    ramp = np.linspace(0.3 * top, 0.6 * top, 300).astype(dtype)
    pixels = np.repeat(np.broadcast_to(ramp, (260, 300))[:, :, None], 3, axis=2)
    hole = np.zeros((260, 300), bool)
    hole[100:140, 100:160] = True
    spoilt = pixels.copy()
    spoilt[hole] = (top, 0, 0)

    filled = fill_holes(session, spoilt, hole)

    assert filled.dtype == dtype
    assert np.array_equal(filled[~hole], pixels[~hole])
    assert np.abs(filled.astype(float) - pixels)[hole].max() < 0.06 * top
