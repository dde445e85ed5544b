"""Jobs that wait for a person's word, and what that word changes in the books."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Literal

import sqlite_utils

from retouchd.errors import LedgerError
from retouchd.ledger.database import Database
from retouchd.ledger.entries import Entry, OpenJob, intent_row, open_job, readable
from retouchd.ledger.transitions import tell

Word = Literal["release", "redeliver"]
"""``release``: its results were delivered. ``redeliver``: they were not."""

ONWARD = {"STAGED": "rendered", "CLAIMED": "queued"}
"""Where a held job goes on, with the coarse state that people see."""


class HeldJobs:
    """The held jobs of one ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> list[dict[str, Any]]:
        """Return what a person needs to decide each, the oldest first."""
        return self._database.rows(
            "SELECT id, hot_folder, source_name AS source, arrived_at, "
            "error AS reason FROM jobs WHERE journal = 'HELD' ORDER BY id"
        )

    def find(self, job: str) -> OpenJob:
        """Return the held job *job*.

        Raises:
            LedgerError: there is no such job, or it is not held.
        """
        rows = self._database.rows(
            "SELECT * FROM jobs WHERE id = ? AND journal = 'HELD'", [job]
        )
        if not rows:
            raise LedgerError(
                f"there is no held job {job}", hint="see `retouchd jobs held`"
            )
        return open_job(rows[0])

    def staged(self, hot_folder: str) -> frozenset[str]:
        """Return the held jobs of *hot_folder* whose results lie on their stages."""
        rows = self._database.rows(
            "SELECT id FROM jobs WHERE hot_folder = ? AND journal = 'HELD' "
            "AND id IN (SELECT job_id FROM deliveries WHERE stage IS NOT NULL)",
            [hot_folder],
        )
        return frozenset(row["id"] for row in rows)

    def hold(self, jobs: Sequence[str], reason: str, at: float) -> Future[None]:
        """Note that only a person can tell how these open jobs ended."""

        def work(db: sqlite_utils.Database) -> None:
            for job in jobs:
                db.execute(
                    "UPDATE jobs SET journal = 'HELD', state = 'held', error = ? "
                    "WHERE id = ?",
                    [readable(reason), job],
                )
                tell(db, job, at, "held", reason)

        return self._database.write(work)

    def adopt(self, entries: Sequence[Entry], reason: str, at: float) -> Future[None]:
        """Enter drops that another ledger's daemon had claimed, as held."""

        def work(db: sqlite_utils.Database) -> None:
            for entry in entries:
                row = intent_row(entry, at) | {
                    "journal": "HELD",
                    "state": "held",
                    "error": readable(reason),
                }
                db.table("jobs").insert(row)
                tell(db, entry.job, at, "held", reason)

        return self._database.write(work)

    def go_on(
        self, job: str, onward: str, word: Word, epoch: int, at: float
    ) -> Future[None]:
        """Let *job* go on from the journal state *onward*, as a person said.

        From CLAIMED it is run again, so what was staged of it is forgotten. From
        STAGED its outputs are handed out where they still lie on their stage.
        """

        def work(db: sqlite_utils.Database) -> None:
            cursor = db.execute(
                "UPDATE jobs SET journal = ?, state = ?, epoch = ?, error = NULL "
                "WHERE id = ? AND journal = 'HELD'",
                [onward, ONWARD[onward], epoch, job],
            )
            if cursor.rowcount != 1:
                raise LedgerError(f"job {job} is not held any more")
            if onward == "CLAIMED":
                db.execute("DELETE FROM deliveries WHERE job_id = ?", [job])
            db.execute(
                "UPDATE deliveries SET state = 'STAGED' "
                "WHERE job_id = ? AND state <> 'DELIVERED'",
                [job],
            )
            tell(db, job, at, word, "a person decided")

        return self._database.write(work)
