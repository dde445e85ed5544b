"""The writer's promises: durable, grouped, each piece of work on its own."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import sqlite_utils
from structlog.testing import capture_logs

from retouchd.errors import LedgerError
from retouchd.ledger.connection import WRITER_CACHE_KIB
from retouchd.ledger.database import Database
from retouchd.ledger.schema.migrations import MIGRATIONS
from retouchd.ledger.writer import GROUP_LIMIT


def tell(what: str) -> Callable[[sqlite_utils.Database], object]:
    """Work that inserts one event and returns its number."""
    return lambda db: db.table("events").insert({"at": "", "what": what}).last_pk


def events(ledger: Database) -> list[str]:
    """Every event, in order."""
    return [row["what"] for row in ledger.rows("SELECT what FROM events ORDER BY id")]


def behind_a_stop(ledger: Database, count: int) -> list[Future[object]]:
    """Queue *count* writes while the writer is busy, so that they wait together."""
    busy, go_on = Event(), Event()
    ledger.write(lambda _db: (busy.set(), go_on.wait(60)))
    busy.wait(60)
    futures = [ledger.write(tell(str(number))) for number in range(count)]
    go_on.set()
    return futures


def test_waiting_writes_share_commits(ledger: Database) -> None:
    """200 writes that wait together need no more commits than groups of 64."""
    before = ledger.commits

    numbers = [future.result(60) for future in behind_a_stop(ledger, 200)]

    assert len(set(numbers)) == 200
    assert ledger.commits - before <= 1 + -(-200 // (GROUP_LIMIT - 1))


def test_writers_in_many_threads_share_commits(ledger: Database) -> None:
    """Sixteen threads that wait for their own writes need fewer commits than writes.

    How many wait together is the machine's: about a tenth of the commits are needed.
    """
    before = ledger.commits

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: ledger.write(tell(str(n))).result(60), range(320)))

    assert len(events(ledger)) == 320
    assert ledger.commits - before < 300


def test_failing_work_leaves_its_neighbours(ledger: Database) -> None:
    """What a failing piece did is undone; the pieces beside it are kept."""

    def fail(db: sqlite_utils.Database) -> None:
        tell("lost")(db)
        raise ValueError("on purpose")

    before, failed, after = (
        ledger.write(work) for work in (tell("a"), fail, tell("b"))
    )

    with pytest.raises(ValueError, match="on purpose"):
        failed.result(60)
    assert before.result(60) != after.result(60)
    assert events(ledger) == ["a", "b"]


def test_wrong_statement_is_a_ledger_error_that_breaks_nothing(
    ledger: Database,
) -> None:
    """A broken constraint names the file and leaves the ledger writable."""
    wrong = ledger.write(lambda db: db.execute("INSERT INTO events (id) VALUES (1)"))

    with pytest.raises(LedgerError, match=r"ledger\.db.*NOT NULL"):
        wrong.result(60)
    assert ledger.broken is None
    assert ledger.write(tell("still here")).result(60)


def test_a_cancelled_write_is_not_run(ledger: Database) -> None:
    """A caller may take its work back while it waits."""
    first, second = behind_a_stop(ledger, 2)

    taken_back = second.cancel()
    first.result(60)
    ledger.write(tell("last")).result(60)

    assert ("1" in events(ledger)) is not taken_back


def test_resolved_writes_survive_a_sudden_end(tmp_path: Path) -> None:
    """A process that ends without goodbye keeps each row whose future resolved."""
    path = tmp_path / "ledger.db"
    script = (
        "import os, sys; from pathlib import Path\n"
        "from retouchd.ledger.database import Database\n"
        "ledger = Database.open(Path(sys.argv[1]))\n"
        "ledger.write(lambda db: db.table('events').insert("
        "{'at': '', 'what': 'kept'})).result()\n"
        "os._exit(9)\n"
    )

    ended = subprocess.run([sys.executable, "-c", script, str(path)], check=False)

    assert ended.returncode == 9
    with Database.open(path) as ledger:
        assert events(ledger) == ["kept"]


def test_readers_see_commits_while_the_writer_works(ledger: Database) -> None:
    """A reader is neither blocked by an open transaction nor shown its rows."""
    ledger.write(tell("committed")).result(60)
    inside, go_on = Event(), Event()

    def work(db: sqlite_utils.Database) -> None:
        tell("not yet")(db)
        inside.set()
        go_on.wait(60)

    pending = ledger.write(work)
    inside.wait(60)
    with Database.open_reading(ledger.path) as other:
        seen = events(other), events(ledger)
    go_on.set()
    pending.result(60)

    assert seen == (["committed"], ["committed"])
    assert events(ledger) == ["committed", "not yet"]


def test_close_writes_what_is_queued(tmp_path: Path) -> None:
    """Nothing that was queued before closing is lost, and nothing is taken after."""
    ledger = Database.open(tmp_path / "ledger.db")
    futures = behind_a_stop(ledger, 100)

    ledger.close()

    assert all(future.done() for future in futures)
    with pytest.raises(LedgerError, match="already closed"):
        ledger.write(tell("late")).result(60)


def test_a_lock_held_by_another_breaks_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLITE_BUSY fails every pending write and marks the ledger as broken."""
    monkeypatch.setattr("retouchd.ledger.connection.BUSY_SECONDS", 0.05)
    path = tmp_path / "ledger.db"
    ledger = Database.open(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    futures = [ledger.write(tell("a")), ledger.write(tell("b"))]

    for future in futures:
        with pytest.raises(LedgerError, match="locked"):
            future.result(60)
    other.execute("ROLLBACK")
    other.close()
    with pytest.raises(LedgerError, match="locked"):
        ledger.write(tell("after")).result(60)
    assert ledger.broken is not None
    ledger.close()


def test_a_full_disk_breaks_the_ledger(ledger: Database) -> None:
    """SQLITE_FULL undoes the whole group and says to free space."""

    def fill(db: sqlite_utils.Database) -> None:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
        tell("x" * 1_000_000)(db)

    with pytest.raises(LedgerError, match="free space"):
        ledger.write(fill).result(60)

    assert ledger.broken is not None
    assert events(ledger) == []


def test_opened_for_durability(ledger: Database) -> None:
    """The writer's connection syncs at each commit and minds foreign keys."""

    def read(db: sqlite_utils.Database) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [db.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert ledger.write(read).result(60) == ["wal", 2, 1]


def test_the_writer_keeps_little_of_the_ledger(ledger: Database) -> None:
    """The daemon's memory does not grow with its ledger up to SQLite's own limit."""

    def limit(db: sqlite_utils.Database) -> int:
        # Negative: in KiB; what SQLite takes where nobody asks is -2000.
        return int(db.execute("PRAGMA cache_size").fetchone()[0])

    assert ledger.write(limit).result(60) == -WRITER_CACHE_KIB


@pytest.mark.parametrize("content", [b"no database at all" * 400, None])
def test_damaged_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    """A file that is no database, or has torn pages, is an error that names it."""
    path = tmp_path / "ledger.db"
    if content is None:
        Database.open(path).close()
        content = path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096)
    path.write_bytes(content)

    with (
        pytest.raises(LedgerError, match=r"ledger\.db") as caught,
        Database.open(path) as ledger,
    ):
        ledger.rows("SELECT * FROM prices")

    assert caught.value.hint


@pytest.mark.parametrize(
    ("magic", "name"), [(0x6969, "NFS"), (0xFE534D42, "SMB 2"), (0x65735546, "FUSE")]
)
def test_network_file_systems_are_refused(
    tmp_path: Path, magic: int, name: str
) -> None:
    """The message names the file system and the reason; no file is made."""
    path = tmp_path / "ledger.db"

    with pytest.raises(LedgerError, match=f"{name}.*one machine only"):
        Database.open(path, file_system_of=lambda _folder: magic)

    assert not path.exists()


def test_folder_is_made_but_not_its_parent(tmp_path: Path) -> None:
    """A missing parent is a disk that is not mounted, and is not hidden by a folder."""
    Database.open(tmp_path / "state" / "ledger.db").close()

    with pytest.raises(LedgerError, match=r"create .*missing/state"):
        Database.open(tmp_path / "missing" / "state" / "ledger.db")


def test_reading_needs_a_ledger_of_this_release(tmp_path: Path) -> None:
    """Missing, older and newer files are each told apart."""
    path = tmp_path / "ledger.db"
    with pytest.raises(LedgerError, match="no database yet"):
        Database.open_reading(path)

    for version, message in ((0, "not yet brought up"), (99, "newer release")):
        with sqlite3.connect(path) as plain:
            plain.execute(f"PRAGMA user_version = {version}")
        plain.close()
        with pytest.raises(LedgerError, match=message):
            Database.open_reading(path)


def test_reader_cannot_write(ledger: Database) -> None:
    """Neither ``write`` nor SQL changes anything through a reading ledger."""
    with Database.open_reading(ledger.path) as reader:
        with pytest.raises(LedgerError, match="reading only"):
            reader.write(tell("x"))
        with pytest.raises(LedgerError, match="readonly"):
            reader.rows("DELETE FROM prices")


def test_migration_is_done_once_and_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that fails leaves the old schema; the next start does it again."""
    path = tmp_path / "ledger.db"
    Database.open(path).close()

    def broken(db: sqlite_utils.Database) -> None:
        db.executescript("CREATE TABLE half (x TEXT) STRICT; SELECT * FROM nowhere;")

    monkeypatch.setattr(
        "retouchd.ledger.schema.migrations.MIGRATIONS", (*MIGRATIONS, broken)
    )
    with pytest.raises(LedgerError, match="nowhere"):
        Database.open(path)
    monkeypatch.undo()

    with Database.open(path) as ledger:
        assert not ledger.rows("SELECT * FROM sqlite_schema WHERE name = 'half'")
        versions = ledger.rows("SELECT max(version) AS newest FROM prices")
        assert versions == [{"newest": 1}]


def test_a_failure_that_nobody_waits_for_is_logged(tmp_path: Path) -> None:
    """P6: work that is told, not awaited, does not fail in silence."""
    database = Database.open(tmp_path / "ledger.db")

    def work(_: Any) -> None:
        raise RuntimeError("the job is not there")

    with capture_logs() as logs:
        database.tell(work).exception()
        database.close()

    assert [entry["event"] for entry in logs] == ["ledger_write_failed"]
    assert logs[0]["error"] == "the job is not there"
