"""What the daemon says of its hot folders, for `status` and for its next start."""

from __future__ import annotations

import json
from dataclasses import dataclass

import sqlite_utils

from retouchd.ledger.database import Database
from retouchd.timestamps import utc

HANGING = "share hangs"


@dataclass(frozen=True)
class FolderState:
    """One hot folder as people should see it.

    Attributes:
        watched_by: ``inotify`` or ``scan``.
        state: ``watching``, ``paused``, ``over budget``, ``share down``,
            ``share hangs``, ``stopped`` or another that docs/operations.md lists.
        reason: why it is not watching.
        left_in_place: names of entries that are not taken, each with its reason.
        file_system: what it is and how it moves files, in one line.
    """

    name: str
    path: str
    watched_by: str
    state: str
    reason: str = ""
    left_in_place: tuple[tuple[str, str], ...] = ()
    file_system: str = ""


class Board:
    """The notice board of all hot folders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def publish(self, folder: FolderState, at: float) -> None:
        """Replace what the board says of *folder*."""
        row = {
            "name": folder.name,
            "path": folder.path,
            "watched_by": folder.watched_by,
            "state": folder.state,
            "reason": folder.reason,
            "left_in_place": json.dumps(folder.left_in_place),
            "file_system": folder.file_system,
            "updated_at": utc(at),
        }

        def work(db: sqlite_utils.Database) -> None:
            db.table("hot_folders", pk="name").upsert(row)

        self._database.tell(work)

    def note_hanging(self, name: str, reason: str, at: float) -> None:
        """Show that the share of *name* does not answer; its own thread cannot."""
        row = {"name": name, "state": HANGING, "reason": reason, "updated_at": utc(at)}

        def work(db: sqlite_utils.Database) -> None:
            db.table("hot_folders", pk="name").upsert(row)

        self._database.tell(work)

    def note_answering(self, name: str, at: float) -> None:
        """Take back what ``note_hanging`` said, unless the folder spoke meanwhile."""

        def work(db: sqlite_utils.Database) -> None:
            db.execute(
                "UPDATE hot_folders SET reason = '', updated_at = ?, state = "
                "CASE paused WHEN 1 THEN 'paused' ELSE 'watching' END "
                "WHERE name = ? AND state = ?",
                [utc(at), name, HANGING],
            )

        self._database.tell(work)

    def set_paused(self, name: str, *, paused: bool) -> None:
        """Remember across restarts whether *name* takes files in."""

        def work(db: sqlite_utils.Database) -> None:
            row = {"name": name, "paused": int(paused)}
            db.table("hot_folders", pk="name").upsert(row)

        self._database.tell(work)

    def is_paused(self, name: str) -> bool:
        """Whether *name* was paused, in this run or an earlier one."""
        rows = self._database.rows(
            "SELECT paused FROM hot_folders WHERE name = ?", [name]
        )
        return bool(rows and rows[0]["paused"])
