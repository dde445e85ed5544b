"""Whole pictures are told from copies that broke off, in every format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retouchd.inspect.whole import is_whole
from retouchd.media.vips import pyvips

FORMATS = ("jpg", "png", "webp", "tif", "avif")


@pytest.fixture(params=[*FORMATS, "tiled.tif"])
def whole(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A noisy picture of some size, in one of the formats that are taken."""
    noise = np.random.default_rng(5).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    image = pyvips.Image.new_from_array(noise).copy(interpretation="srgb")
    path = tmp_path / f"a.{request.param}"
    options = {"tile": True} if request.param == "tiled.tif" else {}
    image.write_to_file(str(path), **options)
    return path


def test_whole_picture(whole: Path) -> None:
    """As it was written."""
    assert is_whole(whole)


@pytest.mark.parametrize("share", [0.99, 0.5, 0.02])
def test_copy_that_broke_off(whole: Path, share: float) -> None:
    """Whether much or little is missing."""
    content = whole.read_bytes()
    whole.write_bytes(content[: int(len(content) * share)])

    assert not is_whole(whole)


def test_thumbnail_is_not_the_picture(tmp_path: Path) -> None:
    """The end of a small JPEG inside the metadata is not the end of the file."""
    small = tmp_path / "small.jpg"
    large = tmp_path / "large.jpg"
    pyvips.Image.black(8, 8).jpegsave(str(small))
    noise = np.random.default_rng(5).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    image = pyvips.Image.new_from_array(noise).copy(interpretation="srgb")
    image.jpegsave(str(large))
    block = small.read_bytes()
    header = b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block
    content = large.read_bytes()

    large.write_bytes(content[:2] + header + content[2:])
    whole = is_whole(large)
    large.write_bytes(content[:2] + header + content[2:-40])

    assert whole
    assert not is_whole(large)


def test_copy_with_room_that_was_never_filled(whole: Path) -> None:
    """A client that reserves the size first leaves zeros at the end."""
    content = whole.read_bytes()
    half = len(content) // 2
    whole.write_bytes(content[:half] + bytes(len(content) - half + 70_000))

    assert not is_whole(whole)


@pytest.mark.parametrize("content", [b"", b"hello", bytes(100)])
def test_no_picture(tmp_path: Path, content: bytes) -> None:
    """Texts, zeros and nothing."""
    path = tmp_path / "a.png"
    path.write_bytes(content)

    assert not is_whole(path)
