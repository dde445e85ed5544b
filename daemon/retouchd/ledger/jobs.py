"""The journal: every durable step of a job's hand-off, and its story in words.

A transition is one unit of work for the writer; several jobs that go the same step
together share one commit.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Literal

import sqlite_utils

from retouchd.errors import LedgerError
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
from retouchd.ledger.prices import current
from retouchd.ledger.usage import book_charges, book_usage, credit_of
from retouchd.timestamps import utc
from retouchd.values import Outcome, Rendition


class Journal:
    """Transitions of jobs, each durable when its future resolves."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def intend(self, entries: Sequence[Entry], at: float) -> Future[None]:
        """Note that these files are about to be taken out of ``in/``."""

        def work(db: sqlite_utils.Database) -> None:
            db.table("jobs").insert_all(intent_row(entry, at) for entry in entries)

        return self._database.write(work)

    def forget(self, jobs: Sequence[str]) -> Future[None]:
        """Drop intents that came to nothing: the file went away or still moves."""

        def work(db: sqlite_utils.Database) -> None:
            for job in jobs:
                db.execute("DELETE FROM events WHERE job_id = ?", [job])
                db.execute("DELETE FROM jobs WHERE id = ?", [job])

        return self._database.tell(work)

    def claimed(self, jobs: Sequence[str], at: float) -> Future[None]:
        """Note that these files lie in their claim folders.

        Nobody waits for this one: until it is durable, the intent tells the same.
        """

        def work(db: sqlite_utils.Database) -> None:
            for job in jobs:
                _go(db, job, "INTENT", journal="CLAIMED", state="queued")
                _set(db, job, claimed_at=utc(at))
                _tell(db, job, at, "claimed")

        return self._database.tell(work)

    def again(self, job: str, at: float, why: str) -> Future[None]:
        """Note that a claimed job is run once more."""

        def work(db: sqlite_utils.Database) -> None:
            db.execute("UPDATE jobs SET attempts = attempts + 1 WHERE id = ?", [job])
            _tell(db, job, at, "run_again", why)

        return self._database.tell(work)

    def staged(
        self, outcomes: Sequence[tuple[Outcome, Sequence[Path]]], at: float
    ) -> Future[None]:
        """Note that all outputs of these jobs are whole on disk, with their digests.

        Each outcome comes with the final path planned for each of its renditions.
        From here on a job is only rolled forward, never computed again.
        """

        def work(db: sqlite_utils.Database) -> None:
            for outcome, finals in outcomes:
                _go(db, outcome.job, "CLAIMED", journal="STAGED", state="rendered")
                _describe(db, outcome, at)
                db.table("deliveries").insert_all(
                    delivery_row(outcome.job, made, final)
                    for made, final in zip(outcome.renditions, finals, strict=True)
                )

        return self._database.write(work)

    def failing(self, outcomes: Sequence[Outcome], at: float) -> Future[None]:
        """Note that these jobs failed; their originals have yet to be moved."""

        def work(db: sqlite_utils.Database) -> None:
            for outcome in outcomes:
                _go(db, outcome.job, "CLAIMED", journal="FAILING", state="running")
                _describe(db, outcome, at)
                _tell(db, outcome.job, at, "failed", outcome.error)

        return self._database.write(work)

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

        return self._database.write(work)

    def held(self, job: str, at: float, reason: str) -> Future[None]:
        """Note that only a person can tell whether an output was delivered."""

        def work(db: sqlite_utils.Database) -> None:
            _set(db, job, journal="HELD", state="held", error=readable(reason))
            _tell(db, job, at, "held", reason)

        return self._database.tell(work)

    def done(
        self,
        finished: Sequence[tuple[str, Literal["done", "review"], Sequence[Placed]]],
        at: float,
    ) -> Future[None]:
        """Note that outputs and original of these jobs are in their last places."""

        def work(db: sqlite_utils.Database) -> None:
            for job, state, placed in finished:
                _go(db, job, "STAGED", journal="DONE", state=state)
                for one in placed:
                    _book_delivery(db, job, one)
                delivered = max((one.at for one in placed), default=at)
                _set(db, job, delivered_at=utc(delivered), finished_at=utc(at))
                _tell(db, job, delivered, "delivered", f"{len(placed)} outputs")

        return self._database.write(work)

    def failed(self, jobs: Sequence[str], at: float) -> Future[None]:
        """Note that the originals of these jobs lie in ``failed/``."""

        def work(db: sqlite_utils.Database) -> None:
            for job in jobs:
                _go(db, job, "FAILING", journal="QUARANTINED", state="failed")
                _set(db, job, finished_at=utc(at))

        return self._database.write(work)

    def open_jobs(self, hot_folder: str) -> list[OpenJob]:
        """Return what a stopped daemon left unfinished, oldest first."""
        rows = self._database.rows(
            "SELECT * FROM jobs WHERE hot_folder = ? AND journal IN "
            "('INTENT', 'CLAIMED', 'STAGED', 'FAILING') ORDER BY id",
            [hot_folder],
        )
        return [open_job(row) for row in rows]

    def deliveries(self, job: str) -> tuple[tuple[Rendition, Path, str], ...]:
        """Return each staged output of *job* with its planned path and its state."""
        rows = self._database.rows(
            "SELECT * FROM deliveries WHERE job_id = ? ORDER BY output", [job]
        )
        return tuple((rendition(row), Path(row["path"]), row["state"]) for row in rows)

    def state(self, job: str) -> str:
        """Return the journal state of *job*; empty where there is no such job."""
        rows = self._database.rows("SELECT journal FROM jobs WHERE id = ?", [job])
        return str(rows[0]["journal"]) if rows else ""

    def failed_job(self, job: str) -> FailedJob:
        """Return the failed job *job*.

        Raises:
            LedgerError: there is no such job, or it did not fail.
        """
        rows = self._database.rows(
            "SELECT * FROM jobs WHERE id = ? AND state = 'failed' "
            "AND archive IS NOT NULL",
            [job],
        )
        if not rows:
            raise LedgerError(
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
                _set(db, job, archive=os.fsencode(path))

        return self._database.tell(work)

    def count(self, hot_folder: str) -> int:
        """Return how many drops *hot_folder* ever had."""
        sql = "SELECT count(*) AS n FROM jobs WHERE hot_folder = ?"
        return int(self._database.rows(sql, [hot_folder])[0]["n"])


def _go(
    db: sqlite_utils.Database, job: str, origin: str, *, journal: str, state: str
) -> None:
    """Move *job* on from the journal state *origin*; anything else is a fault."""
    cursor = db.execute(
        "UPDATE jobs SET journal = ?, state = ? WHERE id = ? AND journal = ?",
        [journal, state, job, origin],
    )
    if cursor.rowcount != 1:
        raise RuntimeError(f"job {job} is not in {origin}, so it cannot go {journal}")


def _set(db: sqlite_utils.Database, job: str, **columns: object) -> None:
    db.table("jobs").update(job, columns)


def _tell(
    db: sqlite_utils.Database, job: str, at: float, what: str, detail: str = ""
) -> None:
    detail = readable(detail)
    db.table("events").insert(
        {"job_id": job, "at": utc(at), "what": what, "detail": detail}
    )


def _describe(db: sqlite_utils.Database, outcome: Outcome, at: float) -> None:
    """Write what the worker found out and what it used."""
    found = outcome.inspection
    columns: dict[str, object] = {
        "rule": outcome.rule,
        "rule_hash": outcome.rule_hash,
        "source_sha256": outcome.sha256,
        "tier": outcome.tier,
        "goal": outcome.goal,
        "error": readable(outcome.error) or None,
        "hint": readable(outcome.hint) or None,
        "destination": outcome.destination,
    }
    if found is not None:
        columns |= {
            "kind": found.header.kind,
            "origin": f"{found.origin.family}/{found.origin.name}",
            "width_in": found.header.width,
            "height_in": found.header.height,
            "frames": 1,
        }
    if outcome.step_runs:
        columns["started_at"] = outcome.step_runs[0].started_at
    _set(db, outcome.job, **columns)
    for note in outcome.notes:
        _tell(db, outcome.job, at, "noticed", note)
    _book(db, outcome, at)


def _book(db: sqlite_utils.Database, outcome: Outcome, at: float) -> None:
    """Write what the job used, and what that costs at the prices of this moment."""
    prices = current(db, utc(at))
    found = outcome.inspection
    spent = []
    if found is not None and found.origin.family == "generator":
        megapixels = found.header.megapixels
        spent.append(credit_of(found.origin.name, prices, megapixels=megapixels))
    book_usage(db, outcome.job, outcome.step_runs, outcome.gate_runs, spent, at=utc(at))
    book_charges(db, outcome.job, prices, utc(at))


def _book_delivery(db: sqlite_utils.Database, job: str, placed: Placed) -> None:
    db.execute(
        "UPDATE deliveries SET state = 'DELIVERED', path = ?, delivered_at = ?, "
        "stage = NULL WHERE job_id = ? AND output = ?",
        [readable(str(placed.path)), utc(placed.at), job, placed.rendition.output],
    )
