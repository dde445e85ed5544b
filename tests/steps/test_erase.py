"""The step ``erase``, with the network that ships."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from retouchd.errors import InputError, StepError
from retouchd.media.patch import plan_patches, rasterise
from retouchd.media.pixels import from_array, to_array
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.step import Tools
from retouchd.steps.erase import Erase
from retouchd.values import Picture, Region

MODELS = Path(__file__).resolve().parents[2] / "models"
TOOLS = Tools(Shelf([MODELS], Runtime("cpu")), "draft")


def box(label: str, left: float, top: float, right: float, bottom: float) -> Region:
    """A rectangular region."""
    return Region(label, ((left, top), (right, top), (right, bottom), (left, bottom)))


DUST = box("erase:dust", 0.4, 0.4, 0.45, 0.46)
LOGO = box("erase:logo", 0.7, 0.1, 0.95, 0.3)
FACE = box("face", 0.1, 0.1, 0.3, 0.4)


def photo(bands: int = 3, dtype: type = np.uint8, noise: float = 0.0) -> Picture:
    """A soft gradient, 400 x 300, with white marks in the regions."""
    top = np.iinfo(dtype).max
    y, x = np.mgrid[0:1:300j, 0:1:400j]
    planes = [0.3 + 0.3 * x, 0.4 + 0.2 * y, 0.5 - 0.2 * x, 0.2 + 0.6 * y]
    pixels = np.dstack(planes[:bands])
    random = np.random.default_rng(3)
    pixels[:, :, :3] += random.normal(0, noise, (300, 400, 3)) if noise else 0
    for region in (DUST, LOGO, FACE):
        pixels[rasterise([region], 400, 300, grow=0)] = 1
    pixels = np.rint(pixels.clip(0, 1) * top).astype(dtype)
    return Picture(from_array(pixels), regions=(DUST, LOGO, FACE))


def digest(pixels: NDArray[Any]) -> str:
    """Of the bytes of some pixels."""
    return hashlib.sha256(pixels.tobytes()).hexdigest()


@pytest.mark.parametrize("bands", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_only_the_regions_change(bands: int, dtype: type) -> None:
    """Outside the grown regions, and in alpha, every byte is as before."""
    before = photo(bands, dtype)

    after = Erase(grow=8).apply(before, TOOLS)

    old, new = to_array(before.image), to_array(after.image)
    hole = np.zeros((300, 400), bool)
    for left, top, right, bottom in (DUST.box, LOGO.box):
        rows = slice(round(top * 300) - 8, round(bottom * 300) + 8)
        hole[rows, round(left * 400) - 8 : round(right * 400) + 8] = True
    assert new.dtype == old.dtype
    assert digest(new[~hole]) == digest(old[~hole])
    assert digest(new[:, :, 3:]) == digest(old[:, :, 3:])
    assert after.image.interpretation == before.image.interpretation
    assert after.regions == (FACE,)


def test_the_mark_is_gone_and_the_gradient_goes_on() -> None:
    """What is invented continues the surroundings."""
    after = to_array(Erase().apply(photo(), TOOLS).image).astype(float) / 255

    y, x = np.mgrid[0:1:300j, 0:1:400j]
    truth = np.dstack([0.3 + 0.3 * x, 0.4 + 0.2 * y, 0.5 - 0.2 * x])
    hole = rasterise([DUST, LOGO], 400, 300, grow=6)
    assert np.abs(after - truth)[hole].mean() < 0.02
    assert np.abs(after - truth)[hole].max() < 0.10


def test_the_fill_is_as_noisy_as_its_surroundings() -> None:
    """Grain continues over the hole, the same on every run."""
    before = photo(noise=0.012)

    first, again = (to_array(Erase().apply(before, TOOLS).image) for _ in range(2))

    smooth = cv2.GaussianBlur(first.astype(np.float32), (0, 0), 1.2)
    inside = (first - smooth)[45:75, 300:360].std()
    outside = (first - smooth)[150:180, 300:360].std()
    assert 0.6 < inside / outside < 1.3
    assert np.array_equal(first, again)


@pytest.mark.parametrize(
    ("patterns", "gone"),
    [
        (("erase:*",), {"erase:dust", "erase:logo"}),
        (("*:logo", "face"), {"erase:logo", "face"}),
        (("blemish*",), set()),
    ],
)
def test_labels_choose_the_regions(patterns: tuple[str, ...], gone: set[str]) -> None:
    """Patterns match whole labels; where none matches the picture stays itself."""
    before = photo()

    after = Erase(regions=patterns).apply(before, TOOLS)

    kept = {region.label for region in after.regions}
    assert kept == {"erase:dust", "erase:logo", "face"} - gone
    assert (after is before) == (not gone)


def test_an_erase_that_changes_nothing_fails() -> None:
    """A tag beside the picture does not pass as done."""
    outside = Picture(photo().image, regions=(box("erase:x", 1.5, 1.5, 1.6, 1.6),))

    with pytest.raises(StepError, match="erasing erase:x changes no pixel"):
        Erase().apply(outside, TOOLS)


def test_masks_are_stretched_over_their_box() -> None:
    """A mask picks pixels within the outline's box."""
    ring = np.zeros((20, 20), np.uint8)
    ring[:, :10] = 255
    png = cv2.imencode(".png", ring)[1].tobytes()
    region = Region("erase:m", ((0.25, 0.2), (0.75, 0.6)), mask=png)

    mask = rasterise([region], 400, 300, grow=0)

    assert mask[60:180, 100:199].all()
    assert not mask[:, 201:].any()
    assert mask.sum() == pytest.approx(100 * 120, rel=0.02)


def test_a_broken_mask_is_named() -> None:
    """Bytes that are no PNG stop the job with the label of the region."""
    region = Region("erase:m", ((0, 0), (1, 1)), mask=b"no picture")

    with pytest.raises(InputError, match="erase:m"):
        rasterise([region], 40, 30, grow=0)


@pytest.mark.parametrize(
    ("rectangle", "patches", "side"),
    [
        ((500, 500, 540, 540), 1, 256),
        ((100, 500, 900, 510), 7, 256),
        ((300, 300, 700, 700), 1, 1067),
        ((0, 0, 60, 60), 1, 256),
    ],
)
def test_patches_suit_the_hole(
    rectangle: tuple[int, int, int, int], patches: int, side: int
) -> None:
    """Specks take one patch, wires a row of them, thick holes a smaller scale."""
    left, top, right, bottom = rectangle
    hole = np.zeros((1000, 1000), bool)
    hole[top:bottom, left:right] = True

    plan = list(plan_patches(hole, 256))

    assert len(plan) == patches
    assert abs(plan[0].side - side) < 0.02 * side
    covered = np.zeros_like(hole)
    for patch in plan:
        covered[patch.cell] = True
    assert covered[hole].all()
