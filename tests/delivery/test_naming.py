"""Names of results, also from hostile values."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from retouchd.delivery.naming import (
    MAX_NAME_BYTES,
    clean,
    fill_template,
    fits_beside,
    folder_name,
)

HOSTILE = {
    "../../etc/passwd": "_.._etc_passwd.png",
    "..": "png",
    "/abs": "_abs.png",
    "a\0b": "a_b.png",
    "a\nb": "a_b.png",
    "\x1b[31mred": "_[31mred.png",
    "safe\u202egnp.exe": "safegnp.exe.png",
    "zero\u200bwidth": "zerowidth.png",
    "back\\slash": "back_slash.png",
    "q?*<>|:\"'": "q______'.png".replace("______", "_" * 7),
    ".hidden": "hidden.png",
    "-rf": "rf.png",
    "CON": "_CON.png",
    "com1": "_com1.png",
    "aux.tar": "_aux.tar.png",
    "console": "console.png",
    "e\u0301": "\u00e9.png",
    os.fsdecode(b"caf\xe9"): "caf\ufffd.png",
    " ": "png",
}


@pytest.mark.parametrize(("stem", "name"), HOSTILE.items())
def test_hostile_stems_become_plain_names(stem: str, name: str) -> None:
    """P7: no value leaves the folder, hides the file or is refused by Windows."""
    filled = fill_template("{stem}.png", {"stem": stem})

    assert filled == PurePosixPath(name)
    assert filled.name.encode()


@pytest.mark.parametrize("letter", ["x", "é", "\u4e2d", "\U0001f600"])
def test_long_stems_are_cut_between_characters(letter: str) -> None:
    """A name leaves room for a suffix and keeps its extension."""
    name = fill_template("{stem}.png", {"stem": letter * 300}).name

    assert MAX_NAME_BYTES - 4 < len(name.encode()) <= MAX_NAME_BYTES
    assert name == letter * (len(name) - 4) + ".png"


@pytest.mark.parametrize(
    "stem", ["a." + "b" * 250, "a." + "\u4e2d" * 120, "." * 300, "x" * 300 + "."]
)
@pytest.mark.parametrize("template", ["{stem}/x.png", "{stem}"])
def test_dots_do_not_make_long_names(stem: str, template: str) -> None:
    """A long tail behind a dot is no extension to be kept whole."""
    for part in fill_template(template, {"stem": stem}).parts:
        assert len(part.encode()) <= MAX_NAME_BYTES
        assert not part.startswith(".")


def test_fields_do_not_become_folders() -> None:
    """Only the slashes of the template make folders."""
    filled = fill_template("{rule}/{stem}.jpg", {"rule": "web/x", "stem": "a/b"})

    assert filled == PurePosixPath("web_x/a_b.jpg")


@pytest.mark.parametrize(
    "folder",
    [b"\xff" * 255, "\u0958".encode() * 85, b"CON", b"-", b"dots...", b"n" * 255],
)
def test_sub_folders_are_safe_below_out(folder: bytes) -> None:
    """P7: a folder of in/ whose name grows when cleaned still fits and can be made."""
    name = folder_name(os.fsdecode(folder))

    assert 0 < len(name.encode()) <= MAX_NAME_BYTES
    assert name == name.strip(".- ")
    assert name != "CON"


def test_cleaning_twice_changes_nothing() -> None:
    """A cleaned value is clean."""
    once = clean("e\u0301\u202e\0x")

    assert clean(once) == once == "\u00e9_x"


@pytest.mark.parametrize("name", [b"a.jpg", b"n" * 255, b"\xe9" * 255])
def test_text_beside_a_file_fits(tmp_path: Path, name: bytes) -> None:
    """An error text has room beside a file with the longest name there is."""
    path = fits_beside(tmp_path / os.fsdecode(name), ".error.json")

    path.write_text("{}")

    assert os.fsencode(path.name).endswith(b".error.json")
    assert len(os.fsencode(path.name)) == min(len(name) + 11, 255)
