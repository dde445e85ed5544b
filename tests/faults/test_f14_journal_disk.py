"""F14: the journal is killed at its checkpoints, and its disk fills up or fails."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from auditor import Input, audit
from harness.process import DaemonProcess
from harness.site import Site
from mounts.disk import Loop, Memory

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

Until = Callable[..., None]
Figure = Callable[..., None]

COUNT = 24
SIDE = 400

TEMPORARY = 75
"""What the service manager answers with a new start."""

SMALL_MEGABYTES = 24
DISK_MEGABYTES = 64

WRITER = """
import sys
from pathlib import Path
from retouchd.ledger.database import Database
ledger = Database.open(Path(sys.argv[1]))
for number in range(4000):
    event = {"at": "", "what": f"{number} " + "x" * 3000}
    ledger.write(lambda db: db.table("events").insert(event)).result()
    print(number, flush=True)
"""
"""Commits rows of nearly a page, so that a checkpoint comes every few hundred."""


@pytest.mark.needs("strace")
def test_killed_during_checkpoints(tmp_path: Path, figures: Figure) -> None:
    """A kill at any write into the database file loses no row that was promised."""
    points = [1, 2, 3, 5, 40, 400, 900, 1500]
    for point in points:
        path = tmp_path / f"{point}.db"
        done = subprocess.run(
            [
                *("strace", "-f", "-qq", "-o", "/dev/null", "-P", path),
                *("-e", "trace=pwrite64"),
                *("-e", f"inject=pwrite64:signal=SIGKILL:when={point}"),
                *(sys.executable, "-c", WRITER, path),
            ],
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        promised = len(done.stdout.split())

        with closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            tables = {row[0] for row in db.execute("SELECT name FROM sqlite_schema")}
            query = "SELECT count(*) FROM events"
            rows = db.execute(query).fetchone()[0] if "events" in tables else 0
        assert rows in (promised, promised + 1), f"kill at write {point}"
    figures("F14", case="checkpoint", kills=len(points), lost=0)


@pytest.mark.needs("root", "mount")
def test_disk_of_the_journal_fills_up(
    make_site: Callable[..., Site], tmp_path: Path, until: Until, figures: Figure
) -> None:
    """The reserve takes the last transitions; the daemon ends and waits for room."""
    with Memory(tmp_path / "small", SMALL_MEGABYTES) as disk:
        database = disk.point / "retouchd.db"
        site = make_site(tmp_path, settings={"database": str(database)})
        ballast = disk.point / "retouchd.db.ballast"
        daemon = site.start()
        until(lambda: daemon.has_said("started"), "the start")
        assert ballast.stat().st_blocks * 512 >= 16 * 2**20
        disk.fill()

        inputs = site.drop(COUNT, side=SIDE)
        code = daemon.wait(120)
        assert (code, ballast.exists()) == (TEMPORARY, False)
        assert daemon.has_said("ledger_disk_full")

        take_the_rest(disk)
        refused = site.start("--once")
        assert refused.wait(60) == TEMPORARY
        assert "the disk is full" in refused.log()

        disk.make_room()
        site.start("--once").wait(120)
        verdict = audit(inputs, root=site.root)

        assert verdict.is_clean, str(verdict)
        assert verdict.right == COUNT
        assert ballast.stat().st_size == 16 * 2**20
    figures("F14", case="disk full", files=COUNT, lost=0)


def take_the_rest(disk: Memory) -> None:
    """Take what the daemon gave back of a full disk."""
    with (disk.point / "filler").open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Loop]:
    """An ext4 for the journal alone."""
    with Loop(tmp_path / "journal", DISK_MEGABYTES) as made:
        yield made


STRIKES: dict[str, Callable[[Loop], None]] = {
    # As ext4 does of its own after an error (errors=remount-ro).
    "read-only": lambda disk: disk.remount("abort"),
    "I/O errors": Loop.cut,
}


@pytest.mark.needs("root", "mkfs.ext4")
@pytest.mark.parametrize("strike", STRIKES)
def test_disk_of_the_journal_fails(
    disk: Loop,
    make_site: Callable[..., Site],
    tmp_path: Path,
    until: Until,
    figures: Figure,
    strike: str,
) -> None:
    """At work the daemon ends with one word, does not start, and loses nothing."""
    database = disk.point / "retouchd.db"
    site = make_site(tmp_path / "site", settings={"database": str(database)})
    daemon = site.start()
    inputs = site.drop(COUNT // 2, side=SIDE)
    until(lambda: len(_files(site.root / "done")) == len(inputs), "half of the work")
    inputs += _claimed_but_not_run(site, daemon, until)

    STRIKES[strike](disk)
    for worker in daemon.workers():
        os.kill(worker, signal.SIGCONT)
    code = daemon.wait(60)
    refused = site.start("--once")
    refusal = refused.wait(60)
    _power_up(site, disk)
    ended = site.start("--once").wait(120)
    verdict = audit(inputs, root=site.root)

    assert (code, refusal) == (TEMPORARY, TEMPORARY), daemon.log() + refused.log()
    assert _count(daemon, "ledger_broken") == 1, daemon.log()
    assert ended == 0
    assert verdict.is_clean, str(verdict)
    assert verdict.right == COUNT, str(verdict)
    figures("F14", case=f"disk: {strike}", files=COUNT, lost=0)


def _claimed_but_not_run(
    site: Site, daemon: DaemonProcess, until: Until
) -> list[Input]:
    """Drop the other half while the workers sleep; wait until all are claimed."""
    for worker in daemon.workers():
        os.kill(worker, signal.SIGSTOP)
    inputs = site.drop(COUNT - COUNT // 2, side=SIDE)
    claims = site.root / ".retouchd/claims"
    until(lambda: len(_files(claims)) == len(inputs), "the claims")
    return inputs


def _files(folder: Path) -> list[str]:
    return [name for _, _, names in os.walk(folder) for name in names]


def _power_up(site: Site, disk: Loop) -> None:
    site.kill_all()
    disk.power_up()


def _count(daemon: DaemonProcess, event: str) -> int:
    return daemon.log().count(f'"event": "{event}"')
