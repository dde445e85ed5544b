"""Brings the schema of a database up to this release, or says why not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import sqlite_utils

from retouchd.errors import LedgerRefusedError
from retouchd.ledger.prices import import_default_prices, import_missing_prices
from retouchd.ledger.schema.clip_views import add_clip_seconds
from retouchd.ledger.schema.report_views import add_report_hours, add_report_views
from retouchd.ledger.schema.tables import create_tables
from retouchd.ledger.schema.usage_views import create_usage_tables


def _add_places_of_trouble(db: sqlite_utils.Database) -> None:
    """Say what a hot folder's file system can do, and where a gate found fault."""
    db.execute("ALTER TABLE hot_folders ADD COLUMN file_system TEXT")
    db.execute("ALTER TABLE gate_runs ADD COLUMN step TEXT")
    db.execute("ALTER TABLE gate_runs ADD COLUMN regions TEXT")


def _add_reviews_and_attempts(db: sqlite_utils.Database) -> None:
    """Say which attempt was kept, why a person looks, and what the person decided."""
    for column in (
        "kept_attempt INTEGER",
        "review_reason TEXT",
        "decision TEXT CHECK (decision IN ('approve', 'reject'))",
        "approved_at TEXT",
        "parent TEXT REFERENCES jobs (id)",
    ):
        db.execute(f"ALTER TABLE jobs ADD COLUMN {column}")
    db.execute("CREATE INDEX jobs_by_parent ON jobs (parent)")
    db.execute(
        "ALTER TABLE deliveries ADD COLUMN role TEXT NOT NULL DEFAULT 'result' "
        "CHECK (role IN ('result', 'preview', 'reason'))"
    )
    db.execute("ALTER TABLE deliveries ADD COLUMN fingerprint TEXT")
    _add_verdicts(db)
    create_usage_tables(db)
    add_report_hours(db)
    add_report_views(db)
    import_missing_prices(db)


def _add_verdicts(db: sqlite_utils.Database) -> None:
    """Make room for what people decide: what goes then, notes, results to refine."""
    db.execute("ALTER TABLE jobs ADD COLUMN leftovers TEXT")
    db.execute("ALTER TABLE deliveries ADD COLUMN removed_at TEXT")
    db.execute("ALTER TABLE reviews ADD COLUMN note TEXT")
    db.execute(
        "CREATE TABLE fixes (job_id TEXT PRIMARY KEY NOT NULL, "
        "parent TEXT NOT NULL REFERENCES jobs (id), hot_folder TEXT NOT NULL, "
        "source_path BLOB NOT NULL, name BLOB NOT NULL, bytes INTEGER NOT NULL, "
        "mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, recipe TEXT NOT NULL, "
        "asked_at TEXT NOT NULL, begun_at TEXT) STRICT"
    )
    db.execute("CREATE INDEX fixes_open ON fixes (hot_folder) WHERE begun_at IS NULL")


def _add_clip_seconds(db: sqlite_utils.Database) -> None:
    """Say how long clips run, and what generators of clips ask for a second."""
    add_clip_seconds(db)
    import_missing_prices(db)


MIGRATIONS: tuple[Callable[[sqlite_utils.Database], None], ...] = (
    create_tables,
    import_default_prices,
    _add_places_of_trouble,
    _add_reviews_and_attempts,
    _add_clip_seconds,
)
"""Steps of the schema in order; ``PRAGMA user_version`` counts those that are done.

A released step is never edited: a change is a new step at the end.
"""

_OURS = {"jobs", "deliveries", "hot_folders", "requests"}
"""Tables that every version has."""


def migrate(db: sqlite_utils.Database, path: Path) -> None:
    """Run the steps that are missing; all of them or none.

    Raises:
        LedgerRefusedError: see ``refuse_newer``.
    """
    db.conn.execute("BEGIN IMMEDIATE")
    version = version_of(db.conn)
    refuse_newer(version, path)
    for step in MIGRATIONS[version:]:
        step(db)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    db.conn.execute("COMMIT")


def version_of(connection: sqlite3.Connection) -> int:
    """Return how many steps the schema has behind it."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def is_current(version: int) -> bool:
    """Whether *version* is that of this release."""
    return version == len(MIGRATIONS)


def refuse_newer(version: int, path: Path) -> None:
    """Make sure that this release knows the schema.

    Raises:
        LedgerRefusedError: a newer release wrote it.
    """
    if version > len(MIGRATIONS):
        raise LedgerRefusedError(
            f"written by a newer release (schema {version}, here {len(MIGRATIONS)})",
            hint="update retouchd, or set `database` to another path",
            file=path,
        )


def refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    """Make sure that the file is empty or a ledger of ours.

    Raises:
        LedgerRefusedError: it is the database of another program.
        sqlite3.Error: it is no database, or cannot be read.
    """
    found = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    names = {row[0] for row in found}
    is_new = not names and version_of(connection) == 0
    if not is_new and not names >= _OURS:
        raise LedgerRefusedError(
            "this is the database of another program, not a ledger of retouchd",
            hint="set `database` to another path; nothing was changed in it",
            file=path,
        )
