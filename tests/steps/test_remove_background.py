"""The step ``remove_background``: edges, colours, shadows, frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from retouchd.errors import StepError
from retouchd.media.backdrop import centred, on_background, on_nothing, shadow_of
from retouchd.media.matte import Cutout, cut_out
from retouchd.media.pixels import from_array, to_array
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.step import Tools
from retouchd.steps.remove_background import RemoveBackground
from retouchd.values import Picture, Region

MODELS = Path(__file__).resolve().parents[2] / "models"
TOOLS = Tools(Shelf([MODELS], Runtime("cpu")), "draft")
RED, BLUE = np.array([0.8, 0.2, 0.1]), np.array([0.1, 0.3, 0.8])


def disc(height: int = 480, width: int = 640, radius: float = 140) -> NDArray[Any]:
    """True opacity of a soft-edged disc in the middle, 0..1."""
    y, x = np.mgrid[:height, :width]
    distance = np.hypot(y - height / 2, x - width / 2)
    return np.clip((radius - distance) / 3 + 0.5, 0, 1)


def scene(dtype: type = np.uint8, bands: int = 3) -> NDArray[Any]:
    """A red disc before blue, blended at its edge."""
    alpha = disc()[:, :, None]
    pixels = RED * alpha + BLUE * (1 - alpha)
    if bands == 4:
        pixels = np.dstack([pixels, np.ones(alpha.shape[:2])])
    return np.rint(pixels * np.iinfo(dtype).max).astype(dtype)


def coarse() -> NDArray[Any]:
    """What a network would say of the disc: 320 x 320 and soft."""
    small = cv2.resize(disc(), (320, 320), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(small, (0, 0), 1.5).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_edge_follows_the_picture(dtype: type) -> None:
    """Refined alpha is closer to the truth; certain parts are exactly 0 and solid."""
    top = np.iinfo(dtype).max

    cutout = cut_out(scene(dtype), coarse())

    alpha = cutout.alpha.astype(float) / top
    naive = cv2.resize(coarse(), (640, 480))
    assert cutout.alpha.dtype == dtype
    assert np.abs(alpha - disc()).mean() < 0.5 * np.abs(naive - disc()).mean()
    assert (cutout.alpha[disc(radius=125) == 1] == top).all()
    assert (cutout.alpha[disc(radius=155) == 0] == 0).all()


def test_colours_of_the_edge_lose_the_background() -> None:
    """No blue is left in the fringe; solid pixels keep every byte."""
    pixels = scene()

    cutout = cut_out(pixels, coarse())

    fringe = (cutout.alpha > 30) & (cutout.alpha < 225)
    seen = np.abs(pixels[fringe] / 255 - RED).mean()
    cleaned = np.abs(cutout.colours[fringe] / 255 - RED).mean()
    assert cleaned < 0.25 * seen
    solid = cutout.alpha == 255
    assert np.array_equal(cutout.colours[solid], pixels[solid])


def test_a_composite_shows_no_halo() -> None:
    """Before white the result is the disc drawn before white."""
    cutout = cut_out(scene(), coarse())

    result = on_background(cutout, np.full((1, 1, 3), 255, np.uint8))

    alpha = disc()[:, :, None]
    truth = (RED * alpha + (1 - alpha)) * 255
    assert np.abs(result - truth).max() < 40
    assert np.abs(result - truth).mean() < 0.4


def shaded(depth: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """The disc before a light grey that darkens to *depth* below it; and its alpha."""
    alpha = disc()
    y, x = np.mgrid[:480, :640]
    near = np.exp(-(((y - 390) / 20) ** 2 + ((x - 320) / 90) ** 2))
    grey = (0.92 - 0.05 * x / 640) * (1 - depth * near)
    pixels = RED * alpha[:, :, None] + (grey * (1 - alpha))[:, :, None]
    return np.rint(pixels * 255).astype(np.uint8), np.rint(alpha * 255).astype(np.uint8)


def test_the_shadow_is_measured_on_an_even_background() -> None:
    """Its depth comes over, and the slope of the light does not count as shadow."""
    pixels, alpha = shaded(0.4)

    shadow = shadow_of(pixels, alpha)

    assert shadow is not None
    assert shadow[400, 320] == pytest.approx(0.70, abs=0.03)
    assert shadow[:100].min() == 1
    assert shadow.max() == 1


def test_a_busy_background_gives_no_shadow() -> None:
    """Pattern and shadow cannot be told apart there."""
    pixels, alpha = shaded(0.4)
    stripes = (np.arange(640) // 20 % 2 * 120).astype(np.uint8)

    assert shadow_of(np.minimum(pixels, 255 - stripes[None, :, None]), alpha) is None


def test_the_shadow_darkens_what_comes_behind() -> None:
    """Before a colour it multiplies; before nothing it is black with an alpha."""
    pixels, alpha = shaded(0.4)
    cutout = Cutout(pixels, alpha, shadow_of(pixels, alpha))

    before_white = on_background(cutout, np.full((1, 1, 3), 255, np.uint8))
    before_nothing = on_nothing(cutout)

    assert before_white[400, 320, 0] == pytest.approx(255 * 0.70, abs=8)
    assert (before_white[20, 20] == 255).all()
    flattened = from_array(before_nothing).flatten(background=[255, 255, 255])
    assert np.abs(to_array(flattened).astype(int) - before_white).max() <= 2


def test_centring_frames_the_subject() -> None:
    """The subject's box gets the same space on all sides, and nothing is lost."""
    alpha = np.zeros((100, 200), np.uint8)
    alpha[70:100, 10:50] = 255
    colours = np.dstack([alpha] * 3)

    moved, left, top = centred(Cutout(colours, alpha), margin=0.25)

    assert (left, top) == (0, 60)
    assert moved.alpha.shape == (50, 60)
    assert (moved.alpha[10:40, 10:50] == 255).all()
    assert moved.alpha.sum() == alpha.sum()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("background", "bands"), [("transparent", 4), ("#fff", 3), ("#102030", 3)]
)
def test_bands_and_depth(background: str, bands: int, dtype: type) -> None:
    """Transparent gives RGBA, a colour RGB; the depth and the size stay."""
    face = Region("face", ((0.4, 0.4), (0.6, 0.6)))
    before = Picture(from_array(scene(dtype)), regions=(face,))

    after = RemoveBackground(background=background).apply(before, TOOLS)

    assert after.image.bands == bands
    assert after.depth == before.depth
    assert after.image.interpretation == before.image.interpretation
    assert (after.image.width, after.image.height) == (640, 480)
    assert after.regions == (face,)


def test_alpha_of_the_picture_stays_a_limit() -> None:
    """What was clear before is never opaque after."""
    pixels = scene(bands=4)
    pixels[:, :320, 3] = 0

    after = RemoveBackground().apply(Picture(from_array(pixels)), TOOLS)

    assert (to_array(after.image)[:, :320, 3] == 0).all()


def test_a_picture_comes_behind(tmp_path: Path) -> None:
    """A background beside the rule is scaled to cover; a missing one is refused."""
    green = from_array(np.full((50, 90, 3), (0, 200, 0), np.uint8))
    green.write_to_file(str(tmp_path / "green.png"))
    options = {"background": "green.png", "centre": True, "margin": 0.5}
    step = RemoveBackground.model_validate(options, context={"folder": tmp_path})

    after = to_array(step.apply(Picture(from_array(scene())), TOOLS).image)

    assert np.abs(after[2, 2].astype(int) - (0, 200, 0)).max() <= 1
    with pytest.raises(ValidationError, match="no such file"):
        RemoveBackground.model_validate(
            {"background": "red.png"}, context={"folder": tmp_path}
        )


def empty_picture() -> Picture:
    """A picture that is transparent everywhere: nobody can find a subject in it."""
    pixels = scene(bands=4)
    pixels[:, :, 3] = 0
    return Picture(from_array(pixels))


def test_without_a_subject_it_fails_and_says_what_to_do() -> None:
    """P6: nothing empty is delivered in silence."""
    with pytest.raises(StepError, match="finds no subject") as caught:
        RemoveBackground().apply(empty_picture(), TOOLS)

    assert "empty: keep" in caught.value.hint


def test_without_a_subject_the_picture_may_stay_with_a_note() -> None:
    """With ``empty: keep`` nothing changes, and the job's story says so."""
    picture = empty_picture()
    tools = Tools(TOOLS.shelf, "draft")

    result = RemoveBackground(empty="keep").apply(picture, tools)

    assert result is picture
    assert "no subject" in tools.notes[0]
