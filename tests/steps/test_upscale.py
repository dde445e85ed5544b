"""The step ``upscale``, with the networks that ship."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from retouchd.errors import ModelError
from retouchd.media.pixels import from_array, to_array
from retouchd.media.vips import pyvips
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.step import Tools
from retouchd.steps.upscale import Upscale
from retouchd.values import Picture, Region

MODELS = Path(__file__).resolve().parents[2] / "models"
TOOLS = Tools(Shelf([MODELS], Runtime("cpu")), "draft")


def picture(
    width: int = 40, height: int = 30, bands: int = 3, dtype: type = np.uint8
) -> Picture:
    """A smooth picture of several colours."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    planes = [0.2 + 0.5 * x, 0.3 + 0.4 * y, 0.5 + 0.2 * x * y, 0.1 + 0.8 * x]
    top = np.iinfo(dtype).max
    pixels = (np.dstack(planes[:bands]) * top).astype(dtype)
    return Picture(from_array(pixels), regions=(Region("keep", ((0, 0), (1, 1))),))


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"factor": 2}, (80, 60)),
        ({"factor": 1.5}, (60, 45)),
        ({"long_edge": 101}, (101, 76)),
        ({"short_edge": 97}, (129, 97)),
        ({"width": 160, "height": 500}, (160, 120)),
        ({"megapixels": 0.0192}, (160, 120)),
        ({"factor": 5}, (200, 150)),
        ({"long_edge": 40}, (40, 30)),
        ({"long_edge": 20}, (40, 30)),
    ],
)
def test_sizes_come_out_exactly(options: dict[str, Any], size: tuple[int, int]) -> None:
    """To the pixel as asked; a picture that is larger stays as it is."""
    before = picture()

    after = Upscale(**options).apply(before, TOOLS)

    assert (after.image.width, after.image.height) == size
    assert after.regions == before.regions
    assert (after is before) == (size == (40, 30))


@pytest.mark.parametrize("bands", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_bands_depth_and_colours_survive(bands: int, dtype: type) -> None:
    """Scaled back down the picture is the one before, alpha included."""
    before = picture(bands=bands, dtype=dtype)

    after = Upscale(factor=3).apply(before, TOOLS)

    back = to_array(after.image.resize(1 / 3, kernel="linear")).astype(float)
    difference = np.abs(back - to_array(before.image)) / np.iinfo(dtype).max
    assert (after.depth, after.has_alpha) == (before.depth, bands == 4)
    assert after.image.interpretation == before.image.interpretation
    assert difference[2:-2, 2:-2].max() < 0.02


def test_colours_under_clear_alpha_stay() -> None:
    """Alpha does not touch the colours: with and without it they are the same."""
    opaque = picture(bands=3)
    clear = Picture(opaque.image.bandjoin(0).copy(interpretation="srgb"))

    colours = Upscale(factor=2).apply(clear, TOOLS).image.extract_band(0, n=3)

    expected = Upscale(factor=2).apply(opaque, TOOLS).image
    assert np.array_equal(to_array(colours), to_array(expected))


def test_sharper_than_lanczos(shared_data: Path) -> None:
    """A photo scaled down and up again comes closer to itself than by Lanczos."""
    name = shared_data / "photos" / "test" / "kodak24" / "5.png"
    photo = pyvips.Image.new_from_file(str(name)).crop(100, 100, 256, 192)
    small = photo.resize(0.5, kernel="cubic")

    by_network = Upscale(factor=2).apply(Picture(small), TOOLS).image

    error = (by_network - photo).math2_const("pow", [2]).avg()
    by_lanczos = (small.resize(2, kernel="lanczos3") - photo).math2_const("pow", [2])
    assert error < 0.8 * by_lanczos.avg()


@pytest.mark.parametrize("options", [{}, {"factor": 2, "width": 9}, {"fator": 2}])
def test_a_rule_without_one_clear_size_is_refused(options: dict[str, Any]) -> None:
    """No size, two sizes and a misspelt one are mistakes of the rule."""
    with pytest.raises(ValidationError):
        Upscale(**options)


def test_a_missing_model_is_named() -> None:
    """The error says which model and which there are."""
    with pytest.raises(ModelError, match=r"named span.*upscale-x2"):
        Upscale(factor=2, model="span").apply(picture(), TOOLS)
