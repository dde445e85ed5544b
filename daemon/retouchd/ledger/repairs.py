"""Mends a ledger by what the hot folders hold; only `retouchd fsck` uses it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import sqlite_utils

from retouchd.ledger.database import Database
from retouchd.ledger.entries import Entry, intent_row, readable
from retouchd.ledger.survey import SIDE_FILES, KnownJob
from retouchd.ledger.transitions import set_columns, tell


class Repairs:
    """Changes that no job ever makes by itself; each is one commit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def adopt(self, entries: Iterable[tuple[Entry, str]], at: float) -> None:
        """Enter claims that have no row.

        Args:
            entries: each with the reason why it is held; empty: it is run again.
            at: seconds since the epoch.
        """

        def work(db: sqlite_utils.Database) -> None:
            for entry, held in entries:
                db.table("jobs").insert(_row(entry, held, at))
                tell(db, entry.job, at, "rebuilt", "entered anew from its claim folder")
                if held:
                    tell(db, entry.job, at, "held", held)

        self._database.write(work).result()

    def hold(self, reasons: Mapping[str, str], at: float) -> None:
        """Leave these jobs to a person."""

        def work(db: sqlite_utils.Database) -> None:
            for job, reason in reasons.items():
                error = readable(reason)
                set_columns(db, job, journal="HELD", state="held", error=error)
                tell(db, job, at, "held", reason)

        self._database.write(work).result()

    def close_as_lost(self, reasons: Mapping[str, str], at: float) -> None:
        """End these jobs as failed: their files are gone."""

        def work(db: sqlite_utils.Database) -> None:
            for job, reason in reasons.items():
                error = readable(reason)
                set_columns(db, job, journal="QUARANTINED", state="failed", error=error)
                tell(db, job, at, "lost", reason)

        self._database.write(work).result()

    def repoint(self, jobs: Iterable[KnownJob], at: float) -> None:
        """Write anew where things of these jobs lie, in a root that was moved."""

        def work(db: sqlite_utils.Database) -> None:
            for job in jobs:
                for number, stage, final in job.outputs:
                    db.execute(
                        "UPDATE deliveries SET stage = ?, path = ? "
                        "WHERE job_id = ? AND output = ?",
                        [str(stage), readable(str(final)), job.job, number],
                    )
                archive = os.fsencode(job.archive) if job.archive else None
                set_columns(db, job.job, archive=archive)
                tell(db, job.job, at, "moved", "its hot folder lies elsewhere now")

        self._database.write(work).result()


def _row(entry: Entry, held: str, at: float) -> dict[str, object]:
    row = intent_row(entry, at)
    if held:
        return row | {"journal": "HELD", "state": "held", "error": readable(held)}
    return row | {"journal": "CLAIMED", "state": "queued"}


def set_aside(database: Path, mark: str) -> list[Path]:
    """Rename a database, and what SQLite keeps beside it, so that nothing is lost.

    Args:
        database: the file; it may be missing while its log is there.
        mark: what is added to the names, with a date in it.

    Returns:
        the new names.
    """
    moved = []
    for ending in ("", *SIDE_FILES):
        path = database.with_name(database.name + ending)
        if path.exists():
            # The log keeps the name of its database: SQLite finds them together.
            target = database.with_name(f"{database.name}.{mark}{ending}")
            moved.append(path.rename(target))
    return moved
