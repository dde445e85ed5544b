"""grade, flatten, sharpen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from retouchd.media.pixels import from_array, to_array
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.step import Tools
from retouchd.steps.flatten import Flatten
from retouchd.steps.grade import Grade
from retouchd.steps.sharpen import Sharpen
from retouchd.values import Picture

INVERT = "LUT_3D_SIZE 2\n1 1 1\n0 1 1\n1 0 1\n0 0 1\n1 1 0\n0 1 0\n1 0 0\n0 0 0\n"


@pytest.fixture
def tools() -> Tools:
    """Tools without models; these steps need none."""
    return Tools(Shelf((), Runtime("cpu")), "draft")


def grade(folder: Path, **options: object) -> Grade:
    """Read a grade step as a rule file in *folder* would."""
    return Grade.model_validate(
        {"lut": "look.cube", **options}, context={"folder": folder}
    )


@pytest.mark.parametrize(
    ("bands", "dtype"), [(3, "u1"), (4, "u1"), (3, "u2"), (4, "u2")]
)
def test_grade_sends_colours_through_the_table(
    tools: Tools, tmp_path: Path, bands: int, dtype: Any
) -> None:
    """Colours change, alpha and the picture before do not."""
    (tmp_path / "look.cube").write_text(INVERT)
    largest = np.iinfo(dtype).max
    rng = np.random.default_rng(4)
    pixels = rng.integers(0, largest + 1, (20, 30, bands)).astype(dtype)
    picture = Picture(from_array(pixels.copy()))

    out = to_array(grade(tmp_path).apply(picture, tools).image)

    assert np.array_equal(out[..., :3], largest - pixels[..., :3])
    assert np.array_equal(out[..., 3:], pixels[..., 3:])
    assert np.array_equal(to_array(picture.image), pixels)


def test_grade_mixes_by_strength(tools: Tools, tmp_path: Path) -> None:
    """Half the strength of an inversion is the middle."""
    (tmp_path / "look.cube").write_text(INVERT)
    picture = Picture(from_array(np.full((4, 4, 3), 20, np.uint8)))

    assert grade(tmp_path, strength=0).apply(picture, tools) is picture
    half = to_array(grade(tmp_path, strength=0.25).apply(picture, tools).image)
    assert (half == round(0.75 * 20 + 0.25 * 235)).all()


def test_grade_names_the_line_of_a_broken_table(tmp_path: Path) -> None:
    """The rule is refused when it is read, with file and line of the table."""
    (tmp_path / "look.cube").write_text(INVERT.replace("0 0 1", "0 nan 1"))

    with pytest.raises(ValidationError, match=r"look\.cube:5: 'nan' is out of range"):
        grade(tmp_path)


@pytest.mark.parametrize("options", [{"lut": "gone.cube"}, {"strength": 1.1}, {"x": 1}])
def test_grade_refuses_bad_options(tmp_path: Path, options: dict[str, Any]) -> None:
    """A missing table, too much strength, an unknown key."""
    (tmp_path / "look.cube").write_text(INVERT)

    with pytest.raises(ValidationError):
        grade(tmp_path, **options)


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_flatten_lays_on_colour(tools: Tools, dtype: Any) -> None:
    """Transparent shows the colour, opaque itself, half the middle."""
    largest = np.iinfo(dtype).max
    pixels = np.zeros((1, 3, 4), dtype)
    pixels[0, :, 3] = [0, largest, largest // 2]

    out = Flatten(color="#f00").apply(Picture(from_array(pixels)), tools)

    red = to_array(out.image)[0, :, 0].astype(float) / largest
    assert out.image.bands == 3
    assert red == pytest.approx([1, 0, 0.5], abs=0.005)


def test_flatten_without_alpha_does_nothing(tools: Tools) -> None:
    """An opaque picture is the same picture."""
    picture = Picture(from_array(np.zeros((2, 2, 3), np.uint8)))

    assert Flatten().apply(picture, tools) is picture


@pytest.mark.parametrize(("bands", "dtype"), [(3, "u1"), (4, "u2")])
def test_sharpen_acts_on_luminance_within_its_limit(
    tools: Tools, bands: int, dtype: Any
) -> None:
    """An edge gets steeper; hue, flat areas and alpha stay; halos are limited."""
    largest = int(np.iinfo(dtype).max)
    pixels = np.full((32, 64, bands), largest // 4, dtype)
    pixels[:, 32:, :3] = largest // 2
    pixels[..., 0] += largest // 8

    picture = Picture(from_array(pixels))
    out = to_array(Sharpen(amount=5, radius=2).apply(picture, tools).image)

    change = out.astype(int) - pixels
    assert change[16, 32, 0] > 0 > change[16, 31, 0]
    assert (change[:, :, 0] == change[:, :, 1]).all()
    assert not change[:, :16].any()
    assert not change[:, :, 3:].any()
    assert abs(change).max() <= round(0.06 * largest)


def test_sharpen_of_nothing_does_nothing(tools: Tools) -> None:
    """Amount 0 is the same picture; less is refused."""
    picture = Picture(from_array(np.zeros((2, 2, 3), np.uint8)))

    assert Sharpen(amount=0).apply(picture, tools) is picture
    with pytest.raises(ValidationError):
        Sharpen(amount=-1)
