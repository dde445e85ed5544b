"""What ships is complete, small, and shows no tiles."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation.metrics import seam_ratio
from evaluation.networks import MODELS
from evaluation.report import Section
from evaluation.speed import TILE_PX, UPSCALERS, both_ways, manifest_of

NAMES = ["inpaint", "matte", "upscale-x2", "upscale-x4", "upscale-x4-clean"]


@pytest.mark.parametrize("name", NAMES)
def test_a_model_comes_with_everything(name: str) -> None:
    """Weights, manifest, both scripts and the card lie together."""
    found = {path.name for path in (MODELS / name).iterdir()}

    wanted = {"model.toml", "weights.onnx", "train.py", "evaluate.py", "CARD.md"}
    assert wanted <= found


def test_all_weights_together_are_small() -> None:
    """The weights of the repository take 10 MB at most."""
    sizes = [path.stat().st_size for path in MODELS.glob("*/weights.onnx")]

    assert len(sizes) == len(NAMES)
    assert sum(sizes) <= 10_000_000


@pytest.mark.parametrize("name", UPSCALERS)
def test_tiles_do_not_show(name: str) -> None:
    """Tiles with the manifest's halo equal one run at 8 bits; no seam stands out."""
    noise = np.random.default_rng(4).integers(0, 256, (90, 100, 3), np.uint8)

    tiled, whole, scale = both_ways(name, noise)

    every = (TILE_PX - 2 * manifest_of(name).halo) * scale
    assert np.array_equal(tiled, whole)
    assert seam_ratio(tiled, whole, every) == pytest.approx(1, abs=0.02)


def test_a_section_is_a_table() -> None:
    """Columns line up, numbers have four digits or so."""
    section = Section("t", ("", "dB"), [("ours", 31.234), ("a", 0.01234)], ["note"])

    assert str(section).splitlines()[2:6] == [
        "|      |     dB |",
        "|------|--------|",
        "| ours |  31.23 |",
        "| a    | 0.0123 |",
    ]
