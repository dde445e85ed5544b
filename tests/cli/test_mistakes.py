"""Each mistake is one error with file, line, key and the way out; exit code 2."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retouchd.settings import shipped_folder

CONFIG = """\
database = "retouchd.db"
rules_dir = "rules"
models_dir = "models"
[[hot_folders]]
name = "shop"
path = "hot"
rules = ["sample"]
"""
RULE = """\
rule: sample
steps:
  - grade: {lut: look.cube}
  - upscale: {factor: 2}
outputs:
  - {name: "{stem}.png"}
"""
CUBE = "LUT_1D_SIZE 2\n0 0 0\n1 1 1\n"
MANIFEST = (shipped_folder("models") / "upscale-x2" / "model.toml").read_text()

Type = Callable[..., Any]
Break = Callable[[Path], object]


@pytest.fixture
def site(here: Path, typed: Type) -> Path:
    """A sound configuration with a rule, a LUT, a model and a hot folder."""
    for name in ("rules", "models"):
        (here / name).mkdir()
    (here / "retouchd.toml").write_text(CONFIG)
    (here / "rules" / "sample.yaml").write_text(RULE)
    (here / "rules" / "look.cube").write_text(CUBE)
    shutil.copytree(shipped_folder("models") / "upscale-x2", here / "models" / "own")
    typed("init", "hot", "--rule", "sample")
    return here


def change(name: str, right: str, wrong: str) -> Break:
    """Exchange words in one file of the site."""

    def work(site: Path) -> None:
        text = (site / name).read_text()
        assert right in text
        (site / name).write_text(text.replace(right, wrong, 1))

    return work


MISTAKES = {
    "misspelt key": (
        change("retouchd.toml", "rules_dir", "rule_dir"),
        ("retouchd.toml:2: rule_dir: unknown key", "did you mean rules_dir?"),
    ),
    "missing rule": (
        change("retouchd.toml", '"sample"', '"smaple"'),
        (
            "retouchd.toml:7: hot_folders[0].rules: there is no rule 'smaple'",
            "did you mean sample?",
        ),
    ),
    "nested roots": (
        change(
            "retouchd.toml",
            "[[hot_folders]]",
            '[[hot_folders]]\nname = "web"\npath = "hot/in"\nrules = ["web"]\n'
            "[[hot_folders]]",
        ),
        ("retouchd.toml:10: hot_folders[1].path", "nest", "a root of its own"),
    ),
    "unknown step": (
        change("rules/sample.yaml", "upscale", "upscal"),
        (
            "sample.yaml:4: steps[1].upscal: unknown step",
            "did you mean upscale?",
        ),
    ),
    "no LUT": (
        change("rules/sample.yaml", "look.cube", "lok.cube"),
        ("sample.yaml:3: steps[0].grade.lut", "no such file", "lok.cube"),
    ),
    "bad LUT": (
        change("rules/look.cube", "1 1 1", "1 1 one"),
        ("look.cube:3", "one"),
    ),
    "no model for the tier": (
        change("rules/sample.yaml", "factor: 2", "factor: 2, tier: hero"),
        (
            "sample.yaml:4: steps[1].upscale",
            "no model for upscale",
            "tier hero",
            "there is ",
        ),
    ),
    "no model of that name": (
        change("rules/sample.yaml", "factor: 2", "factor: 2, model: esrgan"),
        ("sample.yaml:4: steps[1].upscale", "esrgan", "upscale-x2"),
    ),
    "misspelt key of a manifest": (
        change("models/own/model.toml", "scale =", "scael ="),
        ("own/model.toml:", "scael", "scale?"),
    ),
    "manifest without its weights": (
        change("models/own/model.toml", '"weights.onnx"', '"weight.onnx"'),
        ("own/model.toml:", "file", "weight.onnx"),
    ),
    "weights that were changed": (
        change("models/own/model.toml", 'sha256 = "', 'sha256 = "0000'),
        ("own/model.toml:", "sha256"),
    ),
    "hot folder without marker": (
        lambda site: (site / "hot" / ".retouchd" / "marker.json").unlink(),
        ("hot", "marker", "mount the share", "retouchd init"),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_check_names_the_place_and_the_way_out(
    site: Path, typed: Type, mistake: str
) -> None:
    """One mistake gives one line, without a traceback."""
    make, words = MISTAKES[mistake]
    make(site)

    answer = typed("check")

    assert answer.code == 2
    [line] = answer.err.splitlines()
    assert line.startswith("error: ")
    assert [word for word in words if word not in line] == []


def test_the_sound_site_is_sound(site: Path, typed: Type) -> None:
    """The table above begins with something that passes."""
    answer = typed("check")

    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "fine: hot folders (shop), rules and models\n"
    assert site.joinpath("hot", "in").is_dir()


def test_all_mistakes_are_listed_at_once(site: Path, typed: Type) -> None:
    """Rule, manifest and folder are all looked at before anything is said."""
    for mistake in (
        "no LUT",
        "misspelt key of a manifest",
        "hot folder without marker",
    ):
        MISTAKES[mistake][0](site)

    answer = typed("check")

    assert (answer.code, len(answer.err.splitlines())) == (2, 3)


def test_misspelt_variable(
    site: Path, typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that nothing reads stops every command."""
    monkeypatch.setenv("RETOUCHD_WORKER__THREAD", "2")

    answer = typed("check")

    assert answer.code == 2
    assert answer.err == (
        "error: environment: RETOUCHD_WORKER__THREAD: no such setting "
        "(did you mean RETOUCHD_WORKER__THREADS?)\n"
    )
    assert site.is_dir()


def test_misspelt_variable_without_a_configuration(
    typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands that need no configuration still read the environment."""
    monkeypatch.setenv("RETOUCHD_MODELSDIR", "x")

    answer = typed("models", "list")

    assert answer.code == 2
    assert "did you mean RETOUCHD_MODELS_DIR?" in answer.err


@pytest.mark.parametrize("mistake", ["misspelt key", "missing rule", "bad LUT"])
def test_the_daemon_does_not_start_with_a_mistake(
    site: Path, really: Type, mistake: str
) -> None:
    """P6: nothing is taken in under a configuration that is wrong."""
    make, words = MISTAKES[mistake]
    make(site)

    answer = really("run", "--once")

    assert answer.code == 2
    assert "Traceback" not in answer.err
    assert [word for word in words if word not in answer.err] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["chekc"], "No such command 'chekc'"),
        (["try", "web", "nowhere.jpg", "--out", "o"], "'nowhere.jpg' does not exist"),
        (["try", "wbe", "retouchd.toml", "--out", "o"], "did you mean web?"),
        (["try", "no.yaml", "retouchd.toml", "--out", "o"], "no.yaml: cannot be read"),
        (["init", "hot/in", "--rule", "web"], "nest or coincide"),
        (["init", "cold", "--rule", "wbe"], "did you mean web?"),
        (["pause", "shp"], "did you mean shop?"),
        (["jobs", "list", "--state", "lost"], "'lost' is not one of"),
        (["report", "--by", "weather"], "'weather' is not one of"),
        (
            ["prices", "set", "local", "H200", "gpu_hour", "cheap"],
            "'cheap' is no price",
        ),
        (["prices", "import", "retouchd.toml"], "no [[prices]] table"),
        (["--config", "nowhere.toml", "check"], "nowhere.toml: cannot be read"),
    ],
)
def test_wrong_words_are_answered(
    site: Path, typed: Type, words: list[str], told: str
) -> None:
    """Wrong usage ends with 2 and says what is meant."""
    before = (site / "retouchd.toml").read_text()

    answer = typed(*words)

    assert answer.code == 2
    assert told in answer.err
    assert (site / "retouchd.toml").read_text() == before
