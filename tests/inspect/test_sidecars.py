"""Names alone say which files belong together."""

from __future__ import annotations

import pytest

from retouchd.inspect import sidecars


@pytest.mark.parametrize(
    "name",
    ["a.jpg.json", "a.JSON", "a.xmp", "a.txt", "a.xml", "a.Mask.PNG", "a_mask.png"],
)
def test_knows_sidecar_names(name: str) -> None:
    """Every ending counts, in any case."""
    assert sidecars.is_sidecar_name(name)


@pytest.mark.parametrize("name", ["a.jpg", "mask.png", ".json", "json", "a.png", ""])
def test_other_names_are_no_sidecars(name: str) -> None:
    """A bare ending has no picture."""
    assert not sidecars.is_sidecar_name(name)


def test_exact_names_come_first() -> None:
    """The whole name of a picture is asked for before its stem."""
    names = sidecars.sidecar_names("a.jpg")

    assert names[:4] == ("a.jpg.json", "a.json", "a.jpg.xmp", "a.xmp")
    assert names[-2:] == ("a.jpg_mask.png", "a_mask.png")


def test_a_picture_gets_its_sidecars() -> None:
    """Exact names come before short ones, masks are sidecars beside their picture."""
    groups = sidecars.group(["a.json", "a.jpg", "a.jpg.json", "a_mask.png", "b.png"])

    assert groups.pictures == {
        "a.jpg": ("a.jpg.json", "a.json", "a_mask.png"),
        "b.png": (),
    }
    assert groups.lonely == ()
    assert groups.ambiguous == {}


def test_a_short_name_of_two_pictures_goes_to_neither() -> None:
    """a.json could mean a.jpg or a.png; a.png.xmp is clear."""
    groups = sidecars.group(["a.jpg", "a.png", "a.json", "a.png.xmp"])

    assert groups.pictures == {"a.jpg": (), "a.png": ("a.png.xmp",)}
    assert groups.ambiguous == {"a.json": ("a.jpg", "a.png")}


def test_sidecars_without_a_picture_are_lonely() -> None:
    """They may be early, or a picture that only looks like a mask."""
    groups = sidecars.group(["late.jpg.xmp", "portrait_mask.png"])

    assert groups.lonely == ("late.jpg.xmp", "portrait_mask.png")
    assert groups.pictures == {}
