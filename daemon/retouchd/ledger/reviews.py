"""What people decide about results: who said what, and where that sends the files."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import sqlite_utils

from retouchd.errors import LedgerError, NoSuchJobError
from retouchd.ledger.database import Database
from retouchd.ledger.decidable import Decidable, Kept, Ruling
from retouchd.ledger.entries import (
    Ending,
    Entry,
    Placed,
    open_job,
    readable,
)
from retouchd.ledger.fixes import insert_fix
from retouchd.ledger.prices import current
from retouchd.ledger.transitions import book_delivery, go, set_columns, tell
from retouchd.ledger.usage import book_charges
from retouchd.ledger.verdicts import Opinion, Verdict
from retouchd.timestamps import utc
from retouchd.values import Rendition

_EVENTS = {
    "approve": "approved",
    "reject": "rejected",
    "undo": "undone",
    "fix": "sent_back",
}

_DECISIONS: dict[Verdict, str | None] = {
    "approve": "approve",
    "reject": "reject",
    "undo": None,
    "fix": "reject",
}


class Reviews:
    """The verdicts of one ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, job: str) -> Decidable:
        """Return the finished job *job*.

        Raises:
            NoSuchJobError: the ledger does not know it.
            LedgerError: it is not finished, or failed.
        """
        rows = self._database.rows("SELECT * FROM jobs WHERE id = ?", [job])
        if not rows:
            raise NoSuchJobError(
                f"there is no job {job}", hint="see `retouchd review list`"
            )
        if rows[0]["journal"] != "DONE":
            raise LedgerError(
                f"job {job} has no result that could be decided: it is "
                f"{rows[0]['state']}",
                hint="see `retouchd review list`",
            )
        [found] = self._decidable(rows)
        return found

    def rows(self) -> list[dict[str, Any]]:
        """Return what a person needs to find and decide each, the oldest first."""
        return self._database.rows(
            "SELECT jobs.id AS job, hot_folder, rule, source_name AS source, "
            "coalesce(review_reason, '') AS reason, deliveries.path AS result, "
            "jobs.delivered_at AS since FROM jobs LEFT JOIN deliveries "
            "ON deliveries.job_id = jobs.id AND deliveries.output = 0 "
            "WHERE jobs.state = 'review' ORDER BY jobs.id"
        )

    def waiting(self, hot_folder: str) -> list[Decidable]:
        """Return the jobs of *hot_folder* that wait for a person, oldest first."""
        rows = self._database.rows(
            "SELECT * FROM jobs WHERE state = 'review' AND journal = 'DONE' "
            "AND hot_folder = ? ORDER BY id",
            [hot_folder],
        )
        return self._decidable(rows)

    def _decidable(self, rows: Sequence[dict[str, Any]]) -> list[Decidable]:
        jobs = json.dumps([row["id"] for row in rows])
        kept: dict[str, list[Kept]] = {}
        for row in self._database.rows(
            "SELECT * FROM deliveries WHERE job_id IN (SELECT value FROM json_each(?)) "
            "ORDER BY job_id, output",
            [jobs],
        ):
            kept.setdefault(row["job_id"], []).append(_kept(row))
        return [
            Decidable(
                open_job(row).entry,
                row["state"],
                row["decision"] or "",
                row["rule"] or "",
                row["destination"] == "review",
                row["clip_seconds"] is not None,
                row["review_reason"] or "",
                tuple(kept.get(row["id"], ())),
            )
            for row in rows
        ]

    def is_others(self, path: Path, entry: Entry) -> bool:
        """Whether *path* belongs to another job of that hot folder which waits."""
        rows = self._database.rows(
            "SELECT 1 FROM jobs JOIN deliveries ON deliveries.job_id = jobs.id "
            "WHERE jobs.state = 'review' AND jobs.hot_folder = ? AND jobs.id <> ? "
            "AND deliveries.path = ? AND deliveries.removed_at IS NULL",
            [entry.hot_folder, entry.job, readable(str(path))],
        )
        return bool(rows)

    def last(self, job: str) -> Opinion:
        """Return the newest verdict on *job*."""
        rows = self._database.rows(
            "SELECT * FROM reviews WHERE job_id = ? ORDER BY id DESC LIMIT 1", [job]
        )
        row = rows[0]
        return Opinion(
            verdict=row["verdict"],
            reviewer=row["reviewer"] or "",
            reason=row["reason"] or "",
            note=row["note"] or "",
            seconds=row["seconds"] or 0.0,
            is_estimated=bool(row["seconds_estimated"]),
        )

    def decide(self, ruling: Ruling, at: float) -> Future[None]:
        """Note *ruling*: from here on it is rolled forward, whatever happens.

        The future raises LedgerError where the job was decided meanwhile.
        """

        def work(db: sqlite_utils.Database) -> None:
            job, opinion = ruling.job.entry.job, ruling.opinion
            _begin(db, ruling, at)
            for made, final in ruling.moves:
                _plan_move(db, job, made, final, is_edited=made.output in ruling.edited)
            _note_gone(db, ruling, at)
            _book_opinion(db, job, opinion, at)
            tell(db, job, at, _EVENTS[opinion.verdict], opinion.sentence())
            for output in sorted(ruling.edited):
                tell(db, job, at, "edited", f"output {output} was changed by a person")
            for output in ruling.lost:
                tell(db, job, at, "missing", f"output {output} was not there any more")
            if ruling.fix:
                insert_fix(db, ruling.fix, at)

        return self._database.write(work)

    def carried_out(
        self, finished: Sequence[tuple[str, Ending, Sequence[Placed]]], at: float
    ) -> Future[None]:
        """Note that everything lies where these verdicts send it."""

        def work(db: sqlite_utils.Database) -> None:
            for job, state, placed in finished:
                go(db, job, "STAGED", journal="DONE", state=state)
                set_columns(db, job, leftovers=None)
                for one in placed:
                    book_delivery(db, job, one)
                places = ", ".join(str(one.path) for one in placed)
                tell(db, job, at, "moved", places or "no file was left to move")

        return self._database.write(work)


def _kept(row: dict[str, Any]) -> Kept:
    return Kept(
        output=row["output"],
        path=Path(row["path"]),
        sha256=row["sha256"],
        conflict=row["conflict"],
        role=row["role"],
        is_gone=row["removed_at"] is not None,
        width=row["width"] or 0,
        height=row["height"] or 0,
    )


def _begin(db: sqlite_utils.Database, ruling: Ruling, at: float) -> None:
    verdict = ruling.opinion.verdict
    job = ruling.job.entry.job
    leftovers = [[os.fsencode(path).hex(), sha] for path, sha in ruling.leftovers]
    cursor = db.execute(
        "UPDATE jobs SET journal = 'STAGED', state = 'rendered', epoch = ?, "
        "decision = ?, approved_at = ?, leftovers = ? "
        "WHERE id = ? AND journal = 'DONE' AND state = ?",
        [
            ruling.epoch,
            _DECISIONS[verdict],
            utc(at) if verdict == "approve" else None,
            json.dumps(leftovers),
            job,
            ruling.job.state,
        ],
    )
    if cursor.rowcount != 1:
        raise LedgerError(f"job {job} was decided by somebody else meanwhile")


def _plan_move(
    db: sqlite_utils.Database,
    job: str,
    made: Rendition,
    final: Path,
    *,
    is_edited: bool,
) -> None:
    sizes = ", width = NULL, height = NULL" if is_edited else ""
    db.execute(
        "UPDATE deliveries SET state = 'STAGED', stage = ?, path = ?, sha256 = ?, "  # noqa: S608  (one of two fixed texts)
        f"bytes = ?, removed_at = NULL{sizes} WHERE job_id = ? AND output = ?",
        [
            str(made.stage),
            readable(str(final)),
            made.sha256,
            made.bytes,
            job,
            made.output,
        ],
    )


def _note_gone(db: sqlite_utils.Database, ruling: Ruling, at: float) -> None:
    moved = {made.output for made, _ in ruling.moves}
    gone = {one.output for one in ruling.job.companions} | set(ruling.lost)
    for output in gone - moved:
        db.execute(
            "UPDATE deliveries SET removed_at = ? WHERE job_id = ? AND output = ?",
            [utc(at), ruling.job.entry.job, output],
        )


def _book_opinion(
    db: sqlite_utils.Database, job: str, opinion: Opinion, at: float
) -> None:
    """Book who decided and how long that took, at the prices of this moment."""
    db.table("reviews").insert(
        {
            "job_id": job,
            "reviewer": readable(opinion.reviewer),
            "verdict": opinion.verdict,
            "reason": readable(opinion.reason) or None,
            "seconds": opinion.seconds,
            "seconds_estimated": int(opinion.is_estimated),
            "decided_at": utc(at),
            "note": readable(opinion.note) or None,
        }
    )
    book_charges(db, job, current(db, utc(at)), utc(at))
