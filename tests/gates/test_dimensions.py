"""The dimensions gate holds results to the size that was promised."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from retouchd.gate import Attempt
from retouchd.gates.dimensions import Dimensions
from retouchd.media.vips import pyvips
from retouchd.values import Picture


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
