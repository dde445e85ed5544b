"""Names of frames: what belongs together, and which numbers are missing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from retouchd.errors import InputError
from retouchd.inspect import Limits, inspect
from retouchd.inspect.sequences import doubled, frames_among, missing, numbered, stem_of
from retouchd.media.pixels import from_array
from retouchd.values import Drop, Inspection


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("shot_0001.png", ("shot_", "0001", ".png")),
        ("shot.v02.0100.TIF", ("shot.v02.", "0100", ".TIF")),
        ("7.webp", ("", "7", ".webp")),
        ("shot.png", None),
        ("shot_0001.png.json", None),
        ("shot_0001_mask.png", None),
        ("0001.mp4", None),
        ("shot_\u0661.png", None),
    ],
)
def test_a_number_is_the_last_thing_before_the_ending(
    name: str, parts: tuple[str, str, str] | None
) -> None:
    """Prefix, digits and ending of a frame; everything else is no frame."""
    found = numbered(name)

    assert (found and (found.prefix, found.digits, found.ending)) == parts


def test_frames_are_one_series_in_one_folder() -> None:
    """Other names, endings and folders do not belong; numbers sort, not letters."""
    beside = ["a/s_10.png", "a/s_9.png", "a/s_8.jpg", "b/s_8.png", "a/s_8.png.json"]

    assert frames_among("a/s_11.png", beside) == (
        *("a/s_9.png", "a/s_10.png", "a/s_11.png"),
    )
    assert frames_among("a/t_1.png", beside) == ()


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("shot_0001.png", "shot"),
        ("x/shot v2 - 0001.png", "shot v2"),
        ("night/0001.png", "night"),
        ("0001.png", "0001"),
    ],
)
def test_a_sequence_is_named_without_its_numbers(name: str, stem: str) -> None:
    """Frames that are numbers alone are called after their folder."""
    assert stem_of(name) == stem


def test_missing_numbers_are_named_in_runs() -> None:
    """A long list stays readable."""
    many = missing(range(1, 200, 2))

    assert missing([5, 1, 2, 10]) == "3-4, 6-9"
    assert missing([7, 8, 9]) == ""
    assert many.startswith("2, 4, 6, ")
    assert many.endswith("and 87 more")


def test_one_number_twice_is_seen() -> None:
    """1 and 01 are the same frame."""
    assert doubled(["s_2.png", "s_01.png", "s_1.png"]) == ("s_01.png", "s_1.png")
    assert doubled(["s_1.png", "s_2.png"]) == ()


def _frame(path: Path, size: tuple[int, int] = (6, 4), bands: int = 3) -> Path:
    path.parent.mkdir(exist_ok=True)
    pixels = np.full((size[1], size[0], bands), 90, np.uint8)
    from_array(pixels).write_to_file(str(path))
    return path


def _inspected(*frames: Path, members: tuple[Path, ...] = ()) -> Inspection:
    name = f"in/{frames[0].name}"
    return inspect(Drop("hot", name, frames[0], (*frames[1:], *members)), Limits())


def test_header_is_that_of_all_frames(tmp_path: Path) -> None:
    """One transparent frame makes the sequence transparent; frames are counted."""
    frames = [_frame(tmp_path / f"s_{n}.png", bands=3 + (n == 2)) for n in (1, 2, 3)]

    header = _inspected(*frames).header

    assert (header.kind, header.format, header.frames) == ("sequence", "png", 3)
    assert (header.width, header.height) == (6, 4)
    assert (header.has_alpha, header.bands, header.depth) == (True, 4, 8)


def test_missing_frames_are_named(tmp_path: Path) -> None:
    """A gap is said with its numbers, before anything is computed."""
    frames = [_frame(tmp_path / f"s_{n:03d}.png") for n in (1, 2, 5, 9)]

    with pytest.raises(InputError, match="frames of this sequence are missing: 3-4, 6"):
        _inspected(*frames)


@pytest.mark.parametrize("problem", ["size", "format", "truncated", "gone", "link"])
def test_the_frame_that_does_not_fit_is_named(tmp_path: Path, problem: str) -> None:
    """Of many frames the one to look at is told."""
    frames = [_frame(tmp_path / f"s_{n}.png") for n in (1, 2, 3)]
    frames[1].unlink()
    if problem == "size":
        _frame(frames[1], (8, 4))
    elif problem == "format":
        _frame(tmp_path / "s_2.jpg").rename(frames[1])
    elif problem == "truncated":
        frames[1].write_bytes(frames[0].read_bytes()[:20])
    elif problem == "link":
        frames[1].symlink_to(frames[0])

    with pytest.raises(Exception, match=r"s_2\.png") as caught:
        _inspected(*frames)

    assert type(caught.value).__module__ == "retouchd.errors"


def test_sidecar_of_the_sequence_holds_for_all_frames(tmp_path: Path) -> None:
    """Regions are read beside the first frame or under the name of the sequence."""
    frames = [_frame(tmp_path / f"s_{n}.png") for n in (1, 2)]
    for name, label in (("s.json", "erase"), ("s_2.json", "other")):
        box = {"shape_type": "rectangle", "points": [[0, 0], [3, 2]], "label": label}
        facts = {"imageWidth": 6, "imageHeight": 4, "shapes": [box]}
        (tmp_path / name).write_text(json.dumps(facts))
    beside = (tmp_path / "s.json", tmp_path / "s_2.json")

    found = _inspected(*frames, members=beside)

    assert [region.label for region in found.regions] == ["erase"]
