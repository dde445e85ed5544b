"""F14: the journal is gone, moved, old, damaged or locked."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from auditor import Input, Verdict, audit
from harness.process import DaemonProcess
from harness.replay import Replay
from harness.site import Site

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

Until = Callable[..., None]
Figure = Callable[..., None]

COUNT = 24
SIDE = 400

TEMPORARY = 75
"""What the service manager answers with a new start."""

OLD_LEDGER = Path(__file__).resolve().parents[1] / "ledger/versions/v1.sql"


def fsck(site: Site, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `retouchd fsck` as a person does."""
    return subprocess.run(
        [sys.executable, "-m", "retouchd", "--config", site.config, "fsck", *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def digest_of(folder: Path) -> str:
    """Return one digest over every file below *folder* but locks and SQLite's index."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        is_content = path.is_file() and path.stat().st_size
        if is_content and not path.name.endswith(("lock", "-shm")):
            digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


def files_below(folder: Path) -> list[str]:
    """Return the names of all files, also while folders come and go."""
    return [name for _, _, names in os.walk(folder) for name in names]


def kill_at_work(site: Site, until: Until) -> list[Input]:
    """Kill the daemon when half of the pictures are done and half are claimed."""
    first = site.drop(COUNT // 2, side=64)
    daemon = site.start()
    until(lambda: len(list((site.root / "out").glob("*.png"))) == len(first), "half")
    workers = daemon.workers()
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    second = site.drop(COUNT - len(first), side=64)
    claims = site.root / ".retouchd/claims"
    until(lambda: len(files_below(claims)) >= len(second), "the claims")
    daemon.kill()
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    return first + second


def finish(site: Site, inputs: list[Input], root: Path | None = None) -> Verdict:
    """Let the daemon finish everything, and judge."""
    site.start("--once").wait(120)
    return audit(inputs, root=root or site.root)


def assert_nothing_lost(verdict: Verdict, count: int = COUNT) -> None:
    """Every input is right, or held for a person: not lost, twice or half."""
    assert verdict.is_clean, str(verdict)
    assert verdict.right + verdict.held == count, str(verdict)


def tear_pages(database: Path) -> None:
    """Overwrite the middle of the file, as a bad disk does, with its log applied."""
    with closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(4096)
        file.write(random.Random(14).randbytes(size - 8192))


def remove(database: Path) -> None:
    """Delete a database with all that SQLite keeps beside it."""
    for ending in ("", "-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)


@pytest.mark.parametrize("state", ["gone", "empty", "damaged"])
def test_journal_lost_while_stopped(
    site: Site, until: Until, figures: Figure, state: str
) -> None:
    """It is rebuilt from the claims, by a plan that is shown first."""
    inputs = kill_at_work(site, until)
    if state == "damaged":
        tear_pages(site.database)
    else:
        remove(site.database)
    if state == "empty":
        site.database.touch()
    before = digest_of(site.base)

    plan = fsck(site)
    after = digest_of(site.base)
    done = fsck(site, "--apply")
    again = fsck(site)
    verdict = finish(site, inputs)

    assert plan.returncode == 1, plan.stderr
    assert before == after, "a plan changed something"
    assert (done.returncode, again.returncode) == (0, 0), done.stderr + again.stdout
    assert_nothing_lost(verdict)
    kept = list(site.database.parent.glob("retouchd.db.damaged-*"))
    assert bool(kept) == (state == "damaged")
    figures("F14", case=f"journal {state}", right=verdict.right, held=verdict.held)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_journal_lost_at_any_moment(
    site: Site, until: Until, figures: Figure, replay: Replay, seed: int
) -> None:
    """Killed anywhere, also while results are handed out: never twice, never lost."""
    inputs = site.drop(COUNT, side=64)
    daemon = site.start()
    until(lambda: files_below(site.root / ".retouchd/claims"), "a claim")
    time.sleep(random.Random(seed).uniform(0.0, 1.5))
    daemon.kill()
    remove(site.database)

    done = fsck(site, "--apply")
    verdict = finish(site, inputs)

    with replay(seed=seed):
        assert done.returncode == 0, done.stdout + done.stderr
        assert_nothing_lost(verdict)
    figures("F14", case="lost", seed=seed, right=verdict.right, held=verdict.held)


def test_start_without_the_journal_touches_no_claim(site: Site, until: Until) -> None:
    """A daemon with a new journal leaves claims that it does not know alone."""
    inputs = kill_at_work(site, until)
    remove(site.database)

    daemon = site.start()
    until(lambda: "retouchd fsck" in daemon.log(), "the hint to fsck")
    time.sleep(1)
    daemon.send(signal.SIGTERM)
    daemon.wait()
    verdict = audit(inputs, root=site.root, left_allowed=True)
    mended = fsck(site, "--apply")
    finished = finish(site, inputs)

    assert not verdict.lost
    assert not verdict.duplicated
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert_nothing_lost(finished)


def test_damaged_journal_is_refused_and_kept(site: Site, until: Until) -> None:
    """The start ends with 2 and says what to do; not a byte of the file changes."""
    kill_at_work(site, until)
    tear_pages(site.database)
    before = site.database.read_bytes()

    daemon = site.start("--once")

    assert daemon.wait() == 2
    assert "retouchd.db" in daemon.log()
    assert "retouchd fsck" in daemon.log()
    assert site.database.read_bytes() == before


@pytest.mark.parametrize("kind", ["foreign", "newer"])
def test_database_of_another_program_is_refused(site: Site, kind: str) -> None:
    """Neither the daemon nor fsck writes into it."""
    statement = (
        "CREATE TABLE jobs (x)" if kind == "foreign" else "PRAGMA user_version = 99"
    )
    if kind == "newer":
        site.start("--once").wait()
    with closing(sqlite3.connect(site.database)) as db, db:
        db.execute(statement)
    before = site.database.read_bytes()

    daemon = site.start("--once")
    code = daemon.wait()
    answer = fsck(site, "--apply")

    assert (code, answer.returncode) == (2, 2)
    assert {"foreign": "another program", "newer": "newer release"}[kind] in (
        daemon.log()
    )
    assert site.database.read_bytes() == before


def test_moved_to_another_host(
    make_site: Callable[..., Site], tmp_path: Path, until: Until, figures: Figure
) -> None:
    """Folders and state are copied elsewhere: other paths, inodes and boot."""
    old = make_site(tmp_path / "old")
    inputs = kill_at_work(old, until)
    new = make_site(tmp_path / "new")
    shutil.rmtree(new.root)
    shutil.copytree(old.root, new.root)
    shutil.rmtree(new.base / "state")
    shutil.copytree(old.base / "state", new.base / "state")

    mended = fsck(new, "--apply")
    verdict = finish(new, inputs)

    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert_nothing_lost(verdict)
    figures("F14", case="moved host", right=verdict.right, held=verdict.held)


def test_older_schema_is_brought_up(site: Site) -> None:
    """A ledger of the first release works on, with every row it had."""
    with closing(sqlite3.connect(site.database)) as db:
        db.executescript(OLD_LEDGER.read_text())
        before = db.execute("SELECT id, state FROM jobs").fetchall()
    inputs = site.drop(3)

    verdict = finish(site, inputs)

    assert verdict.right == 3, str(verdict)
    after = site.rows("SELECT id, state FROM jobs WHERE hot_folder = 'products'")
    assert sorted(before) == sorted(after)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold the write lock, as a backup that went wrong does."""
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield
        db.execute("ROLLBACK")


def test_locked_by_another_process(site: Site, until: Until, figures: Figure) -> None:
    """Locked at the start or while it runs: exit 75, one clear event, nothing lost."""
    daemon = site.start()
    until(lambda: daemon.has_said("started"), "the start")
    with locked(site.database):
        inputs = site.drop(COUNT, side=64)
        code = daemon.wait(60)
        refused = site.start("--once").wait(60)

    verdict = finish(site, inputs)

    assert (code, refused) == (TEMPORARY, TEMPORARY)
    assert daemon.log().count('"event": "ledger_broken"') == 1
    assert "stop the other program" in daemon.log()
    assert verdict.is_clean, str(verdict)
    assert verdict.right == COUNT
    figures("F14", case="locked", files=COUNT, lost=0)


def test_deleted_under_a_running_daemon(site: Site, until: Until) -> None:
    """The daemon notices within seconds and ends; nothing goes on unseen."""
    daemon: DaemonProcess = site.start()
    until(lambda: daemon.has_said("started"), "the start")

    site.database.unlink()

    assert daemon.wait(30) == TEMPORARY
    assert "moved, deleted or replaced" in daemon.log()
