"""What is used on no job, and the bytes of each job, in the schema."""

from __future__ import annotations

import sqlite_utils

# The same columns as in job_charges: priced, re-priced and added up in the same way.
_OVERHEADS = """
CREATE TABLE overheads (
    id INTEGER PRIMARY KEY,
    price_id INTEGER NOT NULL REFERENCES prices (id),
    quantity TEXT NOT NULL,
    amount TEXT,
    currency TEXT NOT NULL,
    booked_at TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN ('compute', 'energy')),
    item TEXT NOT NULL,
    measured TEXT NOT NULL,
    measured_unit TEXT NOT NULL,
    estimated INTEGER NOT NULL,
    began_at TEXT NOT NULL
) STRICT;
CREATE TRIGGER overheads_stay BEFORE UPDATE ON overheads
BEGIN SELECT RAISE(ABORT, 'a booked cost never changes'); END;
CREATE TRIGGER overheads_remain BEFORE DELETE ON overheads
BEGIN SELECT RAISE(ABORT, 'a booked cost is never deleted'); END;
"""

# An original was read whole at every run; it is stored once.
_BYTES = """
CREATE VIEW job_bytes AS
WITH runs AS (
    SELECT job_id, sum(bytes_in) AS bytes_in, sum(bytes_out) AS bytes_out,
        max(bytes_in) AS original
    FROM step_runs GROUP BY job_id
), files AS (
    SELECT job_id, sum(bytes) AS stored FROM deliveries
    WHERE delivered_at IS NOT NULL AND removed_at IS NULL GROUP BY job_id
)
SELECT jobs.id AS job_id, hot_folder,
    coalesce(runs.bytes_in, 0) AS bytes_in,
    coalesce(runs.bytes_out, 0) AS bytes_out,
    coalesce(nullif(runs.original, 0), source_bytes, 0) + coalesce(files.stored, 0)
        AS bytes_stored
FROM jobs LEFT JOIN runs ON runs.job_id = jobs.id
    LEFT JOIN files ON files.job_id = jobs.id;
"""


def create_usage_tables(db: sqlite_utils.Database) -> None:
    """Make room for what is on no job, and add up bytes."""
    db.executescript(_OVERHEADS + _BYTES)
