"""Results that wait, decided by commands: with a daemon, without one, on a terminal."""

from __future__ import annotations

import json
import os
import pty
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

SAMPLE = Path(__file__).resolve().parents[2] / "sample_hotfolder/in/lowres_watch.webp"
PATIENCE_SECONDS = 60

RULE = """
rule: shown
steps:
  - resize: {long_edge: 64}
outputs:
  - {name: "{stem}.png"}
  - {name: "web/{stem}.jpg"}
review: {when: always}
"""

Type = Callable[..., Any]


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which one result waits."""
    folder = tmp_path_factory.mktemp("reviewed")
    command = [sys.executable, "-m", "retouchd"]
    (folder / "rules").mkdir()
    (folder / "rules/shown.yaml").write_text(RULE)
    subprocess.run([*command, "init", "hot", "--rule", "web"], cwd=folder, check=True)
    config = folder / "retouchd.toml"
    text = config.read_text().replace('["web"]', '["shown"]')
    tail = "\n[intake]\nsettle_seconds = 0.1\n"
    config.write_text(f'rules_dir = "rules"\n{text}{tail}')
    shutil.copy(SAMPLE, folder / "hot/in/watch.webp")
    done = subprocess.run(
        [*command, "run", "--once"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    assert "1 wait for review" in done.stdout
    return folder


@pytest.fixture
def waiting(reviewed: Path, here: Path) -> Iterator[Path]:
    """A copy of that folder, at the same path in the ledger's eyes."""
    kept = here / "kept"
    shutil.copytree(reviewed, kept)
    previous = Path.cwd()
    os.chdir(reviewed)
    yield reviewed
    os.chdir(previous)
    shutil.rmtree(reviewed)
    shutil.copytree(kept, reviewed)


def job_in(folder: Path) -> str:
    """Return the one job that is there."""
    return str(rows(folder, "SELECT id FROM jobs ORDER BY id")[0][0])


def rows(folder: Path, sql: str) -> list[Any]:
    """Ask the ledger."""
    with closing(sqlite3.connect(folder / "retouchd.db")) as db:
        return db.execute(sql).fetchall()


def files(folder: Path, name: str) -> set[str]:
    """Return the files below one folder of the root."""
    root = folder / "hot" / name
    return {str(one.relative_to(root)) for one in root.rglob("*") if one.is_file()}


def test_list_tells_what_waits(waiting: Path, typed: Type) -> None:
    """With the reason, for people and for programs."""
    table, listed = typed("review", "list"), typed("review", "list", "--json")

    [row] = json.loads(listed.out)
    assert row["job"] == job_in(waiting)
    assert "shows everything" in row["reason"]
    assert row["job"] in table.out


def test_show_tells_where_and_why(waiting: Path, typed: Type) -> None:
    """Into a pipe it only prints."""
    answer = typed("review", "show", job_in(waiting))

    assert answer.code == 0
    assert "watch.png.preview.jpg" in answer.out
    assert "Why you see it" in answer.out


def test_verdicts_without_a_daemon(waiting: Path, typed: Type) -> None:
    """Done at once, with the login name and the estimate that the settings say."""
    job = job_in(waiting)

    approved = typed("review", "approve", job)
    out = files(waiting, "out")
    undone = typed("review", "undo", job, "--by", "bert")
    rejected = typed(
        *("review", "reject", job, "--reason", "soft", "--note", "fur"),
        *("--seconds", "12.5"),
    )

    assert (approved.code, undone.code, rejected.code) == (0, 0, 0)
    assert out == {"watch.png", "web/watch.jpg"}
    assert "watch.png.reason.txt" in files(waiting, "rejected")
    found = rows(waiting, "SELECT verdict, seconds, seconds_estimated FROM reviews")
    assert found == [("approve", 10.0, 1), ("undo", 5.0, 1), ("reject", 12.5, 0)]
    assert rows(waiting, "SELECT reviewer FROM reviews")[1] == ("bert",)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("reject", "JOB", "--reason", "sofd"), "did you mean soft?"),
        (("reject", "JOB"), "Missing option '--reason'"),
        (("undo", "JOB"), "undo is not possible"),
        (("approve", "01ARZ3NDEKTSV4RRFFQ69G5FAV"), "there is no job"),
        (("fix", "JOB", "--step", "erase"), "needs at least one --region"),
        (("fix", "JOB", "--step", "crop"), "needs options"),
        (("fix", "JOB", "--step", "sharpen", "--region", "1,1,2,2"), "takes no"),
        (("fix", "JOB", "--step", "erase", "--region", "1,1"), "is not x,y,width"),
        (("fix", "JOB", "--step", "erase", "--region", "900,1,9,9"), "lies outside"),
    ],
)
def test_mistakes_change_nothing(
    waiting: Path, typed: Type, words: tuple[str, ...], said: str
) -> None:
    """Each is answered with the way out."""
    job = job_in(waiting)

    answer = typed("review", *(job if word == "JOB" else word for word in words))

    assert answer.code == 2
    assert said in answer.err
    assert rows(waiting, "SELECT count(*) FROM reviews") == [(0,)]


def test_reasons_of_the_house(waiting: Path, typed: Type) -> None:
    """A file beside the configuration adds codes and words others anew."""
    (waiting / "reject_reasons.toml").write_text(
        '[[reasons]]\ncode = "legal"\nmeans = "rights"\n'
        '[[reasons]]\ncode = "soft"\nmeans = "mushy"\n'
    )

    listed = typed("review", "reasons", "--json")
    answer = typed("review", "reject", job_in(waiting), "--reason", "legal")

    known = {row["reason"]: row["means"] for row in json.loads(listed.out)}
    assert (known["legal"], known["soft"]) == ("rights", "mushy")
    assert "artefacts" in known
    assert answer.code == 0


def test_broken_reasons_name_their_file(waiting: Path, typed: Type) -> None:
    """A mistake in that file is one line."""
    (waiting / "reject_reasons.toml").write_text('[[reasons]]\ncode = "A B"\n')

    answer = typed("review", "reasons")

    assert answer.code == 2
    assert "reject_reasons.toml" in answer.err


def test_running_daemon_decides(waiting: Path, started: Callable[[Path], Any]) -> None:
    """Within a second, and a moved file as well; a refined result is made and waits."""
    daemon = started(waiting)
    job = job_in(waiting)
    began = time.monotonic()

    approved = daemon("review", "approve", job)
    asked, answered = rows(waiting, "SELECT asked_at, answered_at FROM requests")[0]
    again = daemon("review", "approve", job)
    daemon("review", "undo", job)
    fixed = daemon(
        *("review", "fix", job, "--step", "erase", "--region", "20,20,16,16"),
    )

    assert (approved.code, again.code, fixed.code) == (0, 2, 0)
    assert "is done: approve is not possible" in again.err
    assert answered is not None, (asked, began)
    child = fixed.out.split()[-1]
    _wait_for(waiting, child, "review")
    assert "watch.png.preview.jpg" in files(waiting, "review")
    review = waiting / "hot/review"
    (review / "watch.png").rename(review / "approve/watch (1).png")
    _wait_for(waiting, child, "done")
    assert files(waiting, "out") == {"watch.png", "web/watch.jpg"}
    assert rows(waiting, "SELECT count(*) FROM credits") == [(0,)]
    assert rows(waiting, f"SELECT parent FROM jobs WHERE id = '{child}'") == [(job,)]


def _wait_for(folder: Path, job: str, state: str) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while rows(folder, f"SELECT state FROM jobs WHERE id = '{job}'") != [(state,)]:
        assert time.monotonic() < give_up
        time.sleep(0.1)


def test_terminal_measures_the_look(waiting: Path) -> None:
    """Time from the preview to the word, no estimate."""
    job = job_in(waiting)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "retouchd", "review", "show", job]
    said = b""
    with subprocess.Popen(
        command, cwd=waiting, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        while b"[skip]" not in said:
            said += os.read(ours, 4096)
        time.sleep(0.3)
        os.write(ours, b"approve\n")
        code = process.wait(PATIENCE_SECONDS)
    os.close(ours)

    assert code == 0
    [(verdict, seconds, estimated)] = rows(
        waiting, "SELECT verdict, seconds, seconds_estimated FROM reviews"
    )
    assert (verdict, estimated) == ("approve", 0)
    assert 0.3 <= seconds < PATIENCE_SECONDS
