"""The step ``erase`` on frames that follow one another in a shot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.media.pixels import from_array, to_array
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.step import Tools
from retouchd.steps.erase import Erase
from retouchd.values import Picture, Region

MODELS = Path(__file__).resolve().parents[2] / "models"
MARK = Region("erase:mark", ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)))
FACE = Region("face", ((0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.2)))
HOLE = (slice(58, 102), slice(90, 150))
"""The mark, and the six pixels by which it is widened."""


def tools() -> Tools:
    """Tools that remember nothing yet."""
    return Tools(Shelf([MODELS], Runtime("cpu")), "draft")


def shot(count: int, step: int, noise: float = 0) -> list[NDArray[Any]]:
    """Frames (160, 240, 3) of a camera that moves over patterns of several sizes."""
    random = np.random.default_rng(1)
    layers = [
        cv2.resize(
            random.uniform(-1, 1, (160 // size, 480 // size, 3)),
            (480, 160),
            interpolation=cv2.INTER_CUBIC,
        )
        for size in (6, 14, 40)
    ]
    ground = 128 + 30 * np.sum(layers, axis=0)
    frames = [ground[:, step * n : step * n + 240] for n in range(count)]
    return [
        np.rint((one + random.normal(0, noise, one.shape)).clip(0, 255)).astype("uint8")
        for one in frames
    ]


def marked(frame: NDArray[Any]) -> Picture:
    """Lay a white mark over a frame, and tag it."""
    pixels = frame.copy()
    pixels[64:96, 96:144] = 255
    return Picture(from_array(pixels), (FACE, MARK))


def decibels(made: Picture, truth: NDArray[Any]) -> float:
    """How well the hole is filled."""
    wrong = to_array(made.image)[HOLE].astype(float) - truth[HOLE]
    return float(10 * np.log10(255**2 / max((wrong**2).mean(), 1e-3)))


def test_what_a_pan_shows_is_not_invented() -> None:
    """It comes back as it was, better than the model can tell, and spares it."""
    frames = shot(28, step=6)
    used = tools()

    made = list(Erase().over([marked(one) for one in frames], used))

    alone = Erase().apply(marked(frames[14]), tools())
    assert decibels(made[14], frames[14]) > 40 > decibels(alone, frames[14]) + 15
    assert all(one.regions == (FACE,) for one in made)
    assert len(used.used) < 4


def test_what_no_frame_shows_is_invented_like_in_a_still() -> None:
    """A mark on a scene at rest: byte for byte what the step makes of each frame."""
    pictures = [marked(one) for one in shot(3, step=0, noise=2)]

    made = list(Erase().over(pictures, tools()))

    alone = [Erase().apply(one, tools()) for one in pictures]
    for one, other in zip(made, alone, strict=True):
        assert np.array_equal(to_array(one.image), to_array(other.image))


def test_pixels_beside_the_hole_stay() -> None:
    """Whatever is borrowed lands in the hole; alpha is as before."""
    pictures = []
    for frame in shot(4, step=5):
        pixels = to_array(marked(frame).image)
        alpha = np.full((160, 240, 1), 200, np.uint8)
        pictures.append(Picture(from_array(np.dstack([pixels, alpha])), (MARK,)))

    made = list(Erase().over(pictures, tools()))

    beside = np.ones((160, 240), bool)
    beside[HOLE] = False
    for before, after in zip(pictures, made, strict=True):
        old, new = to_array(before.image), to_array(after.image)
        assert np.array_equal(old[beside], new[beside])
        assert np.array_equal(old[:, :, 3], new[:, :, 3])


def test_frames_without_a_tag_pass_and_lend() -> None:
    """Tags may come and go in a shot; a frame without any is handed on as it is."""
    frames = shot(6, step=0)
    pictures = [marked(one) for one in frames]
    pictures[0] = Picture(from_array(frames[0].copy()))

    made = list(Erase().over(pictures, tools()))

    assert made[0] is pictures[0]
    assert decibels(made[1], frames[1]) > 50
    assert decibels(made[3], frames[3]) > 50


def test_black_frames_are_no_failure() -> None:
    """A clip may fade in: then there is nothing to erase yet."""
    black = marked(np.zeros((160, 240, 3), np.uint8))
    black = replace(black, image=from_array(np.zeros((160, 240, 3), np.uint8)))

    (made,) = Erase().over([black], tools())

    assert not to_array(made.image).any()
