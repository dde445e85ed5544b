"""How long clips run, and what a second of them costs, in the schema."""

from __future__ import annotations

import sqlite_utils

# ``per_second`` is for people; what reports say is divided exactly.
_VIEW = """
CREATE VIEW clip_costs AS
SELECT jobs.id AS job_id, hot_folder, rule, origin, source_name, state, clip_seconds,
    total, round(CAST(total AS REAL) / clip_seconds, 6) AS per_second, currency,
    unpriced
FROM jobs LEFT JOIN job_costs ON job_costs.job_id = jobs.id
WHERE clip_seconds > 0;
"""


def add_clip_seconds(db: sqlite_utils.Database) -> None:
    """Note how long the clip of a job runs; of older jobs it is not known."""
    db.execute("ALTER TABLE jobs ADD COLUMN clip_seconds REAL")
    db.executescript(_VIEW)
