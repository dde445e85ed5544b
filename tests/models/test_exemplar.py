"""A fill gets the texture and the waves of its surround, where it needs them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from retouchd.models.exemplar import lend_texture
from retouchd.models.waves import continue_waves

CELL = (slice(100, 150), slice(100, 160))


def gravel(dtype: type = np.uint8) -> NDArray[Any]:
    """An even texture, grains of two pixels."""
    random = np.random.default_rng(2)
    grains = random.normal(128, 30, (130, 150, 3)).repeat(2, 0).repeat(2, 1)
    top = np.iinfo(dtype).max
    return np.rint(grains.clip(0, 255) / 255 * top).astype(dtype)


def hole_in_cell() -> NDArray[np.bool_]:
    """A box within the cell."""
    hole = np.zeros((260, 300), bool)
    hole[105:145, 105:155] = True
    return hole


def fogged(pixels: NDArray[Any], hole: NDArray[np.bool_]) -> NDArray[Any]:
    """The same with a fill that knows the mean alone."""
    filled = pixels.copy()
    filled[hole] = pixels[~hole].mean(axis=0)
    return filled


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_fog_in_gravel_becomes_gravel(dtype: type) -> None:
    """The hole gets most of the contrast around it; nothing else changes."""
    pixels, hole = gravel(dtype), hole_in_cell()
    filled = fogged(pixels, hole)

    lend_texture(filled, hole, CELL)

    contrast = filled[hole].std() / pixels[~hole].std()
    assert 0.5 < contrast < 1
    assert np.array_equal(filled[~hole], pixels[~hole])


def test_the_same_picture_gives_the_same_texture() -> None:
    """No chance is involved."""
    pixels, hole = gravel(), hole_in_cell()
    first, second = fogged(pixels, hole), fogged(pixels, hole)

    lend_texture(first, hole, CELL)
    lend_texture(second, hole, CELL)

    assert np.array_equal(first, second)


def test_smooth_ground_stays_smooth() -> None:
    """Where the surround has no texture, none is lent."""
    ramp = np.linspace(60, 200, 300).astype(np.uint8)
    pixels = np.ascontiguousarray(np.broadcast_to(ramp[None, :, None], (260, 300, 3)))
    filled, hole = pixels.copy(), hole_in_cell()

    lend_texture(filled, hole, CELL)

    assert np.array_equal(filled, pixels)


def test_a_border_between_two_grounds_gets_no_texture() -> None:
    """Half gravel, half calm is no even texture: the fill stays as it was."""
    pixels, hole = gravel(), hole_in_cell()
    pixels[:, 130:] = 128
    filled = fogged(pixels, hole)
    before = filled.copy()

    lend_texture(filled, hole, CELL)

    assert np.array_equal(filled, before)


def test_a_texture_that_is_there_is_left_alone() -> None:
    """A fill that is as rough as its surround needs nothing."""
    pixels, hole = gravel(), hole_in_cell()
    filled = pixels.copy()

    lend_texture(filled, hole, CELL)

    assert np.array_equal(filled, pixels)


def test_nothing_is_taken_from_the_hole() -> None:
    """Where the rest of the picture is hole too, there is no place to take from."""
    pixels = gravel()
    hole = np.ones((260, 300), bool)
    hole[92:158, 92:168] = False
    hole |= hole_in_cell()
    filled = fogged(pixels, hole)
    before = filled.copy()

    lend_texture(filled, hole, CELL)

    assert np.array_equal(filled, before)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("edge", [40, 64])
def test_stripes_are_continued(dtype: type, edge: int) -> None:
    """Stripes run on through the hole, also where it is large and done at half size."""
    top = np.iinfo(dtype).max
    wave = 0.5 + 0.3 * np.sin(np.arange(256) / 4)
    stripes = np.broadcast_to(wave[None, :, None], (256, 256, 3))
    pixels = np.rint(stripes * top).astype(dtype)
    hole = np.zeros((256, 256), bool)
    hole[100 : 100 + edge, 90 : 90 + edge] = True
    spoilt = pixels.copy()
    spoilt[hole] = (top, 0, 0)

    guess = continue_waves(spoilt, hole)

    error = np.abs(guess - stripes)[hole].mean()
    assert guess.shape == pixels.shape
    assert error < 0.12  # the mean grey is off by 0.19
