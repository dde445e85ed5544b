"""Tiling changes nothing: not at seams, not at borders, not at 16 bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from retouchd.errors import ModelError
from retouchd.models.runtime import Runtime
from retouchd.models.session import Session
from retouchd.models.shelf import Shelf
from retouchd.models.tiles import enlarge, spans

MODELS = Path(__file__).resolve().parents[2] / "models"


def noise(height: int, width: int, dtype: type = np.uint8) -> NDArray[Any]:
    """Pixels without any order, the hardest case for a seam."""
    top = np.iinfo(dtype).max
    random = np.random.default_rng(5)
    return random.integers(0, top, (height, width, 3), dtype, endpoint=True)


def retiled(session: Session, **changes: object) -> Session:
    """The same session with another tiling."""
    session.manifest = session.manifest.model_copy(update=changes)
    return session


@pytest.mark.parametrize("length", [1, 63, 64, 65, 100, 127, 128, 1000, 1111])
@pytest.mark.parametrize("multiple", [1, 4])
def test_spans_cover_every_pixel_once(length: int, multiple: int) -> None:
    """What is kept joins up; each window has its halo or ends with the picture."""
    length = -(-length // multiple) * multiple

    cut = spans(length, tile=64, halo=10, multiple_of=multiple)

    assert [span.first for span in cut] == [0, *(span.last for span in cut[:-1])]
    assert cut[-1].last == length
    for span in cut:
        assert span.start % multiple == 0
        assert span.start == 0 or span.first - span.start >= 10
        assert span.stop == length or span.stop - span.last >= 10
    assert len({span.stop - span.start for span in cut}) == 1
    assert cut[0].stop - cut[0].start <= 64


@pytest.mark.parametrize("name", ["upscale-x2", "upscale-x4"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_shipped_models_tile_exactly(name: str, dtype: type) -> None:
    """The halo in the manifest is the radius of the network: tiled equals untiled."""
    shelf = Shelf([MODELS], Runtime("cpu"))
    session = shelf.open(shelf.choose("upscale", name=name))
    pixels = noise(130, 150, dtype)

    tiled = enlarge(retiled(session, tile=64), pixels)
    whole = enlarge(retiled(session, tileable="never"), pixels)

    assert np.array_equal(tiled, whole)


def test_too_small_a_halo_shows(shelve: Any, upscaler: Any) -> None:
    """The comparison above would notice one missing pixel of halo."""
    shelf = Shelf([shelve(upscaler())], Runtime("cpu"))
    session = shelf.open(shelf.choose("upscale"))
    pixels = noise(130, 150)
    whole = enlarge(retiled(session, tileable="never"), pixels)

    exact = enlarge(retiled(session, tileable="exact", halo=3), pixels)
    short = enlarge(retiled(session, halo=2), pixels)

    assert np.array_equal(exact, whole)
    assert not np.array_equal(short, whole)


def test_smooth_surfaces_show_no_seam() -> None:
    """Across the edges of tiles the surface bends no more than elsewhere."""
    shelf = Shelf([MODELS], Runtime("cpu"))
    session = retiled(shelf.open(shelf.choose("upscale", scale=2)), tile=64)
    ramp = np.linspace(0, 65535, 200).astype(np.uint16)
    pixels = np.broadcast_to(ramp[:, None, None], (200, 70, 3)).copy()

    rows = enlarge(session, pixels)[:, 35].astype(np.float64).mean(axis=1)[20:-20]

    bends = np.abs(np.diff(rows, 2))
    assert bends.max() <= 3 * max(np.median(bends), 100)


def test_sizes_that_the_model_does_not_take_are_padded(
    shelve: Any, upscaler: Any
) -> None:
    """A model that wants multiples of 8 still gives exactly twice the size."""
    shelf = Shelf([shelve(upscaler(), multiple_of=8)], Runtime("cpu"))
    session = shelf.open(shelf.choose("upscale"))

    assert enlarge(session, noise(101, 67)).shape == (202, 134, 3)


def test_a_wrong_scale_in_the_manifest_is_named(shelve: Any, upscaler: Any) -> None:
    """A network of another scale than promised stops with the key to correct."""
    shelf = Shelf([shelve(upscaler(scale=2), scale=3)], Runtime("cpu"))
    session = shelf.open(shelf.choose("upscale"))

    with pytest.raises(ModelError, match="scale = 3"):
        enlarge(session, noise(20, 20))
