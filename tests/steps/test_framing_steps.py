"""resize, crop, pad: exact sizes, and regions that follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from retouchd.errors import StepError
from retouchd.media.pixels import from_array, to_array
from retouchd.media.vips import pyvips
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.step import Tools
from retouchd.steps.crop import Crop
from retouchd.steps.pad import Pad
from retouchd.steps.resize import Resize
from retouchd.values import Picture, Region

LEFT_HALF = Region("erase:left", ((0, 0), (0.5, 0), (0.5, 1), (0, 1)))


@pytest.fixture
def tools() -> Tools:
    """Tools without models; these steps need none."""
    return Tools(Shelf((), Runtime("cpu")), "draft")


def noise(width: int, height: int, bands: int = 3, depth: int = 8) -> Picture:
    """Make a picture whose every pixel differs."""
    kind = np.uint8 if depth == 8 else np.uint16
    shape = (height, width, bands)
    pixels = np.random.default_rng(5).integers(0, 2**depth, shape, kind)
    return Picture(from_array(pixels))


def size_of(picture: Picture) -> tuple[int, int]:
    """Return width and height."""
    return picture.image.width, picture.image.height


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"long_edge": 300}, (300, 200)), ({"long_edge": 37}, (37, 25)),
        ({"short_edge": 77}, (116, 77)), ({"width": 31}, (31, 21)),
        ({"height": 31}, (46, 31)), ({"factor": 0.5}, (75, 50)),
        ({"megapixels": 0.06}, (300, 200)), ({"width": 90, "height": 90}, (90, 60)),
        ({"width": 400, "height": 40}, (60, 40)), ({"long_edge": 1}, (1, 1)),
        ({"long_edge": 150}, (150, 100)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("bands", [3, 4])
@pytest.mark.parametrize("depth", [8, 16])
def test_resize_gives_exactly_the_size(
    tools: Tools, options: dict[str, Any], size: tuple[int, int], bands: int, depth: int
) -> None:
    """Every way of saying a size, both directions, with and without alpha."""
    picture = noise(150, 100, bands, depth)

    out = Resize(**options).apply(picture, tools)

    assert size_of(out) == size
    assert (out.image.bands, out.depth) == (bands, depth)
    assert out.image.interpretation == picture.image.interpretation


def test_two_edges_never_exceed_either() -> None:
    """'Fit inside' holds for odd proportions; one edge is exact."""
    numbers = np.random.default_rng(9).integers(1, 3000, (3000, 4)).tolist()

    for width, height, want_width, want_height in numbers:
        wide, high = Resize(width=want_width, height=want_height).target(width, height)

        assert wide <= want_width
        assert high <= want_height
        assert wide == want_width or high == want_height


@pytest.mark.parametrize(
    "options", [{}, {"long_edge": 5, "factor": 2}, {"width": 0}, {"edge": 7},
                {"factor": 1, "height": 3}]
)  # fmt: skip
def test_resize_refuses_what_is_no_size(options: dict[str, Any]) -> None:
    """None, two, zero or an unknown way of saying it."""
    with pytest.raises(ValidationError):
        Resize(**options)


def test_resize_does_not_bleed_from_under_transparency(tools: Tools) -> None:
    """Green under transparent pixels never shows at the edge of the red."""
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[:, :20], pixels[:, 20:] = (255, 0, 0, 255), (0, 255, 0, 0)

    out = to_array(Resize(long_edge=27).apply(Picture(from_array(pixels)), tools).image)

    assert out[out[..., 3] > 8][:, 1].max() <= 2
    assert out[out[..., 3] > 8][:, 0].min() >= 250


def test_resize_keeps_regions(tools: Tools) -> None:
    """Fractions mean the same in any size."""
    picture = Picture(noise(40, 30).image, (LEFT_HALF,))

    assert Resize(factor=2).apply(picture, tools).regions == (LEFT_HALF,)


@pytest.mark.parametrize(
    ("options", "size", "corner"),
    [
        ({"aspect": "1:1"}, (60, 60), (20, 0)),
        ({"aspect": "4:5", "gravity": "west"}, (48, 60), (0, 0)),
        ({"aspect": "5:1", "gravity": "south"}, (100, 20), (0, 40)),
        ({"width": 30, "height": 20, "gravity": "south-east"}, (30, 20), (70, 40)),
        ({"width": 30, "gravity": "north-east"}, (30, 60), (70, 0)),
        ({"height": 20, "gravity": "north"}, (100, 20), (0, 0)),
        ({"aspect": "5:3"}, (100, 60), (0, 0)),
    ],
)  # fmt: skip
def test_crop_cuts_where_gravity_says(
    tools: Tools,
    options: dict[str, Any],
    size: tuple[int, int],
    corner: tuple[int, int],
) -> None:
    """The part that stays is byte for byte the part that was there."""
    picture = noise(100, 60)

    out = Crop(**options).apply(picture, tools)

    (width, height), (left, top) = size, corner
    wanted = to_array(picture.image)[top : top + height, left : left + width]
    assert np.array_equal(to_array(out.image), wanted)


def test_crop_larger_than_the_picture_is_an_error(tools: Tools) -> None:
    """The size that was promised cannot be had."""
    with pytest.raises(StepError, match="300 x 60 pixels, the picture has 100 x 60"):
        Crop(width=300).apply(noise(100, 60), tools)


def test_crop_moves_cuts_and_drops_regions(tools: Tools) -> None:
    """Inside it moves, at the edge it is cut, outside it is gone."""
    inside = Region("a", ((0.5, 0.5), (0.6, 0.5), (0.6, 0.6)))
    outside = Region("b", ((0, 0), (0.1, 0), (0.1, 1)))
    picture = Picture(noise(100, 100).image, (inside, LEFT_HALF, outside))

    out = Crop(width=50, gravity="centre").apply(picture, tools)

    assert [region.label for region in out.regions] == ["a", "erase:left"]
    assert out.regions[0].box == pytest.approx((0.5, 0.5, 0.7, 0.6))
    assert out.regions[1].box == pytest.approx((0, 0, 0.5, 1))


def test_crop_cuts_masks_with_their_regions(tools: Tools) -> None:
    """The mask goes on lying over the same pixels."""
    mask = np.zeros((10, 10, 1), np.uint8)
    mask[:, 7] = 255
    region = Region(
        "m", ((0, 0), (1, 0), (1, 1), (0, 1)), from_array(mask).pngsave_buffer()
    )
    picture = Picture(noise(100, 100).image, (region,))

    out = Crop(width=50, gravity="east").apply(picture, tools)

    cut = to_array(pyvips.Image.pngload_buffer(out.regions[0].mask))
    assert out.regions[0].box == pytest.approx((0, 0, 1, 1))
    assert cut[0, :, 0].tolist() == [0, 0, 255, 0, 0]


@pytest.mark.parametrize(
    ("options", "size", "corner"),
    [
        ({"aspect": "1:1"}, (60, 60), (0, 10)),
        ({"aspect": "1:1", "gravity": "north"}, (60, 60), (0, 0)),
        ({"aspect": "4:1", "gravity": "east"}, (160, 40), (100, 0)),
        ({"width": 70, "height": 50}, (70, 50), (5, 5)),
        ({"width": 70, "gravity": "west"}, (70, 40), (0, 0)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("bands", [3, 4])
@pytest.mark.parametrize("depth", [8, 16])
def test_pad_surrounds_the_picture(
    tools: Tools,
    options: dict[str, Any],
    size: tuple[int, int],
    corner: tuple[int, int],
    bands: int,
    depth: int,
) -> None:
    """The picture stays to the byte, the frame has the colour, opaque."""
    picture = noise(60, 40, bands, depth)

    out = to_array(Pad(color="#ff8000", **options).apply(picture, tools).image)

    left, top = corner
    frame = np.ones(out.shape[:2], bool)
    frame[top : top + 40, left : left + 60] = False
    step = 257 if depth == 16 else 1
    colour = [255 * step, 128 * step, 0, 255 * step][:bands]
    assert out.shape[1::-1] == size
    assert np.array_equal(
        out[top : top + 40, left : left + 60], to_array(picture.image)
    )
    assert (out[frame] == colour).all()


def test_pad_moves_regions(tools: Tools) -> None:
    """A region goes on lying over the same pixels."""
    picture = Picture(noise(100, 50).image, (LEFT_HALF,))

    out = Pad(aspect="1:1").apply(picture, tools)

    assert out.regions[0].box == pytest.approx((0, 0.25, 0.5, 0.75))


def test_pad_smaller_than_the_picture_is_an_error(tools: Tools) -> None:
    """Padding never cuts."""
    with pytest.raises(StepError, match="put resize before pad"):
        Pad(width=50, height=500).apply(noise(60, 40), tools)


@pytest.mark.parametrize("step", [Crop, Pad])
@pytest.mark.parametrize(
    "options", [{}, {"aspect": "1:1", "width": 5}, {"aspect": "0:1"}, {"aspect": "4/5"},
                {"width": 5, "gravity": "up"}, {"width": 5, "colour": "white"}]
)  # fmt: skip
def test_unclear_frames_are_refused(step: Any, options: dict[str, Any]) -> None:
    """One way of saying it, and only known words."""
    with pytest.raises(ValidationError):
        step(**options)


def test_steps_leave_the_picture_they_were_given(tools: Tools) -> None:
    """Pictures are values: none of these steps changes its input."""
    picture = Picture(noise(80, 60).image, (LEFT_HALF,))
    before = to_array(picture.image)

    for step in (Resize(factor=0.5), Crop(aspect="1:1"), Pad(aspect="1:1")):
        to_array(step.apply(picture, tools).image)[:] = 0

    assert np.array_equal(to_array(picture.image), before)
    assert picture.regions == (LEFT_HALF,)
