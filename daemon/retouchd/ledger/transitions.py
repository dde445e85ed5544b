"""What the transitions of the journal are made of; each runs inside one commit."""

from __future__ import annotations

import sqlite_utils

from retouchd.ledger.entries import Placed, readable
from retouchd.ledger.prices import current
from retouchd.ledger.usage import book_charges, book_usage, credit_of
from retouchd.timestamps import utc
from retouchd.values import Outcome


def go(
    db: sqlite_utils.Database, job: str, origin: str, *, journal: str, state: str
) -> None:
    """Move *job* on from the journal state *origin*; anything else is a fault.

    Raises:
        RuntimeError: it is in another state, or there is no such job.
    """
    cursor = db.execute(
        "UPDATE jobs SET journal = ?, state = ? WHERE id = ? AND journal = ?",
        [journal, state, job, origin],
    )
    if cursor.rowcount != 1:
        raise RuntimeError(f"job {job} is not in {origin}, so it cannot go {journal}")


def set_columns(db: sqlite_utils.Database, job: str, **columns: object) -> None:
    """Write *columns* of *job*."""
    db.table("jobs").update(job, columns)


def tell(
    db: sqlite_utils.Database, job: str, at: float, what: str, detail: str = ""
) -> None:
    """Add *what* happened to the story of *job*."""
    detail = readable(detail)
    db.table("events").insert(
        {"job_id": job, "at": utc(at), "what": what, "detail": detail}
    )


def describe(db: sqlite_utils.Database, outcome: Outcome, at: float) -> None:
    """Write what the worker found out and what it used."""
    outcome = _counted_on(db, outcome)
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
        "attempts": outcome.attempts,
        "kept_attempt": outcome.kept_attempt,
        "review_reason": readable(outcome.review_reason) or None,
    }
    if found is not None:
        columns |= {
            "kind": found.header.kind,
            "origin": f"{found.origin.family}/{found.origin.name}",
            "width_in": found.header.width,
            "height_in": found.header.height,
            "frames": found.header.frames,
            "clip_seconds": found.header.clip_seconds,
        }
    if outcome.step_runs:
        columns["started_at"] = outcome.step_runs[0].started_at
    set_columns(db, outcome.job, **columns)
    for note in outcome.notes:
        tell(db, outcome.job, at, "noticed", note)
    _book(db, outcome, at, with_credits=True)


def book_spent(db: sqlite_utils.Database, outcome: Outcome, at: float) -> None:
    """Write what a run used whose result is thrown away: its job runs again."""
    _book(db, _counted_on(db, outcome), at, with_credits=False)


def _counted_on(db: sqlite_utils.Database, outcome: Outcome) -> Outcome:
    """Count the attempts of *outcome* on from those that its job already has."""
    sql = (
        "SELECT max(attempts - 1, coalesce((SELECT max(attempt) FROM step_runs "
        "WHERE job_id = jobs.id), 0)) FROM jobs WHERE id = ?"
    )
    return outcome.renumbered(int(db.execute(sql, [outcome.job]).fetchone()[0]))


def _book(
    db: sqlite_utils.Database, outcome: Outcome, at: float, *, with_credits: bool
) -> None:
    """Write what the job used, and what that costs at the prices of this moment."""
    prices = current(db, utc(at))
    found = outcome.inspection
    spent = []
    is_bought = found is not None and found.origin.family == "generator"
    if found is not None and is_bought and with_credits and _is_unpaid(db, outcome.job):
        header = found.header
        spent.append(
            credit_of(
                found.origin.name,
                prices,
                megapixels=header.megapixels,
                seconds=header.seconds,
            )
        )
    book_usage(db, outcome.job, outcome.step_runs, outcome.gate_runs, spent, at=utc(at))
    book_charges(db, outcome.job, prices, utc(at))


def _is_unpaid(db: sqlite_utils.Database, job: str) -> bool:
    """Whether what a generator took for the picture of *job* is on no job yet.

    A drop was bought once, however often its job runs. A job that refines a result has
    it on its parent, and one whose drop failed before has it on the failed job.
    """
    return bool(db.execute(_UNPAID, {"job": job}).fetchone()[0])


_UNPAID = """
WITH this AS (SELECT id, parent, source_sha256 FROM jobs WHERE id = :job),
same AS (
    SELECT state = 'failed' AS failed,
        EXISTS (SELECT 1 FROM credits WHERE job_id = jobs.id) AS paid
    FROM jobs WHERE source_sha256 = (SELECT source_sha256 FROM this)
        AND source_sha256 <> '' AND id <> :job AND parent IS NULL
)
SELECT (SELECT parent FROM this) IS NULL
    AND NOT EXISTS (SELECT 1 FROM credits WHERE job_id = :job)
    AND (SELECT count(*) FROM same WHERE failed AND paid)
        <= (SELECT count(*) FROM same WHERE NOT failed AND NOT paid)
"""


def book_delivery(db: sqlite_utils.Database, job: str, placed: Placed) -> None:
    """Note where an output lies now."""
    db.execute(
        "UPDATE deliveries SET state = 'DELIVERED', path = ?, delivered_at = ?, "
        "stage = NULL WHERE job_id = ? AND output = ?",
        [readable(str(placed.path)), utc(placed.at), job, placed.rendition.output],
    )
