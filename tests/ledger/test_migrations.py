"""Every released schema is brought up to this release, with all of its rows."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from retouchd.errors import LedgerRefusedError
from retouchd.ledger.database import Database
from retouchd.ledger.reports import report
from retouchd.ledger.schema.migrations import MIGRATIONS
from retouchd.ledger.survey import survey
from retouchd.ledger.views import folder_rows, job_story

VERSIONS = sorted((Path(__file__).parent / "versions").glob("*.sql"))

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=VERSIONS, ids=lambda path: path.stem)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A ledger as a released version left it."""
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(request.param.read_text(encoding="utf-8"))
    return path


def content(path: Path) -> Rows:
    """Return every row of every table."""
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        tables = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        return {
            name: [dict(row) for row in db.execute(f"SELECT * FROM {name}")]
            for (name,) in tables.fetchall()
        }


def version_of(path: Path) -> int:
    """Return the number of the schema."""
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def schema_of(path: Path) -> dict[str, list[str]]:
    """Return the columns of every table and view."""
    with closing(sqlite3.connect(path)) as db:
        names = db.execute("SELECT name FROM sqlite_schema WHERE type != 'index'")
        return {
            name: [row[1] for row in db.execute(f"PRAGMA table_info({name})")]
            for (name,) in names.fetchall()
        }


def test_all_rows_are_kept(old: Path) -> None:
    """New columns and shipped prices may come; no row and no value goes."""
    before = content(old)

    Database.open(old).close()

    after = content(old)
    assert version_of(old) == len(MIGRATIONS)
    for table, rows in before.items():
        known = [{k: row[k] for k in rows[0]} for row in after[table]] if rows else []
        if table == "prices":
            known = known[: len(rows)]
        assert known == rows, table


def test_shipped_prices_that_are_missing_come(old: Path, tmp_path: Path) -> None:
    """An old ledger learns what a new one knows; what somebody set stays in force."""
    Database.open(tmp_path / "new.db").close()
    with closing(sqlite3.connect(old)) as db, db:
        db.execute("DELETE FROM prices WHERE provider IN ('topaz', 'bria')")
        db.execute("UPDATE prices SET valid_to = '2026-01-01' WHERE provider = 'fal'")
    ended = [row for row in content(old)["prices"] if row["provider"] == "fal"]

    Database.open(old).close()

    def keys(path: Path) -> set[tuple[str, str, str]]:
        rows = content(path)["prices"]
        return {(row["provider"], row["item"], row["unit"]) for row in rows}

    assert keys(old) >= keys(tmp_path / "new.db")
    after = content(old)["prices"]
    assert [row for row in ended if row not in after] == []


def test_schema_is_that_of_a_new_ledger(old: Path, tmp_path: Path) -> None:
    """Old and new ledgers have the same tables, views and columns."""
    Database.open(tmp_path / "new.db").close()

    Database.open(old).close()

    assert schema_of(old) == schema_of(tmp_path / "new.db")


def test_views_read_a_migrated_ledger(old: Path) -> None:
    """What commands show works on old rows too."""
    with Database.open(old) as ledger:
        folders = folder_rows(ledger)
        stories = [
            job_story(ledger, row["id"]) for row in ledger.rows("SELECT id FROM jobs")
        ]

        reported = report(ledger).total
        hours = ledger.rows("SELECT count(*) AS n FROM report_hours")[0]["n"]

    assert folders[0]["hot_folder"] == "products"
    assert len(stories) == reported.jobs == 8
    assert hours >= 1


def test_survey_reads_every_version(old: Path) -> None:
    """`retouchd fsck` knows the jobs of an old ledger before it is migrated."""
    before = old.read_bytes()

    found = survey(old)

    assert (found.condition, len(found.jobs)) == ("sound", 8)
    assert found.jobs["01KAN000000000000000000002"].members == ("sub/claimed.json",)
    assert old.read_bytes() == before


def test_every_version_has_its_fixture() -> None:
    """A new step needs the ledger of the release before it, frozen."""
    versions = set()
    for path in VERSIONS:
        with closing(sqlite3.connect(":memory:")) as db:
            db.executescript(path.read_text(encoding="utf-8"))
            versions.add(db.execute("PRAGMA user_version").fetchone()[0])

    # 2: before the first change; 4: before clips had a length. One step follows.
    assert versions == {2, 4}
    assert len(MIGRATIONS) == 5


def test_newer_ledger_is_refused_unchanged(old: Path) -> None:
    """A ledger of a later release is left as it is."""
    with closing(sqlite3.connect(old)) as db, db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = content(old)

    with pytest.raises(LedgerRefusedError, match=r"newer release .*update retouchd"):
        Database.open(old)

    assert content(old) == before


HALF = """
import os, signal, sys
from pathlib import Path
from retouchd.ledger.schema import migrations
from retouchd.ledger.database import Database

def die(db):
    db.execute("CREATE TABLE half (x TEXT) STRICT")
    db.execute("DELETE FROM events")
    os.kill(os.getpid(), signal.SIGKILL)

migrations.MIGRATIONS = (*migrations.MIGRATIONS, die)
Database.open(Path(sys.argv[1]))
"""


def test_killed_half_way(old: Path) -> None:
    """A migration is one transaction: killed in it, the old ledger is there."""
    before = content(old)

    killed = subprocess.run([sys.executable, "-c", HALF, str(old)], check=False)

    assert killed.returncode == -signal.SIGKILL
    assert content(old) == before
    Database.open(old).close()
    assert version_of(old) == len(MIGRATIONS)
