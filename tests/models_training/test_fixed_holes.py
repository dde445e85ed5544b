"""The 200 holes are the same everywhere and always."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluation.fixed_holes import HOLES
from evaluation.inpainting import cut_holes, shape_of

TOTAL_AREA = 494573


def test_the_list_is_fixed() -> None:
    """There are 200 holes, of 256 and 512 px crops, none twice."""
    edges = [hole.edge_px for hole in HOLES]

    assert (edges.count(256), edges.count(512)) == (128, 72)
    assert len({(hole.photo, hole.top, hole.left, hole.seed) for hole in HOLES}) == 200


def test_shapes_depend_on_the_seed_alone() -> None:
    """Every hole has an area, the sum of which nobody changes unnoticed."""
    shapes = [shape_of(hole) for hole in HOLES]

    areas = [int(shape.sum()) for shape in shapes]
    assert min(areas) > 20
    assert sum(areas) == TOTAL_AREA
    assert np.array_equal(shapes[7], shape_of(HOLES[7]))


@pytest.mark.data
def test_crops_lie_within_their_photos(shared_data: Path) -> None:
    """Each crop can be cut from the test photo that the list names."""
    for crop, shape in cut_holes(shared_data, HOLES[::10]):
        assert crop.shape[:2] == shape.shape
