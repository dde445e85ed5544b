"""Held jobs, listed and decided by commands, with and without a daemon."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retouchd.ledger.database import Database
from retouchd.ledger.entries import Entry, new_job_id
from retouchd.ledger.held import HeldJobs

SAMPLE = Path(__file__).resolve().parents[2] / "sample_hotfolder/in/lowres_watch.webp"
PATIENCE_SECONDS = 60

Type = Callable[..., Any]


@pytest.fixture
def held(here: Path, typed: Type) -> str:
    """A drop that another daemon had claimed; returns its job."""
    typed("init", "hot", "--rule", "web")
    job = new_job_id(time.time())
    claim = here / "hot/.retouchd/claims/1" / job
    claim.mkdir(parents=True)
    facts = Path(shutil.copy(SAMPLE, claim)).stat()
    entry = Entry(
        *(job, "hot", SAMPLE.name, (), facts.st_size),
        *(facts.st_mtime_ns, facts.st_ino, 1, time.time()),
    )
    with Database.open(here / "retouchd.db") as database:
        HeldJobs(database).adopt([entry], "nobody knows", time.time()).result()
    return job


def _state(here: Path) -> str:
    database = Database.open_reading(here / "retouchd.db")
    [row] = database.rows("SELECT state FROM jobs")
    database.close()
    return str(row["state"])


def test_held_jobs_are_listed(held: str, typed: Type) -> None:
    """For people and for programs, with the reason."""
    table, listed = typed("jobs", "held"), typed("jobs", "held", "--json")

    assert held in table.out
    [row] = json.loads(listed.out)
    assert (row["id"], row["reason"]) == (held, "nobody knows")


def test_release_without_a_daemon(held: str, here: Path, typed: Type) -> None:
    """The original is archived, no result is made, and the job is done."""
    answer = typed("jobs", "release", held)

    assert (answer.code, answer.out) == (0, f"{held}: done\n")
    assert _state(here) == "done"
    assert list((here / "hot/done").rglob("*.webp"))
    assert list((here / "hot/out").iterdir()) == []
    assert typed("jobs", "held").out == "no job is held\n"


def test_redeliver_without_a_daemon(held: str, here: Path, typed: Type) -> None:
    """Nothing is left of the results: the next start makes them again."""
    answer = typed("jobs", "redeliver", held)

    assert (answer.code, answer.out) == (0, f"{held}: runs with the next start\n")
    assert _state(here) == "queued"


def test_unknown_job_is_refused(held: str, typed: Type) -> None:
    """A wrong id is answered with the command that lists the right ones."""
    unknown = held[:-1] + ("1" if held.endswith("0") else "0")

    answer = typed("jobs", "release", unknown)

    assert answer.code == 1
    assert "see `retouchd jobs held`" in answer.err


def test_running_daemon_carries_the_word_out(
    held: str, here: Path, started: Callable[[Path], Any]
) -> None:
    """The folder's own thread runs the job again and hands its results out."""
    daemon = started(here)

    answer = daemon("jobs", "redeliver", held)
    again = daemon("jobs", "redeliver", held)

    assert (answer.code, answer.out) == (0, f"{held}: goes on\n")
    assert again.code == 2
    assert "there is no held job" in again.err
    give_up = time.monotonic() + PATIENCE_SECONDS
    while _state(here) != "done":
        assert time.monotonic() < give_up
        time.sleep(0.1)
    assert list((here / "hot/out").iterdir())
