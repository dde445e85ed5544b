"""The ledger's disk and its file make trouble: told at once, and nothing half."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
import sqlite_utils
from structlog.testing import capture_logs

from retouchd.errors import LedgerError, LedgerRefusedError
from retouchd.ledger.database import Database
from retouchd.ledger.jobs import Journal

SMALL_BALLAST = 2**16


def tell(what: str) -> Callable[[sqlite_utils.Database], object]:
    """Work that inserts one event."""
    return lambda db: db.table("events").insert({"at": "", "what": what}).last_pk


def limited(ballast: Path) -> Callable[[sqlite_utils.Database], None]:
    """Work that finds the disk full until the ballast is gone."""

    def work(db: sqlite_utils.Database) -> None:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        room = 0 if ballast.exists() else 1000
        db.execute(f"PRAGMA max_page_count = {pages + room}")
        tell("x" * 100_000)(db)

    return work


def test_ballast_takes_the_last_transitions(tmp_path: Path) -> None:
    """A full disk costs the reserve; what runs is written, nothing new is begun."""
    path = tmp_path / "ledger.db"
    ballast = tmp_path / "ledger.db.ballast"
    with (
        capture_logs() as logs,
        Database.open(path, ballast_bytes=SMALL_BALLAST) as ledger,
    ):
        allocated = ballast.stat().st_blocks * 512

        ledger.write(limited(ballast)).result(60)
        ledger.write(tell("the end of what ran")).result(60)

        with pytest.raises(LedgerError, match="free space"):
            Journal(ledger).intend([], 0.0)
        with pytest.raises(LedgerError, match="free space"):
            ledger.require_health()
        assert ledger.broken is None
        assert len(ledger.rows("SELECT * FROM events")) == 2
    assert allocated >= SMALL_BALLAST
    assert not ballast.exists()
    assert [entry["event"] for entry in logs] == ["ledger_disk_full"]


def test_ballast_comes_back(tmp_path: Path) -> None:
    """The next start makes the reserve anew where there is room."""
    path = tmp_path / "ledger.db"
    Database.open(path, ballast_bytes=SMALL_BALLAST).close()
    (tmp_path / "ledger.db.ballast").unlink()

    Database.open(path, ballast_bytes=SMALL_BALLAST).close()

    assert (tmp_path / "ledger.db.ballast").stat().st_size == SMALL_BALLAST


def test_start_waits_for_room(tmp_path: Path) -> None:
    """Without room for the reserve nothing is opened, and nothing left half."""
    path = tmp_path / "ledger.db"
    free = shutil.disk_usage(tmp_path).free

    with pytest.raises(LedgerError, match=r"no room|cannot be made"):
        Database.open(path, ballast_bytes=free * 4)

    assert list(tmp_path.iterdir()) == []


def test_breaking_is_told_once(ledger: Database) -> None:
    """One event for the whole trouble, however many writes fail after it."""

    def fill(db: sqlite_utils.Database) -> None:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
        tell("x" * 1_000_000)(db)

    with capture_logs() as logs:
        for _ in range(3):
            ledger.tell(fill).exception(5)

    assert [entry["event"] for entry in logs] == ["ledger_broken"]


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_a_file_that_goes_away_breaks_the_ledger(ledger: Database, how: str) -> None:
    """Writing on into a file without a name would be lost at the next start."""
    ledger.require_health()
    ledger.path.unlink()
    if how == "replaced":
        ledger.path.touch()

    with pytest.raises(LedgerError, match="moved, deleted or replaced"):
        ledger.require_health()
    with pytest.raises(LedgerError, match="moved, deleted or replaced"):
        ledger.write(tell("lost")).result(60)


def test_a_commit_that_hangs_is_seen(ledger: Database) -> None:
    """How long the writer has been at one group can be asked from any thread."""
    inside, go_on = Event(), Event()
    ledger.write(lambda _: (inside.set(), go_on.wait(60)))
    inside.wait(60)

    during = ledger.stalled_seconds
    go_on.set()
    ledger.write(tell("next")).result(60)
    ledger.close()

    assert during > 0
    assert ledger.stalled_seconds == 0


def test_reading_a_torn_page_breaks_the_ledger(tmp_path: Path) -> None:
    """Damage that only a reader meets stops the writer too."""
    path = tmp_path / "ledger.db"
    with Database.open(path) as ledger:
        ledger.write(tell("x" * 50_000)).result(60)
    with Database.open(path) as ledger:
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (size - 4096))

        with pytest.raises(LedgerError):
            ledger.rows("SELECT * FROM events")

        assert ledger.broken is not None


def test_damage_is_refused_at_the_start(tmp_path: Path) -> None:
    """All pages are looked through, and the file stays as it is."""
    path = tmp_path / "ledger.db"
    with Database.open(path) as ledger:
        ledger.write(tell("x" * 50_000)).result(60)
    content = bytearray(path.read_bytes())
    content[-8192:-4096] = b"\xff" * 4096
    path.write_bytes(content)

    with pytest.raises(LedgerRefusedError, match="fsck"):
        Database.open(path)

    assert path.read_bytes() == content


def test_a_log_without_its_database_is_refused(tmp_path: Path) -> None:
    """SQLite would delete it, and with it the last transitions."""
    path = tmp_path / "ledger.db"
    log = tmp_path / "ledger.db-wal"
    log.write_bytes(b"frames")

    with pytest.raises(LedgerRefusedError, match="write-ahead log"):
        Database.open(path)

    assert log.read_bytes() == b"frames"


def test_foreign_database_is_refused_unchanged(tmp_path: Path) -> None:
    """Not even the journal mode of another program's database is touched."""
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE photos (name)")
    before = path.read_bytes()

    with pytest.raises(LedgerRefusedError, match="another program"):
        Database.open(path)

    assert path.read_bytes() == before


def test_unknown_jobs_are_told_apart(ledger: Database) -> None:
    """Only those without a row come back, in their order."""
    rows = [{"id": job, "hot_folder": "h", "source_name": "", "state": "done"}
            for job in ("a", "b")]  # fmt: skip
    ledger.write(lambda db: db.table("jobs").insert_all(rows)).result(60)

    assert Journal(ledger).unknown(["x", "a", "y"]) == ["x", "y"]
