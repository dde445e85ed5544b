"""Cutting by colour where the backdrop is plain."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from retouchd.media.plain_backdrop import cut_from_plain_backdrop

SIZE = 160


def ring() -> NDArray[Any]:
    """A thick ring in the middle: True on the subject, its hole is backdrop."""
    y, x = np.mgrid[:SIZE, :SIZE]
    distance = np.hypot(y - SIZE / 2, x - SIZE / 2)
    return (distance < 50) & (distance > 22)


def scene(seed: int = 3) -> NDArray[Any]:
    """A teal ring before a grey sweep that darkens, with a soft shadow and noise."""
    y, x = np.mgrid[:SIZE, :SIZE]
    backdrop = np.dstack([0.85 - 0.1 * y / SIZE] * 3)
    shadow = 1 - 0.25 * np.exp(-(((x - 95) / 50) ** 2 + ((y - 140) / 10) ** 2))
    seen = np.where(ring()[:, :, None], [0.1, 0.45, 0.5], backdrop * shadow[:, :, None])
    noise = np.random.default_rng(seed).normal(0, 0.005, seen.shape)
    return np.clip(seen + noise, 0, 1).astype(np.float32)


def unsure() -> NDArray[Any]:
    """What a weak network says: the whole disc, the hole too, its top left out."""
    y, x = np.mgrid[:SIZE, :SIZE]
    disc = np.hypot(y - SIZE / 2, x - SIZE / 2) < 50
    return np.where(disc & (y > 50), 0.8, 0.1).astype(np.float32)


def test_colour_settles_what_the_network_left_open() -> None:
    """The missing top comes back, hole and shadow go."""
    cut = cut_from_plain_backdrop(scene(), unsure())

    wrong = (cut > 0.5) != ring()
    assert wrong.mean() < 0.01


def test_a_patterned_backdrop_leaves_the_matte_alone() -> None:
    """Where the rim follows no surface, the network's word stands."""
    checked = scene()
    checked[::2, ::2] *= 0.5

    np.testing.assert_array_equal(cut_from_plain_backdrop(checked, unsure()), unsure())


def test_the_same_picture_gives_the_same_cut() -> None:
    """The colour clusters are drawn by chance, from a fixed seed."""
    first = cut_from_plain_backdrop(scene(), unsure())
    second = cut_from_plain_backdrop(scene(), unsure())

    np.testing.assert_array_equal(first, second)
