"""The dimensions gate holds results to the size that was promised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from retouchd.gate import Attempt
from retouchd.gates.dimensions import Dimensions
from retouchd.media.vips import pyvips
from retouchd.values import Picture, Rendition


def result(width: int, height: int) -> Attempt:
    """Make an attempt that ended in a black picture."""
    before, after = (
        Picture(pyvips.Image.black(*edges, bands=3))
        for edges in ((9, 9), (width, height))
    )
    return Attempt(before, after)


@pytest.mark.parametrize(
    ("options", "passed", "value", "threshold"),
    [
        ({"min_long_edge": 300}, True, 300, 300),
        ({"min_long_edge": 301}, False, 300, 301),
        ({"max_long_edge": 300}, True, 300, 300),
        ({"max_long_edge": 299}, False, 300, 299),
        ({"width": 300, "height": 201}, False, 200, 201),
        ({"width": 300, "height": 200}, True, 300, 300),
        ({"aspect": "3:2"}, True, 1.5, 1.5),
        ({"aspect": "7:4"}, False, 1.5, 1.75),
        ({"min_long_edge": 10, "aspect": "1:1"}, False, 1.5, 1),
    ],
)
def test_reports_the_figure_that_decides(
    options: dict[str, Any], passed: bool, value: Any, threshold: float
) -> None:
    """The first failing check wins, else the first one that was asked for."""
    run = Dimensions(**options).judge(result(300, 200))

    assert (run.gate, run.passed, run.value, run.threshold) == (
        "dimensions", passed, value, threshold,
    )  # fmt: skip
    assert bool(run.detail) is not passed


def test_an_aspect_allows_for_whole_pixels() -> None:
    """No picture of 1000 pixels is exactly 16:9; the nearest one passes."""
    gate = Dimensions(aspect="16:9")

    assert gate.judge(result(1000, 562)).passed
    assert gate.judge(result(1000, 563)).passed
    assert not gate.judge(result(1000, 565)).passed


@pytest.mark.parametrize("options", [{}, {"width": 0}, {"long_edge": 5}])
def test_refuses_a_gate_that_checks_nothing(options: dict[str, Any]) -> None:
    """An empty gate would always pass."""
    with pytest.raises(ValidationError):
        Dimensions(**options)


def written(folder: Path, name: str, **saved: Any) -> Rendition:
    """Write a picture of noise as a result."""
    path = folder / name
    noise = pyvips.Image.gaussnoise(64, 64, seed=4, mean=128).cast("uchar")
    noise.bandjoin([noise, noise]).copy(interpretation="srgb").write_to_file(
        str(path), **saved
    )
    size = path.stat().st_size
    return Rendition(0, path, name, "", size, 64, 64)


@pytest.mark.parametrize(
    ("options", "name", "saved", "passed", "unit"),
    [
        ({"max_mb": 0.1}, "a.png", {}, True, "MB"),
        ({"max_mb": 0.001}, "a.png", {}, False, "MB"),
        ({"formats": ["png"]}, "a.png", {}, True, "format"),
        ({"formats": ["jpeg", "webp"]}, "a.png", {}, False, "format"),
        ({"profile": "srgb"}, "a.png", {}, True, "profile"),
        ({"profile": "srgb"}, "a.jpg", {"profile": "srgb"}, True, "profile"),
        ({"profile": "srgb"}, "a.jpg", {"profile": "p3"}, False, "profile"),
    ],
)
def test_files_are_held_to_size_format_and_profile(
    tmp_path: Path,
    options: dict[str, Any],
    name: str,
    saved: dict[str, Any],
    passed: bool,
    unit: str,
) -> None:
    """What was written is read back, by content and not by its name."""
    run = Dimensions(**options).judge_files((written(tmp_path, name, **saved),))

    assert run is not None
    assert (run.gate, run.passed, run.unit) == ("dimensions", passed, unit)
    assert (name in run.detail) is not passed


def test_pixels_pass_where_only_files_are_judged(tmp_path: Path) -> None:
    """And files say nothing where only pixels are."""
    assert Dimensions(max_mb=1).judge(result(300, 200)).passed
    assert Dimensions(width=1).judge_files((written(tmp_path, "a.png"),)) is None
