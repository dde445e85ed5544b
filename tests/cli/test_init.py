"""``retouchd init`` makes hot folders and leaves alone what is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Type = Callable[..., Any]


def test_makes_the_tree_and_the_entry(typed: Type, here: Path) -> None:
    """The folders of the tour, the marker, and one table in ./retouchd.toml."""
    answer = typed("init", "shop", "--rule", "retouch", "--rule", "web")

    folders = {path.name for path in (here / "shop").iterdir()}
    assert answer.code == 0
    assert folders == {
        "in", "out", "review", "rejected", "done", "failed", ".retouchd",
    }  # fmt: skip
    assert (here / "shop" / ".retouchd" / "marker.json").is_file()
    assert 'rules = ["retouch", "web"]' in (here / "retouchd.toml").read_text()
    assert typed("check").code == 0


@pytest.mark.parametrize("again", ["shop", "./shop/", "../{parent}/shop"])
def test_twice_is_harmless(typed: Type, here: Path, again: str) -> None:
    """The same folder, however it is written, stays one entry."""
    typed("init", "shop", "--rule", "web")
    before = (here / "retouchd.toml").read_text()
    (here / "shop" / "in" / "kept.jpg").write_bytes(b"x")

    answer = typed("init", again.format(parent=here.name), "--rule", "retouch")

    assert answer.code == 0
    assert "rules: web" in answer.out  # those in force, not those just typed
    assert (here / "retouchd.toml").read_text() == before
    assert (here / "shop" / "in" / "kept.jpg").is_file()


def test_a_new_folder_may_be_written_with_dots(typed: Type, here: Path) -> None:
    """Paths are stored as the settings will read them."""
    answer = typed("init", f"../{here.name}/shop", "--rule", "web")

    assert answer.code == 0
    assert (here / "shop" / "in").is_dir()


def test_what_people_wrote_stays(typed: Type, here: Path) -> None:
    """Comments and other tables of the configuration are not touched."""
    (here / "retouchd.toml").write_text(
        'database = "x.db"  # here\n\n[intake]\nsettle_seconds = 1 # quick\n'
    )

    typed("init", "shop", "--rule", "web")

    text = (here / "retouchd.toml").read_text()
    assert text.startswith('database = "x.db"  # here\n\n[intake]\nsettle_seconds = 1')
    assert typed("check").code == 0


def test_unknown_rule_leaves_nothing_behind(typed: Type, here: Path) -> None:
    """A mistake is told before folders are made."""
    answer = typed("init", "shop", "--rule", "wbe")

    assert answer.code == 2
    assert list(here.iterdir()) == []
