"""F17: models, rules and tables that mean harm are refused with one clear line."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.site import make_root
from hostile.configuration import SOUND_RULE, traps
from hostile.models import shelve
from hostile.trap import Trap
from retouchd.cli import main

TRAPS = list(traps())
BY_COMMAND = (
    "yaml-laughs",
    "template-climb",
    "table-few",
    "manifest-pipe",
    "model-external-sparse",
)

FOLDERS = ("hot/out", "hot/review", "hot/rejected", "hot/done", "hot/failed")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A configuration with one hot folder and one sound rule."""
    make_root(tmp_path / "hot")
    for folder in ("rules", "models", *FOLDERS):
        (tmp_path / folder).mkdir()
    (tmp_path / "rules/sample.yaml").write_text(SOUND_RULE)
    (tmp_path / "models/secret").write_text("root:x:0:0\n")
    (tmp_path / "retouchd.toml").write_text(
        'database = "db/retouchd.db"\nrules_dir = "rules"\nmodels_dir = "models"\n'
        '[[hot_folders]]\nname = "hot"\npath = "hot"\nrules = ["sample"]\n'
    )
    return tmp_path


@pytest.mark.parametrize("trap", TRAPS, ids=[trap.name for trap in TRAPS])
def test_is_refused(
    trap: Trap,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`retouchd check` names file and line, and ends with 2."""
    trap.write(place)
    monkeypatch.chdir(place)
    monkeypatch.setattr(sys, "argv", ["retouchd", "check"])

    with pytest.raises(SystemExit) as end:
        main()

    said = capsys.readouterr().err
    assert end.value.code == 2, said
    assert_is_clear(trap, said)


@pytest.mark.parametrize(
    "trap", [t for t in TRAPS if t.name in BY_COMMAND], ids=BY_COMMAND
)
def test_is_refused_by_the_command(trap: Trap, place: Path) -> None:
    """The same, typed."""
    trap.write(place)

    done = subprocess.run(
        [sys.executable, "-m", "retouchd", "check"],
        cwd=place, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert_is_clear(trap, done.stderr)


def test_a_sound_configuration_passes(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a trap there is nothing to complain of."""
    monkeypatch.chdir(place)
    monkeypatch.setattr(sys, "argv", ["retouchd", "check"])

    with pytest.raises(SystemExit) as end:
        main()

    assert end.value.code == 0


def assert_is_clear(trap: Trap, said: str) -> None:
    """One line says where and why, and none steers the terminal or tells a secret."""
    lines = said.splitlines()
    assert any(trap.place in line and trap.words in line for line in lines), said
    assert all(line.startswith("error: ") and len(line) < 1000 for line in lines), said
    unseen = {
        unicodedata.category(character) for character in said if character != "\n"
    }
    assert unseen.isdisjoint({"Cc", "Cf", "Cs"}), ascii(said)
    assert "root:x" not in said


def test_names_of_rules_do_not_climb(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rule is a name, not a path."""
    (place / "elsewhere.yaml").write_text(SOUND_RULE.replace("sample", "elsewhere"))
    config = place / "retouchd.toml"
    config.write_text(config.read_text().replace('"sample"', '"../elsewhere"'))
    monkeypatch.chdir(place)
    monkeypatch.setattr(sys, "argv", ["retouchd", "check"])

    with pytest.raises(SystemExit) as end:
        main()

    assert end.value.code == 2
    assert "../elsewhere" in capsys.readouterr().err


def test_a_linked_model_is_read_as_what_it_is(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Weights that are another file by a hard link count by their bytes alone."""
    shelve(place, b"x")
    weights = place / "models/evil/weights.onnx"
    weights.unlink()
    os.link(place / "models/secret", weights)
    monkeypatch.chdir(place)
    monkeypatch.setattr(sys, "argv", ["retouchd", "check"])

    with pytest.raises(SystemExit) as end:
        main()

    said = capsys.readouterr().err
    assert end.value.code == 2
    assert "bytes" in said
    assert "root:x" not in said


def test_there_are_enough(figures: Callable[..., None]) -> None:
    """The table of faults asks for eighty."""
    assert len(TRAPS) + 2 >= 80
    figures("F17", cases=len(TRAPS) + 2, refused=len(TRAPS) + 2)
