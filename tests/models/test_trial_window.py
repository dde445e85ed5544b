"""One window is one run, and a picture takes as many as its windows see pixels."""

from __future__ import annotations

from pathlib import Path

import pytest

from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.models.tiles import seen_pixels
from retouchd.models.trial_window import (
    pixels_to_enlarge,
    trial_window,
    work_on_window,
)

SHIPPED = Shelf([Path(__file__).resolve().parents[2] / "models"], Runtime("cpu"))
HERE = [one for one in SHIPPED.manifests() if one.weights.is_file()]
X2 = SHIPPED.choose("upscale", name="upscale-x2")


@pytest.mark.parametrize("manifest", HERE, ids=lambda one: one.name)
def test_a_trial_is_one_run(manifest: object) -> None:
    """P8: whatever the task, what was measured is the cost of a single run."""
    session = SHIPPED.open(manifest)  # type: ignore[arg-type]
    session.take()

    work_on_window(session)

    assert session.take().runs == 1


def test_the_pixels_of_windows_are_counted_with_their_overlaps() -> None:
    """By hand: 100 wide is one window; 900 are two of 464, which overlap by 28."""
    assert seen_pixels(X2, 100, 100) == 100 * 100
    assert seen_pixels(X2, 100, 900) == 100 * 2 * 464


def test_a_network_that_enlarges_by_less_works_again_on_its_result() -> None:
    """Four times as wide takes two passes of one that doubles."""
    once, twice = 50 * 100, 50 * 100 + 100 * 200

    assert pixels_to_enlarge(X2, 50, 100, area=4.0) == once
    assert pixels_to_enlarge(X2, 50, 100, area=3.2) == once
    assert pixels_to_enlarge(X2, 50, 100, area=16.0) == twice


def test_a_network_of_one_size_is_tried_at_that_size() -> None:
    """One that cuts out or fills holes sees nothing else."""
    matte, inpaint = SHIPPED.choose("matte"), SHIPPED.choose("inpaint")

    assert trial_window(matte).pixels == 320 * 320
    assert trial_window(inpaint).pixels == 256 * 256
