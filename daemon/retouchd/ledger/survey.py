"""What can be learnt of a database before it is trusted; nothing is changed in it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from retouchd.errors import LedgerRefusedError
from retouchd.ledger.connection import connect_for_reading
from retouchd.ledger.entries import members_of
from retouchd.ledger.faults import is_fatal, ledger_error
from retouchd.ledger.schema.migrations import refuse_foreign, refuse_newer, version_of

Condition = Literal["sound", "missing", "damaged"]

SIDE_FILES = ("-wal", "-shm")
"""What SQLite keeps beside a database that was not closed."""

_JOBS = (
    "SELECT id, hot_folder, journal, source_path, members, source_bytes, mtime_ns, "
    "inode, archive FROM jobs WHERE journal IS NOT NULL"
)
_OUTPUTS = "SELECT job_id, output, stage, path FROM deliveries WHERE stage IS NOT NULL"


@dataclass(frozen=True)
class KnownJob:
    """A job as its row tells it.

    Attributes:
        journal: its last durable step.
        source: path below ``in/``; undecodable bytes as surrogates.
        facts: size, mtime in ns and inode that the file had.
        archive: where its original goes or went; ``None``: not planned yet.
        outputs: number, stage and final path of each output not yet booked.
    """

    job: str
    hot_folder: str
    journal: str
    source: str
    members: tuple[str, ...]
    facts: tuple[int, int, int]
    archive: Path | None = None
    outputs: tuple[tuple[int, Path, Path], ...] = ()


@dataclass(frozen=True)
class Survey:
    """The condition of a database and every job in it.

    Attributes:
        reason: what is wrong with a damaged one.
    """

    condition: Condition
    reason: str = ""
    jobs: dict[str, KnownJob] = field(default_factory=dict)


def survey(path: Path) -> Survey:
    """Look at the database *path*, whatever condition it is in.

    Raises:
        LedgerRefusedError: it belongs to another program or a newer release.
        LedgerError: it cannot be read just now.
    """
    if not path.exists() or not path.stat().st_size:
        logs = [end for end in SIDE_FILES if path.with_name(path.name + end).exists()]
        reason = "only its write-ahead log is left" if logs else ""
        return Survey("damaged" if reason else "missing", reason)
    try:
        with closing(connect_for_reading(path)) as connection:
            return _look_through(connection, path)
    except sqlite3.Error as error:
        trouble = ledger_error(error, path)
        # A statement that fails means a table without the columns it ever had.
        if isinstance(trouble, LedgerRefusedError) or not is_fatal(error):
            return Survey("damaged", str(error))
        raise trouble from error


def _look_through(connection: sqlite3.Connection, path: Path) -> Survey:
    refuse_foreign(connection, path)
    refuse_newer(version_of(connection), path)
    [verdict] = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
    if verdict != "ok":
        return Survey("damaged", " ".join(verdict.split()))
    if version_of(connection) == 0:  # made, but nothing was ever written
        return Survey("sound")
    outputs: dict[str, list[tuple[int, Path, Path]]] = {}
    for row in connection.execute(_OUTPUTS):
        found = (row["output"], Path(row["stage"]), Path(row["path"]))
        outputs.setdefault(row["job_id"], []).append(found)
    jobs = {
        row["id"]: _known(dict(row), tuple(outputs.get(row["id"], ())))
        for row in connection.execute(_JOBS)
    }
    return Survey("sound", jobs=jobs)


def _known(
    row: dict[str, Any], outputs: tuple[tuple[int, Path, Path], ...]
) -> KnownJob:
    members, _ = members_of(row["members"])
    return KnownJob(
        job=row["id"],
        hot_folder=row["hot_folder"],
        journal=row["journal"],
        source=os.fsdecode(row["source_path"] or b""),
        members=members,
        facts=(row["source_bytes"], row["mtime_ns"], row["inode"]),
        archive=Path(os.fsdecode(row["archive"])) if row["archive"] else None,
        outputs=outputs,
    )
