"""Reports, what-if and budgets as a person types and reads them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Type = Callable[..., Any]

SAMPLES = Path(__file__).resolve().parents[2] / "sample_hotfolder" / "in"


@pytest.fixture
def after_a_run(
    finished: Path, typed: Type, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Run a command where a daemon has finished two drops."""
    monkeypatch.chdir(finished)
    return typed


def test_the_report_compares_with_the_alternatives(after_a_run: Type) -> None:
    """Generating again, services and every assumption stand below the lines."""
    answer = after_a_run("report", "--assume", "tries=6")

    assert answer.code == 0
    for words in ("per approved", "Nano Banana", "remove.bg", "tries", "6"):
        assert words in answer.out


def test_the_report_is_one_page(after_a_run: Type) -> None:
    """It can be mailed as it is."""
    answer = after_a_run("report", "--by", "rule", "--format", "html")

    assert answer.out.startswith("<!doctype html>")
    assert "<script" not in answer.out


@pytest.mark.parametrize(
    "part", ["lines", "figures", "shares", "alternatives", "assumptions"]
)
def test_each_part_is_a_csv(after_a_run: Type, part: str) -> None:
    """A spreadsheet opens each table of the report."""
    answer = after_a_run("report", "--format", "csv", "--part", part)

    assert list(csv.DictReader(io.StringIO(answer.out)))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--assume", "trys=3"], "no such assumption"),
        (["--assume", "tries"], "NAME=VALUE"),
        (["--at", "2026-11-23", "--prices", "book.toml"], "choose one"),
    ],
)
def test_a_report_refuses_what_it_does_not_know(
    after_a_run: Type, words: list[str], says: str
) -> None:
    """As wrong usage, with the way out."""
    Path("book.toml").touch()

    answer = after_a_run("report", *words)

    assert answer.code == 2
    assert says in answer.err


def test_what_if_shows_booked_and_changed(after_a_run: Type) -> None:
    """By category, in total and for each approved asset; JSON has it exactly."""
    change = ("--price", "compute.cpu_core=+100%", "--days", "3650")

    table = after_a_run("whatif", *change)
    answer = after_a_run("whatif", *change, "--json")

    lines = {line["name"]: line for line in json.loads(answer.out)["lines"]}
    assert "per approved asset" in table.out
    assert float(lines["compute"]["what_if"]) == pytest.approx(
        2 * float(lines["compute"]["booked"])
    )
    assert lines["total"]["difference"] == lines["compute"]["booked"]


def test_what_if_refuses_what_is_not_there(after_a_run: Type) -> None:
    """A misspelt item names the right one."""
    answer = after_a_run("whatif", "--price", "credits.klng=+60%", "--days", "3650")

    assert answer.code == 2
    assert "kling" in answer.err


def test_a_spent_budget_holds_and_status_says_so(really: Type, here: Path) -> None:
    """The real daemon: one file is done, the next stays in ``in/``; money does it."""
    really("init", "hot", "--rule", "web")
    config = here / "retouchd.toml"
    config.write_text(
        config.read_text()
        + '\n[hot_folders.budget]\namount = "0.000001"\nthen = "hold"\n'
        + "\n[intake]\nsettle_seconds = 0.2\n"
    )
    shutil.copy(SAMPLES / "lowres_watch.webp", here / "hot/in/a.webp")
    first = really("run", "--once")
    shutil.copy(SAMPLES / "lowres_watch.webp", here / "hot/in/b.webp")

    second = really("run", "--once")

    assert "1 delivered" in first.out
    assert "0 delivered" in second.out
    assert "hot is over budget" in second.out
    assert (here / "hot/in/b.webp").exists()
    assert '"event": "budget_spent"' in second.err
    [folder] = json.loads(really("status", "--json").out)["hot_folders"]
    assert "of 0.000001 USD" in folder["budget"]
    assert "then hold at 100 %" in folder["budget"]
