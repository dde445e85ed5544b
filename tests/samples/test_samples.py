"""The samples are what their manifest says, and small enough to travel."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from retouchd.errors import DamagedError
from retouchd.inspect import Limits, inspect
from retouchd.media.still import decode
from retouchd.settings import shipped_folder
from retouchd.values import Drop, Inspection

FOLDER = shipped_folder("sample_hotfolder")
MANIFEST = tomllib.loads((FOLDER / "manifest.toml").read_text("utf-8"))
SAMPLES = {entry["file"]: entry for entry in MANIFEST["sample"]}
MEGABYTE = 1024**2


def inspected(entry: dict[str, Any]) -> Inspection:
    """Inspect one sample with its sidecars, as a worker does."""
    path = FOLDER / entry["file"]
    members = tuple(FOLDER / name for name in entry.get("sidecars", ()))
    return inspect(Drop("demo", path.name, path, members), Limits())


def test_the_manifest_lists_every_file() -> None:
    """No sample without its line, no line without its sample."""
    listed = {*SAMPLES, *(s for e in SAMPLES.values() for s in e.get("sidecars", ()))}

    there = {f"in/{path.name}" for path in (FOLDER / "in").iterdir()}

    assert there == listed


def test_samples_are_small() -> None:
    """They travel inside the wheel: less than 6 MB in all."""
    size = sum(path.stat().st_size for path in (FOLDER / "in").iterdir())

    assert size < 6 * MEGABYTE


@pytest.mark.parametrize("file", SAMPLES)
def test_size_and_origin(file: str) -> None:
    """The daemon finds out what the manifest says, from the bytes alone."""
    entry = SAMPLES[file]

    found = inspected(entry)

    header = found.header
    assert (header.width, header.height) == (entry["width"], entry["height"])
    origin = dict.fromkeys((found.origin.family, found.origin.name))
    assert "/".join(origin) == entry["origin"]


@pytest.mark.parametrize("file", [f for f, e in SAMPLES.items() if "regions" in e])
def test_tagged_regions(file: str) -> None:
    """XMP and LabelMe tags are read back, to the pixel of the upright picture."""
    entry = SAMPLES[file]
    [wanted] = entry["regions"]

    [region] = inspected(entry).regions

    left, top, right, bottom = region.box
    width, height = entry["width"], entry["height"]
    assert region.label == wanted["label"]
    assert (left * width, top * height) == pytest.approx(
        (wanted["left"], wanted["top"]), abs=1
    )
    assert ((right - left) * width, (bottom - top) * height) == pytest.approx(
        (wanted["width"], wanted["height"]), abs=1
    )


@pytest.mark.parametrize("file", [f for f, e in SAMPLES.items() if e["ends"] == "done"])
def test_whole_samples_decode(file: str) -> None:
    """Every pixel of a sample that must succeed can be read."""
    found = inspected(SAMPLES[file])

    picture = decode(FOLDER / file, found.header)

    assert picture.image.avg() > 0
    assert (picture.image.width, picture.image.height) == (
        found.header.width,
        found.header.height,
    )


def test_the_broken_sample_is_broken() -> None:
    """Its header is sound; only the pixels show that the end is missing."""
    [file] = [f for f, e in SAMPLES.items() if e["ends"] == "failed"]
    found = inspected(SAMPLES[file])

    with pytest.raises(DamagedError):
        decode(Path(FOLDER / file), found.header).image.avg()
