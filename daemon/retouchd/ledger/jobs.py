"""The journal: every durable step of a job's hand-off, and its story in words.

A transition is one unit of work for the writer; several jobs that go the same step
together share one commit.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Literal

import sqlite_utils

from retouchd.errors import NoSuchJobError
from retouchd.ledger.database import Database
from retouchd.ledger.entries import (
    Entry,
    FailedJob,
    OpenJob,
    Placed,
    delivery_row,
    intent_row,
    open_job,
    readable,
    rendition,
)
from retouchd.ledger.fixes import note_begun
from retouchd.ledger.transitions import (
    book_delivery,
    book_spent,
    describe,
    go,
    set_columns,
    tell,
)
from retouchd.timestamps import utc
from retouchd.values import Outcome, Rendition


class Journal:
    """Transitions of jobs, each durable when its future resolves.

    Attributes:
        database: holds them.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def intend(self, entries: Sequence[Entry], at: float) -> Future[None]:
        """Note that these files are about to be taken out of ``in/``.

        Raises:
            LedgerError: the disk is full; what is left of it is for what runs.
        """
        if self.database.short_of_space:
            raise self.database.short_of_space

        def work(db: sqlite_utils.Database) -> None:
            db.table("jobs").insert_all(intent_row(entry, at) for entry in entries)

        return self.database.write(work)

    def forget(self, jobs: Sequence[str]) -> Future[None]:
        """Drop intents that came to nothing: the file went away or still moves."""

        def work(db: sqlite_utils.Database) -> None:
            for job in jobs:
                db.execute("DELETE FROM events WHERE job_id = ?", [job])
                db.execute("DELETE FROM jobs WHERE id = ?", [job])

        return self.database.tell(work)

    def claimed(self, jobs: Sequence[str], at: float) -> Future[None]:
        """Note that these files lie in their claim folders.

        Nobody waits for this one: until it is durable, the intent tells the same.
        """

        def work(db: sqlite_utils.Database) -> None:
            for job in jobs:
                go(db, job, "INTENT", journal="CLAIMED", state="queued")
                set_columns(db, job, claimed_at=utc(at))
                tell(db, job, at, "claimed")
                note_begun(db, job, at)

        return self.database.tell(work)

    def again(self, job: str, at: float, why: str) -> Future[None]:
        """Note that a claimed job is run once more."""

        def work(db: sqlite_utils.Database) -> None:
            db.execute("UPDATE jobs SET attempts = attempts + 1 WHERE id = ?", [job])
            tell(db, job, at, "run_again", why)

        return self.database.tell(work)

    def waits(self, job: str, at: float, why: str) -> Future[None]:
        """Note that a claimed job waits for something, and for what."""
        return self._stays_claimed(job, "waiting", at, "waits", why)

    def goes_on(self, job: str, at: float, why: str) -> Future[None]:
        """Note that a job that waited is with the worker again."""
        return self._stays_claimed(job, "queued", at, "goes_on", why)

    def _stays_claimed(
        self, job: str, state: str, at: float, what: str, why: str
    ) -> Future[None]:
        def work(db: sqlite_utils.Database) -> None:
            go(db, job, "CLAIMED", journal="CLAIMED", state=state)
            tell(db, job, at, what, why)

        return self.database.tell(work)

    def spent(self, outcome: Outcome, at: float) -> Future[None]:
        """Book what a run used whose result is thrown away: its job runs again."""

        def work(db: sqlite_utils.Database) -> None:
            book_spent(db, outcome, at)

        return self.database.tell(work)

    def staged(
        self,
        outcomes: Sequence[tuple[Outcome, Sequence[Path]]],
        at: float,
        archives: Mapping[str, Path] | None = None,
    ) -> Future[None]:
        """Note that all outputs of these jobs are whole on disk, with their digests.

        From here on a job is only rolled forward, never computed again.

        Args:
            outcomes: each with the final path planned for each of its renditions.
            at: seconds since the epoch.
            archives: the place planned for the original of each job.
        """

        def work(db: sqlite_utils.Database) -> None:
            for job, archive in (archives or {}).items():
                set_columns(db, job, archive=os.fsencode(archive))
            for outcome, finals in outcomes:
                go(db, outcome.job, "CLAIMED", journal="STAGED", state="rendered")
                describe(db, outcome, at)
                db.table("deliveries").insert_all(
                    delivery_row(outcome.job, made, final)
                    for made, final in zip(outcome.renditions, finals, strict=True)
                )

        return self.database.write(work)

    def failing(self, outcomes: Sequence[Outcome], at: float) -> Future[None]:
        """Note that these jobs failed; their originals have yet to be moved."""

        def work(db: sqlite_utils.Database) -> None:
            for outcome in outcomes:
                go(db, outcome.job, "CLAIMED", journal="FAILING", state="running")
                describe(db, outcome, at)
                tell(db, outcome.job, at, "failed", outcome.error)

        return self.database.write(work)

    def renamed(self, job: str, output: int, final: Path) -> Future[None]:
        """Note another final name, before the first attempt under it."""
        return self._change_delivery(job, output, path=readable(str(final)))

    def linking(self, job: str, output: int) -> Future[None]:
        """Note that *output* is about to be linked to its final name."""
        return self._change_delivery(job, output, state="LINKING")

    def _change_delivery(self, job: str, output: int, **columns: str) -> Future[None]:
        def work(db: sqlite_utils.Database) -> None:
            names = ", ".join(f"{name} = ?" for name in columns)
            db.execute(
                f"UPDATE deliveries SET {names} WHERE job_id = ? AND output = ?",  # noqa: S608  (column names are ours)
                [*columns.values(), job, output],
            )

        return self.database.write(work)

    def held(self, job: str, at: float, reason: str) -> Future[None]:
        """Note that only a person can tell whether an output was delivered."""

        def work(db: sqlite_utils.Database) -> None:
            set_columns(db, job, journal="HELD", state="held", error=readable(reason))
            tell(db, job, at, "held", reason)

        return self.database.tell(work)

    def done(
        self,
        finished: Sequence[tuple[str, Literal["done", "review"], Sequence[Placed]]],
        at: float,
    ) -> Future[None]:
        """Note that outputs and original of these jobs are in their last places."""

        def work(db: sqlite_utils.Database) -> None:
            for job, state, placed in finished:
                go(db, job, "STAGED", journal="DONE", state=state)
                for one in placed:
                    book_delivery(db, job, one)
                delivered = max((one.at for one in placed), default=at)
                set_columns(db, job, delivered_at=utc(delivered), finished_at=utc(at))
                tell(db, job, delivered, "delivered", f"{len(placed)} outputs")

        return self.database.write(work)

    def failed(self, jobs: Sequence[str], at: float) -> Future[None]:
        """Note that the originals of these jobs lie in ``failed/``."""

        def work(db: sqlite_utils.Database) -> None:
            for job in jobs:
                go(db, job, "FAILING", journal="QUARANTINED", state="failed")
                set_columns(db, job, finished_at=utc(at))

        return self.database.write(work)

    def open_jobs(self, hot_folder: str) -> list[OpenJob]:
        """Return what a stopped daemon left unfinished, oldest first."""
        rows = self.database.rows(
            "SELECT * FROM jobs WHERE hot_folder = ? AND journal IN "
            "('INTENT', 'CLAIMED', 'STAGED', 'FAILING') ORDER BY id",
            [hot_folder],
        )
        return [open_job(row) for row in rows]

    def deliveries(self, job: str) -> tuple[tuple[Rendition, Path, str], ...]:
        """Return each staged output of *job* with its planned path and its state."""
        rows = self.database.rows(
            "SELECT * FROM deliveries WHERE job_id = ? AND stage IS NOT NULL "
            "ORDER BY output",
            [job],
        )
        return tuple((rendition(row), Path(row["path"]), row["state"]) for row in rows)

    def state(self, job: str) -> str:
        """Return the journal state of *job*; empty where there is no such job."""
        rows = self.database.rows("SELECT journal FROM jobs WHERE id = ?", [job])
        return str(rows[0]["journal"]) if rows else ""

    def failed_job(self, job: str) -> FailedJob:
        """Return the failed job *job*.

        Raises:
            NoSuchJobError: there is no such job, or it did not fail.
        """
        rows = self.database.rows(
            "SELECT * FROM jobs WHERE id = ? AND state = 'failed' "
            "AND archive IS NOT NULL",
            [job],
        )
        if not rows:
            raise NoSuchJobError(
                f"there is no failed job {job}",
                hint="see `retouchd jobs list --state failed`",
            )
        entry = open_job(rows[0]).entry
        archive = Path(os.fsdecode(rows[0]["archive"]))
        return FailedJob(job, entry.hot_folder, entry.source, entry.members, archive)

    def archived(self, originals: Mapping[str, Path]) -> Future[None]:
        """Note where the originals of these jobs lie now."""

        def work(db: sqlite_utils.Database) -> None:
            for job, path in originals.items():
                set_columns(db, job, archive=os.fsencode(path))

        return self.database.tell(work)

    def unknown(self, jobs: Iterable[str]) -> list[str]:
        """Return those of *jobs* that the ledger has never heard of.

        A claim without a row means that the ledger was lost or replaced.
        """
        sql = "SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?))"
        asked = list(jobs)
        known = {row["id"] for row in self.database.rows(sql, [json.dumps(asked)])}
        return [job for job in asked if job not in known]

    def count(self, hot_folder: str) -> int:
        """Return how many drops *hot_folder* ever had."""
        sql = "SELECT count(*) AS n FROM jobs WHERE hot_folder = ?"
        return int(self.database.rows(sql, [hot_folder])[0]["n"])
