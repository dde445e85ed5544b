"""Commands for a running daemon: rows that it answers."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlite_utils

from retouchd.errors import LedgerError
from retouchd.ledger.database import Database
from retouchd.ledger.faults import ledger_error
from retouchd.timestamps import utc

LOOK_SECONDS = 0.05
BUSY_SECONDS = 5.0


@dataclass(frozen=True)
class Request:
    """What a command asks of the daemon."""

    id: int
    what: str
    arguments: Mapping[str, Any]


class Requests:
    """The daemon's side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self) -> list[Request]:
        """Return what has not been answered, oldest first."""
        rows = self._database.rows(
            "SELECT id, what, arguments FROM requests "
            "WHERE answered_at IS NULL ORDER BY id"
        )
        return [
            Request(row["id"], row["what"], json.loads(row["arguments"]))
            for row in rows
        ]

    def answer(self, request: Request, answer: Mapping[str, Any], at: float) -> None:
        """Write the answer where the command waits for it."""

        def work(db: sqlite_utils.Database) -> None:
            columns = {"answered_at": utc(at), "answer": json.dumps(answer)}
            db.table("requests").update(request.id, columns)

        self._database.tell(work)


def ask(
    path: Path, what: str, arguments: Mapping[str, Any], timeout: float = 10.0
) -> dict[str, Any]:
    """Ask the running daemon and wait for its answer; the command's side.

    Raises:
        LedgerError: the database cannot be written, or nobody answered in time.
    """
    [answer] = ask_all(path, what, [arguments], timeout)
    return answer


def ask_all(
    path: Path,
    what: str,
    arguments: Sequence[Mapping[str, Any]],
    timeout: float = 10.0,
) -> list[dict[str, Any]]:
    """Ask the same with each of *arguments* at once; return the answers in order.

    Raises:
        LedgerError: as `ask`; *timeout* is the time between two answers.
    """
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as db:
            with db:
                asked = [_insert(db, what, one) for one in arguments]
            return [_wait_for_answer(db, path, number, timeout) for number in asked]
    except sqlite3.Error as error:
        raise ledger_error(error, path) from error


def _insert(db: sqlite3.Connection, what: str, arguments: Mapping[str, Any]) -> int:
    cursor = db.execute(
        "INSERT INTO requests (asked_at, what, arguments) VALUES (?, ?, ?)",
        [utc(time.time()), what, json.dumps(arguments)],
    )
    return cursor.lastrowid or 0


def _wait_for_answer(
    db: sqlite3.Connection, path: Path, request: int, timeout: float
) -> dict[str, Any]:
    give_up = time.monotonic() + timeout
    while time.monotonic() < give_up:
        row = db.execute(
            "SELECT answer FROM requests WHERE id = ? AND answered_at IS NOT NULL",
            [request],
        ).fetchone()
        if row:
            return dict(json.loads(row[0]))
        time.sleep(LOOK_SECONDS)
    with db:
        db.execute("DELETE FROM requests WHERE id = ?", [request])
    raise LedgerError(
        "the daemon did not answer",
        hint="see `retouchd status` and its log; the request was taken back",
        file=path,
    )
