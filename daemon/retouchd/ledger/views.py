"""What commands read from the ledger: folders, jobs, one job's story."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from retouchd.errors import NoSuchJobError
from retouchd.ledger.attempts import attempt_rows
from retouchd.ledger.database import Database
from retouchd.ledger.entries import members_of, readable

Row = dict[str, Any]

_MOST_MEMBERS = 4


def folder_rows(database: Database) -> list[Row]:
    """Return one row per hot folder, as the daemon left or keeps it."""
    rows = database.rows("SELECT * FROM hot_folders ORDER BY name")
    return [
        {
            "hot_folder": row["name"],
            "state": row["state"],
            "watched_by": row["watched_by"],
            "file_system": row["file_system"],
            "path": row["path"],
            "reason": row["reason"],
            "left_in_place": _left(row["left_in_place"]),
        }
        for row in rows
    ]


def _left(text: str | None) -> str:
    return "; ".join(f"{name}: {reason}" for name, reason in json.loads(text or "[]"))


def state_rows(database: Database) -> list[Row]:
    """Count jobs by hot folder and state."""
    return database.rows(
        "SELECT hot_folder, state, count(*) AS jobs FROM jobs "
        "GROUP BY hot_folder, state ORDER BY hot_folder, state"
    )


def work_rows(database: Database, running: Mapping[str, str]) -> list[Row]:
    """Return the jobs that a worker has in hand, oldest first.

    Args:
        database: the ledger.
        running: what each is at, such as ``upscale`` or ``frame 96 of 240``.
    """
    rows = database.rows(
        "SELECT id, hot_folder, source_name AS source, rule FROM jobs "
        "WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        [json.dumps(list(running))],
    )
    return [row | {"at": running[row["id"]] or "waiting to begin"} for row in rows]


def job_rows(database: Database, state: str | None, limit: int) -> list[Row]:
    """Return the newest jobs, those in *state* only if one is given."""
    return database.rows(
        "SELECT id, hot_folder, state, rule, origin, source_name AS source, "
        "arrived_at, delivered_at, error, hint FROM jobs "
        "WHERE :state IS NULL OR state = :state ORDER BY id DESC LIMIT :limit",
        {"state": state, "limit": limit},
    )


def _told(members: tuple[str, ...]) -> str:
    """Name the first of *members*; a sequence may have thousands."""
    names = [readable(name) for name in members[:_MOST_MEMBERS]]
    rest = len(members) - len(names)
    return ", ".join([*names, f"and {rest} more"] if rest else names)


def job_story(database: Database, job: str) -> dict[str, list[Row]]:
    """Return everything that is known of *job*, by chapter.

    Raises:
        NoSuchJobError: the ledger does not know it.
    """
    found = database.rows("SELECT * FROM jobs WHERE id = ?", [job])
    if not found:
        raise NoSuchJobError(f"there is no job {job}", hint="see `retouchd jobs list`")
    members = _told(members_of(found[0]["members"])[0])
    facts = [
        {"fact": name, "value": members if name == "members" else value}
        for name, value in found[0].items()
        if value is not None and not isinstance(value, bytes)
    ]
    queries = {
        "events": "SELECT at, what, detail FROM events WHERE job_id = ? ORDER BY id",
        "steps": "SELECT attempt, step, model, device, wall_ms, cpu_s, gpu_s "
        "FROM step_runs WHERE job_id = ? ORDER BY id",
        "gates": "SELECT attempt, gate, step, value, unit, threshold, passed, detail "
        "FROM gate_runs WHERE job_id = ? ORDER BY id",
        "reviews": "SELECT decided_at, reviewer, verdict, reason, note, seconds, "
        "seconds_estimated FROM reviews WHERE job_id = ? ORDER BY id",
        "deliveries": "SELECT output, role, state, path, width, height, bytes, "
        "delivered_at FROM deliveries WHERE job_id = ? ORDER BY output",
        "clip": "SELECT clip_seconds, total, per_second, currency, unpriced "
        "FROM clip_costs WHERE job_id = ?",
        "costs": "SELECT p.provider, p.item, c.quantity, p.unit, c.amount, c.currency "
        "FROM job_charges c JOIN prices p ON p.id = c.price_id "
        "WHERE c.job_id = ? ORDER BY c.id",
    }
    chapters = {name: database.rows(sql, [job]) for name, sql in queries.items()}
    return {"job": facts, "attempts": attempt_rows(database, job), **chapters}
