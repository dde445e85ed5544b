"""The measures agree with what their papers say about simple cases."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation.matte_metrics import connectivity_error, gradient_error, mean_error
from evaluation.metrics import (
    EXACT_DB,
    luma,
    psnr,
    rim_jump,
    score_hole,
    score_luma,
    seam_ratio,
    ssim_map,
)


def noise(height: int = 48, width: int = 64) -> np.ndarray:
    """A picture without order."""
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


def test_psnr_counts_levels() -> None:
    """An error of one level everywhere is 48.13 dB; an exact copy counts 60."""
    flat = np.full((8, 8), 100.0)

    assert psnr(flat + 1, flat) == pytest.approx(48.1308, abs=1e-4)
    assert psnr(flat, flat) == EXACT_DB


def test_luma_is_studio_range() -> None:
    """Black is 16 and white 235, as in BT.601."""
    ends = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)

    assert luma(ends)[0] == pytest.approx([16, 235], abs=0.01)


def test_ssim_knows_structure() -> None:
    """A copy scores 1, added light a little less, another picture about 0."""
    plane = luma(noise())

    assert ssim_map(plane, plane).min() == pytest.approx(1)
    assert 0.9 < ssim_map(plane + 10, plane).mean() < 1
    assert ssim_map(plane[::-1], plane).mean() < 0.2


def test_the_border_is_left_out() -> None:
    """An error within the shaved border costs nothing."""
    picture = noise()
    spoilt = picture.copy()
    spoilt[:4] = 0

    assert score_luma(spoilt, picture, shave=4)[0] == EXACT_DB
    assert score_luma(spoilt, picture, shave=2)[0] < 40


def test_only_the_hole_counts() -> None:
    """What lies outside the hole has no part in its PSNR."""
    picture, hole = noise(), np.zeros((48, 64), bool)
    hole[20:30, 20:30] = True
    spoilt = picture.copy()
    spoilt[~hole] = 0

    assert score_hole(spoilt, picture, hole)[0] == EXACT_DB


def test_rim_jump_sees_the_rim_alone() -> None:
    """A hole that is ten levels brighter than its surround jumps by ten."""
    hole = np.zeros((20, 20), bool)
    hole[5:15, 5:15] = True
    picture = np.where(hole, 110, 100)[:, :, None].repeat(3, axis=2)

    assert rim_jump(picture, hole) == pytest.approx(10)


def test_seam_ratio_sees_tiles() -> None:
    """Equal pictures give 1; tiles of unequal light more."""
    whole = np.add.outer(np.arange(64), np.arange(64)).astype(float)
    light = 2.0 * ((np.arange(64) // 16) % 2)
    tiled = whole + light[:, None] + light

    assert seam_ratio(whole, whole, 16) == 1
    assert seam_ratio(tiled, whole, 16) > 1.5


def test_a_perfect_matte_has_no_error() -> None:
    """All three errors of a copy are 0, and grow with a shift."""
    alpha = np.zeros((60, 60), np.float32)
    alpha[20:40, 20:40] = 1
    shifted = np.roll(alpha, 3, axis=1)

    for measure in (mean_error, gradient_error, connectivity_error):
        assert measure(alpha, alpha) == 0
        assert measure(shifted, alpha) > 0


def test_islands_break_connectivity() -> None:
    """A second subject counts with its area, however good its edge."""
    truth = np.zeros((60, 60))
    truth[10:40, 10:40] = 1
    island = truth.copy()
    island[50:55, 50:54] = 1

    assert connectivity_error(island, truth) == pytest.approx(20 / 1000)


def test_gradient_error_ignores_light() -> None:
    """Alpha that is too low all over has the right edges, and so no such error."""
    truth = np.full((40, 40), 0.9)

    assert gradient_error(truth - 0.3, truth) == pytest.approx(0, abs=1e-12)
