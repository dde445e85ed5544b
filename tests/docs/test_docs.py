"""The documentation is true: commands run, examples load, nothing is left out."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from retouchd.cli import commands, main
from retouchd.gates import known_gates
from retouchd.ledger.database import Database
from retouchd.ledger.schema.tables import STATES
from retouchd.media.header import size_of
from retouchd.ops.metrics import Figures
from retouchd.report.alternatives import assumptions
from retouchd.rules.escalate import Escalate
from retouchd.rules.goals import Goal, load_goals
from retouchd.rules.load import load_rule
from retouchd.rules.schema import Match, Output, Rule
from retouchd.rules.sequence import Sequence
from retouchd.settings import (
    Budget,
    Energy,
    HotFolder,
    Intake,
    Limits,
    Log,
    Metrics,
    Review,
    Settings,
    Video,
    Worker,
    load_settings,
    shipped_folder,
)
from retouchd.steps import known_steps

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = (
    "README.md",
    "docs/configuration.md",
    "docs/rules.md",
    "docs/gates.md",
    "docs/ledger.md",
    "docs/operations.md",
    "docs/reliability.md",
    "docs/clips.md",
    "docs/costs.md",
    "docs/review.md",
    "docs/usage.md",
)
SAMPLES = shipped_folder("sample_hotfolder") / "in"


def blocks(language: str) -> list[tuple[str, str]]:
    """Return (page, text) of every code block in *language*."""
    pattern = re.compile(rf"```{language}\n(.*?)```", re.DOTALL)
    return [
        (page, text)
        for page in (*PAGES, "CONTRIBUTING.md")
        for text in pattern.findall((REPOSITORY / page).read_text("utf-8"))
    ]


def shell_lines() -> Iterator[list[str]]:
    """Yield each command of the pages as words."""
    for _, text in blocks("sh"):
        for line in text.splitlines():
            if words := shlex.split(line, comments=True):
                yield words


def test_every_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the order of the pages, in one folder, each ends with 0.

    Only those that work on pictures have a process of their own, which takes longer to
    start than the others take. The demo has a test of its own.
    """
    monkeypatch.chdir(tmp_path)
    for name in ("shoe.jpg", "lamp.jpg"):
        shutil.copy(SAMPLES / "product_mug.jpg", tmp_path / name)
    ours = [
        words
        for words in shell_lines()
        if words[0] == "retouchd" and words[1] != "demo"
    ]

    for words in ours:
        if words[1] in {"run", "try"}:
            subprocess.run([sys.executable, "-m", *words], check=True)
        else:
            monkeypatch.setattr(sys, "argv", words)
            with pytest.raises(SystemExit) as ended:
                main()
            assert not ended.value.code, f"{shlex.join(words)}: {capsys.readouterr()}"

    assert len(ours) > 5


def test_other_commands_name_what_is_there() -> None:
    """Targets of make and files of the checkout exist; extras are declared."""
    makefile = (REPOSITORY / "Makefile").read_text()
    extras = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    for words in shell_lines():
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE)
        for word in words:
            if word.startswith(("systemd/", "requirements", "models/", "tests/")):
                assert (REPOSITORY / word).exists(), word
            if extra := re.fullmatch(r"retouchd\[(\w+)\]", word):
                assert extra[1] in extras["optional-dependencies"]


def test_the_addition_that_is_shown_is_the_real_one() -> None:
    """The step in CONTRIBUTING.md is the step in the package."""
    [(_, text)] = blocks("python")

    step = REPOSITORY / "daemon" / "retouchd" / "steps" / "flatten.py"

    assert text.strip() in step.read_text()


@pytest.mark.parametrize(("page", "text"), blocks("yaml"))
def test_every_rule_loads(page: str, text: str, tmp_path: Path) -> None:
    """A rule can be copied from the page into a file of its name."""
    name = re.search(r"^rule: (.+)$", text, re.MULTILINE)
    assert name, f"{page}: a rule without a name"
    path = tmp_path / f"{name[1]}.yaml"
    path.write_text(text)

    assert load_rule(path).rule == name[1]


@pytest.mark.parametrize(("page", "text"), blocks("toml"))
def test_every_configuration_loads(page: str, text: str, tmp_path: Path) -> None:
    """A configuration can be copied from the page."""
    path = tmp_path / "retouchd.toml"
    path.write_text(text)

    assert load_settings(path).hot_folders, page


@pytest.fixture
def by_name() -> dict[str, click.Command | None]:
    """Every command and group that can be typed after ``retouchd``."""
    context = click.Context(commands)
    names = commands.list_commands(context)
    return {name: commands.get_command(context, name) for name in names}


def test_every_command_is_documented(by_name: dict[str, click.Command | None]) -> None:
    """A new command is not finished before its line in the operations page."""
    page = (REPOSITORY / "docs" / "operations.md").read_text()
    names = [
        f"retouchd {group} {name}".strip()
        for group, holder in by_name.items()
        for name in getattr(holder, "commands", {"": holder})
    ]

    assert [name for name in names if f"`{name}" not in page] == []


def test_no_other_command_is_documented(
    by_name: dict[str, click.Command | None],
) -> None:
    """Nothing is promised that is not there."""
    for page in PAGES:
        text = (REPOSITORY / page).read_text()
        for first, second in re.findall(r"`retouchd (\w+) ?(\w*)", text):
            assert first in by_name, f"{page}: retouchd {first}"
            inner = getattr(by_name[first], "commands", None)
            assert inner is None or not second or second in inner


@pytest.mark.parametrize(
    "model",
    [
        Settings,
        HotFolder,
        Budget,
        Energy,
        Intake,
        Worker,
        Limits,
        Log,
        Metrics,
        Review,
        Video,
    ],
    ids=lambda m: m.__name__,
)
def test_every_setting_is_documented(model: type[BaseModel]) -> None:
    """Each key stands in the configuration page, with its default where it has one."""
    page = (REPOSITORY / "docs" / "configuration.md").read_text()

    missing = [
        key for key in model.model_fields if not re.search(rf"`.*\b{key}\b", page)
    ]

    assert missing == []


def test_defaults_of_settings_are_the_documented_ones() -> None:
    """The second column of the tables is what the code does."""
    page = (REPOSITORY / "docs" / "configuration.md").read_text()
    for section in (Energy, Intake, Worker, Limits, Log, Metrics, Review, Video):
        table = page.partition(f"## `[{section.__name__.lower()}]`")[2].partition(
            "\n## "
        )
        for key, field in section.model_fields.items():
            [shown] = re.findall(rf"^\| `{key}` \| (.+?) \|", table[0], re.MULTILINE)
            assert shown.strip('`"') == _written(field.default), key


def _written(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    if default in {(), ""}:
        return "none"
    return f"{default:g}" if isinstance(default, float) else str(default)


def test_every_step_and_gate_has_its_section() -> None:
    """With every option it takes."""
    page = (REPOSITORY / "docs" / "rules.md").read_text()
    sizes = {"long_edge", "short_edge", "width", "height", "megapixels", "factor"}
    chapters = (("Steps", known_steps()), ("Gates", known_gates()))
    words = [(title, *pair) for title, parts in chapters for pair in parts.items()]
    for title, word, part in words:
        chapter = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        section = chapter.partition(f"\n### {word}\n")[2].partition("\n#")[0]
        assert section, f"{word} is not documented"
        takes_a_size = "a size" in section.lower() or "the size" in section.lower()
        for key in part.model_fields:
            named = f"`{key}`" in section or (takes_a_size and key in sizes)
            assert named, f"{word}: {key} is not documented"


@pytest.mark.parametrize(
    "model", [Rule, Match, Output, Escalate, Goal, Sequence], ids=lambda m: m.__name__
)
def test_every_key_of_a_rule_is_documented(model: type[BaseModel]) -> None:
    """Each key stands in the page about rules."""
    page = (REPOSITORY / "docs" / "rules.md").read_text()

    missing = [key for key in model.model_fields if not re.search(rf"`{key}\b", page)]

    assert missing == []


def test_the_documented_goals_are_the_shipped_ones() -> None:
    """Sizes, tiers, ceilings and gates, row by row."""
    page = (REPOSITORY / "docs" / "rules.md").read_text()
    chapter = page.partition("\n## Goals\n")[2].partition("\n## ")[0]
    shown = re.findall(r"^\| `(\w+)` \| (.+) \|$", chapter, re.MULTILINE)

    shipped = {
        name: [
            str(goal.long_edge),
            goal.tier,
            goal.escalate.to if goal.escalate else "-",
            str(goal.escalate.max_cost) if goal.escalate else "-",
            ", ".join(word for word, _ in goal.gates) or "-",
        ]
        for name, goal in load_goals([]).items()
    }

    assert {name: cells.split(" | ") for name, cells in shown} == shipped


def test_every_log_event_is_documented() -> None:
    """Operators search for these words."""
    page = (REPOSITORY / "docs" / "operations.md").read_text()
    call = re.compile(
        r'log\.(?:debug|info|warning|error|critical|exception)\(\s*"(\w+)"'
    )
    events = {
        event
        for file in (REPOSITORY / "daemon" / "retouchd").rglob("*.py")
        for event in call.findall(file.read_text())
    }

    assert events
    assert {event for event in events if f"`{event}`" not in page} == set()


def test_every_state_is_documented() -> None:
    """`status` and `jobs` print these words."""
    page = (REPOSITORY / "docs" / "operations.md").read_text()

    assert [state for state in STATES if f"`{state}`" not in page] == []


def test_every_assumption_is_documented() -> None:
    """With the value that ships."""
    page = (REPOSITORY / "docs" / "costs.md").read_text()

    for one in assumptions():
        assert f"| `{one.name}` | {one.value.normalize():f} |" in page


def test_links_lead_somewhere() -> None:
    """Every relative link and picture of the pages exists."""
    for page in PAGES:
        for target in re.findall(
            r"\]\((?!http)([^)#]+)", (REPOSITORY / page).read_text()
        ):
            assert ((REPOSITORY / page).parent / target).exists(), f"{page}: {target}"


def test_the_picture_is_small_and_large_enough() -> None:
    """Before and after, as `retouchd demo` makes it."""
    picture = REPOSITORY / "docs" / "images" / "before-after.jpg"

    assert picture.stat().st_size < 250_000
    assert min(size_of(picture)) > 600


def test_the_documented_metrics_are_the_exported_ones(tmp_path: Path) -> None:
    """An alert on a name that does not exist would never fire."""
    page = (REPOSITORY / "docs" / "operations.md").read_text()
    documented = set(re.findall(r"^\| `(retouchd_[a-z_]+)` \|", page, re.MULTILINE))
    with Database.open(tmp_path / "ledger.db") as ledger:
        figures = Figures(ledger, [], lambda: (), lambda: 0).collect()
        exported = {
            family.name + ("_total" if family.type == "counter" else "")
            for family in figures
        }

    assert documented == exported
    for alerted in re.findall(r"retouchd_[a-z_]+[a-z]", page.partition("## Alerts")[2]):
        assert alerted in exported
