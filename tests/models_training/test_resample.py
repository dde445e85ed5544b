"""Resizing is MATLAB's, and with it the literature's low resolution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluation.upscaling import check
from training.resample import KERNELS, resize, resize_bytes, weights


def test_halving_has_the_published_weights() -> None:
    """Shrinking to a half takes eight samples, stretched from Keys' cubic."""
    row = weights(32, 16, "cubic")[8]

    assert row[13:21] == pytest.approx(
        [-0.01172, -0.03516, 0.11328, 0.43359, 0.43359, 0.11328, -0.03516, -0.01172],
        abs=1e-5,
    )


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("size", [(7, 9), (40, 60), (16, 31)])
def test_a_flat_picture_stays_flat(kernel: str, size: tuple[int, int]) -> None:
    """Weights sum to 1 everywhere, at the border too."""
    flat = np.full((20, 30, 3), 77.0)

    assert resize(flat, *size, kernel) == pytest.approx(77)


def test_centres_stay_where_they_are() -> None:
    """A ramp stays a ramp, not shifted: pixel centres are aligned."""
    ramp = np.arange(64.0)[None, :, None].repeat(8, axis=0)

    small = resize(ramp, 8, 16)

    assert small[4, 4:-4, 0] == pytest.approx((np.arange(4, 12) + 0.5) * 4 - 0.5)


def test_bytes_are_rounded_and_cut() -> None:
    """Overshoot of the kernel does not wrap around."""
    edge = np.zeros((8, 16, 3), np.uint8)
    edge[:, 8:] = 255

    large = resize_bytes(edge, 32, 64)

    assert large.dtype == np.uint8
    assert large[:, :28].max() < 20
    assert large[:, 36:].min() > 235


@pytest.mark.data
def test_the_published_bicubic_is_reproduced(shared_data: Path) -> None:
    """Bicubic x4 on Set5 gives the 28.42 dB of the papers, within 0.03."""
    line = check(shared_data)

    assert "28.4" in line
