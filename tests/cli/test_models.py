"""Models are added and removed by a word, and a daemon that runs takes them over."""

from __future__ import annotations

import itertools
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retouchd.ledger.database import Database

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLES = REPOSITORY / "sample_hotfolder" / "in"
CLEAN = REPOSITORY / "models" / "upscale-x4-clean" / "weights.onnx"
MATTE = REPOSITORY / "models" / "matte" / "weights.onnx"
PATIENCE_SECONDS = 100

Type = Callable[..., Any]

RULE = """\
rule: large
tier: {tier}
steps:
  - upscale: {{factor: 2}}
outputs:
  - {{name: "{{stem}}.png"}}
"""


@pytest.fixture
def site(here: Path, typed: Type) -> Path:
    """One hot folder with a rule of its own, and a folder of models."""
    (here / "rules").mkdir()
    (here / "rules" / "large.yaml").write_text(RULE.format(tier="draft"))
    config = here / "retouchd.toml"
    config.write_text(
        f'database = "{here}/retouchd.db"\nrules_dir = "{here}/rules"\n'
        f'models_dir = "{here}/models"\n[intake]\nsettle_seconds = 0.1\n'
    )
    assert typed("init", "hot", "--rule", "large").code == 0
    return here


def listed(typed: Type) -> dict[str, Any]:
    """The models by name."""
    rows = json.loads(typed("models", "list", "--json").out)
    return {row["name"]: row for row in rows}


def test_a_file_is_added_and_removed(site: Path, typed: Type) -> None:
    """It says what it found; the list shows it; removed, nothing is left of it."""
    ours = listed(typed)
    words = ("models", "add", CLEAN, "--name", "clean", "--task", "upscale")

    added = typed(*words, "--tier", "hero", "--default", "--licence", "Apache-2.0")
    after = listed(typed)
    again = typed(*words, "--tier", "standard")
    verified = typed("models", "verify")
    removed = typed("models", "remove", "clean")

    assert (added.code, added.err) == (0, "")
    assert "enlarges 4x" in added.out
    assert "added clean: upscale, tier hero, its default" in added.out
    assert set(after) == {*ours, "clean"}
    assert after["clean"]["licence"] == "Apache-2.0"
    assert (again.code, "already" in again.err) == (1, True)
    assert verified.code == 0
    assert (removed.code, listed(typed)) == (0, ours)
    assert [path.name for path in (site / "models").iterdir()] == [".unfinished"]


def test_what_is_missing_is_asked_for_by_option(site: Path, typed: Type) -> None:
    """Exit code 2, every option that is needed, and no model."""
    words = ("models", "add", MATTE, "--task", "matte", "--tier", "hero")

    bare = typed(*words, "--name", "theirs")
    wrong = typed(*words, "--mean", "0.5,0.5")
    described = typed(*words, "--name", "theirs", "--mean", "0", "--std", "1")

    assert (bare.code, "--mean and --std" in bare.err) == (2, True)
    assert (wrong.code, "'0.5,0.5' is not N,N,N" in wrong.err) == (2, True)
    assert described.code == 0, described.err
    assert listed(typed)["theirs"]["tier"] == "hero"
    assert (site / "models" / "theirs" / "weights.onnx").read_bytes()


def test_second_default_and_missing_folder_are_refused(site: Path, typed: Type) -> None:
    """A tier has one default of a scale; without models_dir there is no place."""
    words = ("models", "add", CLEAN, "--task", "upscale", "--tier")

    rival = typed(*words, "draft", "--default", "--name", "rival")
    config = site / "retouchd.toml"
    config.write_text(config.read_text().replace("models_dir", "#models_dir"))
    homeless = typed(*words, "hero")

    assert (rival.code, "upscale-x4 is the default" in rival.err) == (1, True)
    assert (homeless.code, "models_dir" in homeless.err) == (2, True)


def test_a_running_daemon_takes_a_new_model(
    site: Path, started: Callable[[Path], Any]
) -> None:
    """Added, then named by a rule: soon drops run on it, without a restart."""
    daemon = started(site)
    inbox, done = site / "hot" / "in", site / "hot" / "done"
    give_up = time.monotonic() + PATIENCE_SECONDS

    def models_after(name: str) -> set[str]:
        shutil.copy(SAMPLES / "lowres_watch.webp", inbox / name)
        while not list(done.rglob(name)):
            assert time.monotonic() < give_up, daemon("jobs", "list").out
            time.sleep(0.05)
        ledger = Database.open_reading(site / "retouchd.db")
        rows = ledger.rows("SELECT DISTINCT model FROM step_runs WHERE model <> ''")
        ledger.close()
        return {row["model"] for row in rows}

    before = models_after("before.webp")
    words = ("models", "add", CLEAN, "--name", "theirs", "--task", "upscale")
    added = daemon(*words, "--tier", "hero", "--default")
    (site / "rules" / "large.yaml").write_text(RULE.format(tier="hero"))

    # The daemon looks at its rules and models every two seconds.
    names = (f"after-{number}.webp" for number in itertools.count())
    after = next(used for name in names if "theirs" in (used := models_after(name)))

    assert added.code == 0
    assert before == {"upscale-x2"}
    assert after == {"upscale-x2", "theirs"}


def test_weights_are_pulled_from_a_mirror(site: Path, typed: Type) -> None:
    """A manifest with an address alone gets its weights; nothing is fetched twice."""
    typed(
        "models", "add", CLEAN, "--name", "far", "--task", "upscale", "--tier", "hero"
    )
    folder = site / "models" / "far"
    (folder / "weights.onnx").unlink()
    manifest = (folder / "model.toml").read_text()
    address = 'url = "https://far.invalid/files/net.onnx"\n'
    (folder / "model.toml").write_text(address + manifest)
    (site / "mirror").mkdir()
    pull = ("models", "pull", "far", "--mirror", site / "mirror")

    missing = typed(*pull)
    waits = listed(typed)["far"]["weights"]
    shutil.copy(CLEAN, site / "mirror" / "net.onnx")
    pulled = typed(*pull)
    again = typed(*pull)

    assert (missing.code, "does not hold net.onnx" in missing.err) == (1, True)
    assert waits == "to pull"
    assert (pulled.code, "fetched far: upscale, tier hero" in pulled.out) == (0, True)
    assert listed(typed)["far"]["weights"] == "here"
    assert again.out == "nothing to fetch: all weights are here\n"
    assert typed("models", "verify").code == 0
    assert typed("models", "pull").code == 2
    assert "did you mean far?" in typed("models", "pull", "fra").err
