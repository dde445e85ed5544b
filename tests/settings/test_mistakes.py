"""Every mistake in the configuration is one problem with its place and a way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from retouchd.errors import ConfigError, Problem
from retouchd.settings import load_settings

WriteConfig = Callable[[str], Path]

SOUND = """\
database = "x.db"
[[hot_folders]]
name = "one"
path = "hot"
rules = ["web"]
[[hot_folders]]
name = "two"
path = "cold"
rules = ["web"]
[intake]
settle_seconds = 2
[worker]
threads = 2
[metrics]
listen = "127.0.0.1:9464"
"""

BUDGET = "[hot_folders.budget]\namount = "
AMOUNT = "hot_folders[1].budget.amount"


def problems_of(path: Path) -> tuple[Problem, ...]:
    """Load the configuration and return what is wrong with it."""
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    return caught.value.problems


@pytest.mark.parametrize(
    ("right", "wrong", "line", "key", "words"),
    [
        ("database", "databse", 1, "databse", "database?"),
        ("threads", "thread", 13, "worker.thread", "threads?"),
        ("[worker]", "[wroker]", 12, "wroker", "worker?"),
        ('name = "two"', 'nmae = "two"', 7, "hot_folders[1].nmae", "name?"),
        ('name = "two"\n', "", 6, "hot_folders[1].name", "is missing"),
        ("threads = 2", "threads = -1", 13, "worker.threads", "at least 0"),
        ("threads = 2", "threads = 2.5", 13, "worker.threads", "2.5"),
        ("= 2\n[w", '= "soon"\n[w', 11, "intake.settle_seconds", "a number"),
        ("settle_seconds = 2", 'watch = "poll"', 11, "intake.watch", "inotify"),
        ('"two"', '"Two!"', 7, "hot_folders[1].name", "of the form"),
        ('"two"', '"one"', 7, "hot_folders[1].name", "two hot folders"),
        ('"cold"', '"hot/in/more"', 8, "hot_folders[1].path", "nest or coincide"),
        ('"cold"', '"./cold/../hot"', 8, "hot_folders[1].path", "nest or coincide"),
        ('"cold"', '"cold"\nout = "cold/in"', 9, "hot_folders[1].out", "in/ and out/"),
        ('"cold"', '"cold"\ndone = "cold/out/d"', 9, "hot_folders[1].done", "out/"),
        ('"cold"', '"cold"\nout = "hot/in"', 9, "hot_folders[1].out", "'one'"),
        ('"cold"', '"cold"\nmode = "keep"', 9, "hot_folders[1].mode", "this version"),
        ('"cold"', '"cold"\nmode = "mvoe"', 9, "hot_folders[1].mode", "move?"),
        ("127.0.0.1:9464", "0.0.0.0:9464", 15, "metrics.listen", "other machines"),
        ("127.0.0.1:9464", "9464", 15, "metrics.listen", "neither a socket nor"),
        ("127.0.0.1:9464", "unix:m.sock", 15, "metrics.listen", "not an absolute"),
        ('"cold"', "5", 8, "hot_folders[1].path", "found 5"),
        (
            '"cold"\nrules = ["web"]',
            '"cold"\nrules = []',
            9,
            "hot_folders[1].rules",
            "empty",
        ),
        ("[intake]", f"{BUDGET}20.5\n[intake]", 11, AMOUNT, 'amount = "20.5"'),
        ("[intake]", f'{BUDGET}"0"\n[intake]', 11, AMOUNT, "more than 0"),
        ("[intake]", f'{BUDGET}"much"\n[intake]', 11, AMOUNT, "a number"),
        (
            "[intake]",
            f'{BUDGET}"1"\nthen = "stop"\n[intake]',
            12,
            "hot_folders[1].budget.then",
            "draft only, hold",
        ),
        (
            "[intake]",
            f'{BUDGET}"1"\nper = "months"\n[intake]',
            12,
            "hot_folders[1].budget.per",
            "did you mean month?",
        ),
        ('"two"', "two", 7, "", "is not TOML"),
        ("[worker]", "[intake]", 12, "", "is not TOML"),
    ],
)
def test_names_file_line_key_and_way_out(
    write_config: WriteConfig, right: str, wrong: str, line: int, key: str, words: str
) -> None:
    """One mistake gives exactly one problem."""
    path = write_config(SOUND.replace(right, wrong, 1))

    [problem] = problems_of(path)

    assert (problem.file, problem.line, problem.key) == (str(path), line, key)
    assert words in str(problem)
    assert problem.hint


def test_the_sound_configuration_is_sound(write_config: WriteConfig) -> None:
    """The table above begins with something that loads."""
    assert len(load_settings(write_config(SOUND)).hot_folders) == 2


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("RETOUCHD_DATABSE", "did you mean RETOUCHD_DATABASE?"),
        ("RETOUCHD_INTAKE__SETTLE_SECOND", "RETOUCHD_INTAKE__SETTLE_SECONDS?"),
        ("RETOUCHD_INTAKE_SETTLE_SECONDS", "RETOUCHD_INTAKE__SETTLE_SECONDS?"),
        ("RETOUCHD_HOTFLODER", "in the file only"),
        ("RETOUCHD_HOT_FOLDERS", "in the file only"),
        ("RETOUCHD_XYZZY", "remove this variable"),
        ("RETOUCHD_INTAKE", "such as RETOUCHD_INTAKE__SETTLE_SECONDS"),
    ],
)
def test_a_misspelt_variable_names_the_right_one(
    write_config: WriteConfig, monkeypatch: pytest.MonkeyPatch, name: str, hint: str
) -> None:
    """A variable that nothing reads is an error, at the top level too."""
    monkeypatch.setenv(name, "1")

    [problem] = problems_of(write_config(SOUND))

    assert (problem.file, problem.key) == ("environment", name)
    assert hint in problem.hint


def test_a_bad_value_of_a_variable_names_the_variable(
    write_config: WriteConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is not blamed for what the environment says."""
    monkeypatch.setenv("RETOUCHD_WORKER__THREADS", "many")

    [problem] = problems_of(write_config(SOUND))

    assert problem.file == "environment"
    assert problem.key == "RETOUCHD_WORKER__THREADS"
    assert "'many'" in problem.message


def test_reports_all_mistakes_at_once(
    write_config: WriteConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File and environment are both looked through before anything is said."""
    monkeypatch.setenv("RETOUCHD_LOGG", "1")
    text = SOUND.replace("threads = 2", 'thread = 2\ndevice = "tpu"')

    keys = {problem.key for problem in problems_of(write_config(text))}

    assert keys == {"RETOUCHD_LOGG", "worker.thread", "worker.device"}


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A wrong --config is a problem, not a traceback."""
    [problem] = problems_of(tmp_path / "nowhere.toml")

    assert problem.file == str(tmp_path / "nowhere.toml")
