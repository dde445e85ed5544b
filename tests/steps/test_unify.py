"""unify: pictures of many sources get one look, and shots get it without pumping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from retouchd.media.look import look_of
from retouchd.media.pixels import from_array, to_array
from retouchd.media.vips import pyvips
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.step import Tools
from retouchd.steps.unify import Unify
from retouchd.values import Picture


@pytest.fixture
def tools() -> Tools:
    """Tools without models; this step needs none."""
    return Tools(Shelf((), Runtime("cpu")), "draft")


def textured(seed: int, low: Any, high: Any, bands: int = 3, depth: int = 8) -> Picture:
    """A picture of noise between two colours."""
    rng = np.random.default_rng(seed)
    share = rng.random((40, 60, 1))
    pixels = np.array(low) + share * (np.array(high) - np.array(low, float))
    if bands == 4:
        pixels = np.dstack([pixels, np.full((40, 60), 255.0)])
        pixels[:20, :, 3] = 0
    if depth == 16:
        return Picture(from_array(np.rint(pixels * 257).astype(np.uint16)))
    return Picture(from_array(np.rint(pixels).astype(np.uint8)))


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    """A warm, bright picture."""
    path = tmp_path / "hero.png"
    textured(1, (150, 120, 90), (230, 200, 160)).image.pngsave(path)
    return path


def unify(reference: Path, **options: object) -> Unify:
    """Read the step as a rule file beside *reference* would."""
    return Unify.model_validate(
        {"like": reference.name, **options}, context={"folder": reference.parent}
    )


@pytest.mark.parametrize(("bands", "depth"), [(3, 8), (4, 8), (3, 16)])
def test_a_cold_dark_picture_gets_the_look(
    tools: Tools, reference: Path, bands: int, depth: int
) -> None:
    """Lightness and colours arrive at those of the reference; alpha stays."""
    cold = textured(2, (20, 40, 70), (60, 90, 130), bands, depth)
    wanted = look_of([Picture(pyvips.Image.new_from_file(reference))])

    out = unify(reference).apply(cold, tools)

    found = look_of([out])
    assert np.allclose(found.mean, wanted.mean, atol=2.0)
    assert np.allclose(found.spread, wanted.spread, atol=3.0)
    before, after = to_array(cold.image), to_array(out.image)
    assert after.dtype == before.dtype
    assert np.array_equal(after[..., 3:], before[..., 3:])


def test_half_the_strength_is_half_the_way(tools: Tools, reference: Path) -> None:
    """The mean lies in the middle."""
    cold = textured(2, (60, 70, 90), (120, 130, 150))
    full = look_of([unify(reference).apply(cold, tools)]).mean
    none = look_of([cold]).mean

    half = look_of([unify(reference, strength=0.5).apply(cold, tools)]).mean

    assert np.allclose(half, (np.array(full) + none) / 2, atol=1.0)
    assert unify(reference, strength=0).apply(cold, tools) is cold


def test_transparent_pixels_do_not_count(tools: Tools, reference: Path) -> None:
    """What lies under them may be anything."""
    cold = textured(2, (20, 40, 70), (60, 90, 130), bands=4)
    pixels = to_array(cold.image).copy()
    pixels[:20, :, :3] = 255
    other = Picture(from_array(pixels))

    one = to_array(unify(reference).apply(cold, tools).image)
    two = to_array(unify(reference).apply(other, tools).image)

    assert np.array_equal(one[22:], two[22:])


def test_a_shot_is_changed_as_a_whole(tools: Tools, reference: Path) -> None:
    """Something bright that comes into the frame does not darken what was there."""
    frames = []
    for number in range(6):
        pixels = to_array(textured(3, (40, 60, 90), (90, 110, 140)).image).copy()
        pixels[:, : 8 * number] = 250
        frames.append(Picture(from_array(pixels)))
    step = unify(reference)

    tools.carried = step.measure(frames)
    steady = [to_array(one.image) for one in step.over(frames, tools)]
    alone = [to_array(step.apply(one, tools).image) for one in frames]

    corner = np.s_[20:, 45:]
    assert all(np.array_equal(one[corner], steady[0][corner]) for one in steady)
    assert np.abs(alone[5][corner].astype(int) - alone[0][corner]).max() > 10


def test_a_reference_that_is_no_picture_is_a_mistake_in_the_rule(
    tmp_path: Path,
) -> None:
    """It is found when the rule is read."""
    (tmp_path / "hero.png").write_text("no picture")

    with pytest.raises(ValidationError, match="this is a text"):
        unify(tmp_path / "hero.png")
