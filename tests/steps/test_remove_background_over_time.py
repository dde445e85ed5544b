"""The step ``remove_background`` on frames that follow one another in a shot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from retouchd.errors import StepError
from retouchd.media.pixels import from_array, to_array
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.step import Tools
from retouchd.steps.remove_background import RemoveBackground
from retouchd.values import Picture

MODELS = Path(__file__).resolve().parents[2] / "models"
RED, SKY, GRASS = (0.8, 0.2, 0.1), (0.5, 0.7, 0.9), (0.2, 0.5, 0.2)


def tools() -> Tools:
    """Tools that remember nothing yet."""
    return Tools(Shelf([MODELS], Runtime("cpu")), "draft")


def shot(count: int, step: float = 0, dtype: type = np.uint8) -> list[Picture]:
    """A red disc before grass and sky, moving *step* pixels a frame, with noise."""
    random = np.random.default_rng(5)
    peak = np.iinfo(dtype).max
    y, x = np.mgrid[:180, :240]
    frames = []
    for number in range(count):
        away = np.hypot(y - 90, x - 80 - step * number)
        alpha = np.clip((50 - away) / 2 + 0.5, 0, 1)[:, :, None]
        pixels = np.multiply(RED, alpha) + np.where(y[:, :, None] > 110, GRASS, SKY) * (
            1 - alpha
        )
        pixels += random.normal(0, 0.03, pixels.shape)
        frames.append(
            Picture(from_array(np.rint(pixels.clip(0, 1) * peak).astype(dtype)))
        )
    return frames


def alphas(pictures: list[Picture]) -> NDArray[Any]:
    """Their opacity (frames, H, W), 0..1."""
    planes = [to_array(one.image)[:, :, 3] for one in pictures]
    return np.stack(planes) / float(np.iinfo(planes[0].dtype).max)


def flicker(planes: NDArray[Any]) -> float:
    """Mean change from frame to frame, where any of them is neither clear nor solid."""
    edge = (planes.max(axis=0) > 0.05) & (planes.min(axis=0) < 0.95)
    return float(np.abs(np.diff(planes, axis=0))[:, edge].mean())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_edge_of_what_rests_is_steady(dtype: type) -> None:
    """It flickers less than half as much as frame by frame, in the same place."""
    frames = shot(6, dtype=dtype)
    step = RemoveBackground()

    alone = alphas([step.apply(frame, tools()) for frame in frames])
    together = alphas(list(step.over(frames, tools())))

    assert flicker(together[2:]) < 0.5 * flicker(alone[2:])
    assert np.abs(together - alone).mean() < 0.01


def test_the_edge_is_no_noisier_than_the_subject() -> None:
    """Before a colour the edge shows the grain of the frames, and no more."""
    frames = shot(6)
    step = RemoveBackground(background="#fff")

    alone, together = (
        np.abs(
            np.diff(np.stack([to_array(one.image) for one in made][2:]) / 255, axis=0)
        )
        for made in (
            [step.apply(frame, tools()) for frame in frames],
            list(step.over(frames, tools())),
        )
    )

    y, x = np.mgrid[:180, :240]
    away = np.hypot(y - 90, x - 80)
    edge, inside = np.abs(away - 50) < 1.5, away < 40
    assert together[:, edge].mean() < together[:, inside].mean()
    assert together[:, edge].mean() < 0.7 * alone[:, edge].mean()


def test_what_moves_leaves_no_trail() -> None:
    """Behind the disc everything is as clear as frame by frame."""
    frames = shot(6, step=10)
    step = RemoveBackground()

    alone = alphas([step.apply(frame, tools()) for frame in frames])
    together = alphas(list(step.over(frames, tools())))

    left = (alone[:-1].max(axis=0) > 0.5) & (alone[-1] < 0.01)
    assert left.sum() > 1000
    assert together[-1][left].mean() < 0.01
    assert np.abs(together - alone).mean() < 0.01


def test_work_goes_on_from_what_is_carried() -> None:
    """A shot that is done in two parts gives the bytes of one done at a stretch."""
    frames = shot(6, step=2)
    step = RemoveBackground(shadow="keep")
    first, second = tools(), tools()

    whole = list(step.over(frames, tools()))
    parts = list(step.over(frames[:3], first))
    second.carried = first.carried
    parts += list(step.over(frames[3:], second))

    for one, other in zip(whole, parts, strict=True):
        assert np.array_equal(to_array(one.image), to_array(other.image))


def test_what_was_nearly_solid_becomes_so() -> None:
    """Nothing stays a level short of it for ever; solid pixels keep their bytes."""
    frames, memory = shot(2), tools()
    list(RemoveBackground().over(frames[:1], memory))
    memory.carried["alpha"] = memory.carried["alpha"] - (memory.carried["alpha"] > 253)

    after = to_array(next(RemoveBackground().over(frames[1:], memory)).image)

    solid = np.s_[70:110, 60:100]
    assert (after[solid][:, :, 3] == 255).all()
    assert np.array_equal(after[solid][:, :, :3], to_array(frames[1].image)[solid])


def test_alpha_of_the_frames_stays_a_limit() -> None:
    """What is clear in a frame is clear in the result, whatever was there before."""
    frames = shot(2)
    clear = np.dstack([to_array(frames[1].image), np.full((180, 240), 255, np.uint8)])
    clear[:, :80, 3] = 0

    after = list(
        RemoveBackground().over([frames[0], Picture(from_array(clear))], tools())
    )

    assert (to_array(after[1].image)[:, :80, 3] == 0).all()


def test_centring_is_refused() -> None:
    """A clip framed anew in every frame would jump; the hint says what to do."""
    with pytest.raises(StepError, match="would jump") as caught:
        list(RemoveBackground(centre=True).over(shot(1), tools()))

    assert "crop" in caught.value.hint
