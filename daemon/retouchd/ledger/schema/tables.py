"""The tables of the ledger and their indices; all of them STRICT.

Money is TEXT with a decimal number, never a float; times are TEXT as
``timestamps.utc`` writes them; digests are lower-case hex. Raw file names are BLOBs,
because a name on Linux is bytes and need not be UTF-8.
"""

from __future__ import annotations

import sqlite_utils

from retouchd.ledger.schema.cost_views import VIEWS

STATES = (
    "claimed",
    "queued",
    "running",
    "rendered",
    "delivered",
    "done",
    "waiting",
    "held",
    "review",
    "rejected",
    "failed",
)
"""Coarse states of a job, as people see them."""

JOURNAL_STATES = (
    "INTENT",
    "CLAIMED",
    "STAGED",
    "FAILING",
    "DONE",
    "HELD",
    "QUARANTINED",
    "REVIEW",
)
"""Fine states of a job: the last durable step of its hand-off."""

DELIVERY_STATES = ("STAGED", "LINKING", "DELIVERED", "HELD")
"""Fine states of one output."""

CATEGORIES = ("compute", "energy", "credits", "people")
"""What a cost is made of."""


def _one_of(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


_JOBS = f"""
CREATE TABLE jobs (
    id TEXT PRIMARY KEY NOT NULL,
    hot_folder TEXT NOT NULL,
    rule TEXT,
    rule_hash TEXT,
    source_name TEXT NOT NULL,
    source_sha256 TEXT,
    source_bytes INTEGER,
    kind TEXT,
    origin TEXT,
    goal TEXT,
    state TEXT NOT NULL CHECK (state IN ({_one_of(STATES)})),
    tier TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    hint TEXT,
    width_in INTEGER,
    height_in INTEGER,
    frames INTEGER,
    arrived_at TEXT,
    claimed_at TEXT,
    started_at TEXT,
    delivered_at TEXT,
    finished_at TEXT,
    journal TEXT CHECK (journal IN ({_one_of(JOURNAL_STATES)})),
    source_path BLOB,
    members TEXT,
    claim TEXT,
    inode INTEGER,
    mtime_ns INTEGER,
    epoch INTEGER,
    destination TEXT CHECK (destination IN ('out', 'review')),
    archive BLOB
) STRICT;
CREATE INDEX jobs_by_state ON jobs (state, hot_folder);
CREATE INDEX jobs_by_journal ON jobs (journal, hot_folder);
CREATE INDEX jobs_by_arrival ON jobs (arrived_at);
CREATE INDEX jobs_by_digest ON jobs (source_sha256);

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    output INTEGER NOT NULL,
    path TEXT,
    sha256 TEXT,
    bytes INTEGER,
    width INTEGER,
    height INTEGER,
    delivered_at TEXT,
    stage TEXT,
    conflict TEXT,
    state TEXT CHECK (state IN ({_one_of(DELIVERY_STATES)})),
    UNIQUE (job_id, output)
) STRICT;
CREATE INDEX deliveries_by_state ON deliveries (state);
"""

_USAGE = """
CREATE TABLE step_runs (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    attempt INTEGER NOT NULL,
    step TEXT NOT NULL,
    model TEXT,
    model_sha256 TEXT,
    tier TEXT,
    device TEXT,
    wall_ms REAL,
    cpu_s REAL,
    gpu_s REAL,
    model_s REAL,
    joules REAL,
    joules_estimated INTEGER,
    megapixels_in REAL,
    megapixels_out REAL,
    bytes_in INTEGER,
    bytes_out INTEGER,
    started_at TEXT
) STRICT;
CREATE INDEX step_runs_by_job ON step_runs (job_id);

CREATE TABLE gate_runs (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    attempt INTEGER NOT NULL,
    gate TEXT NOT NULL,
    value REAL,
    unit TEXT,
    threshold REAL,
    passed INTEGER NOT NULL,
    detail TEXT,
    ran_at TEXT
) STRICT;
CREATE INDEX gate_runs_by_job ON gate_runs (job_id);

CREATE TABLE credits (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    item TEXT NOT NULL,
    quantity REAL NOT NULL,
    unit TEXT NOT NULL,
    booked_at TEXT
) STRICT;
CREATE INDEX credits_by_job ON credits (job_id);

CREATE TABLE reviews (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    reviewer TEXT,
    verdict TEXT NOT NULL,
    reason TEXT,
    seconds REAL,
    seconds_estimated INTEGER,
    decided_at TEXT
) STRICT;
CREATE INDEX reviews_by_job ON reviews (job_id);
"""

# A price that was used explains booked costs, so its row never changes: a new price
# is a new row, and the old one only learns when it ended.
_MONEY = f"""
CREATE TABLE prices (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    item TEXT NOT NULL,
    unit TEXT NOT NULL,
    price TEXT,
    currency TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to TEXT,
    source TEXT,
    confidence TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    UNIQUE (provider, item, unit, version)
) STRICT;
CREATE TRIGGER prices_stay
BEFORE UPDATE OF provider, item, unit, price, currency, valid_from ON prices
BEGIN SELECT RAISE(ABORT, 'a price row never changes: add a new one'); END;

CREATE TABLE job_charges (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    price_id INTEGER NOT NULL REFERENCES prices (id),
    quantity TEXT NOT NULL,
    amount TEXT,
    currency TEXT NOT NULL,
    booked_at TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN ({_one_of(CATEGORIES)})),
    item TEXT NOT NULL,
    measured TEXT NOT NULL,
    measured_unit TEXT NOT NULL
) STRICT;
CREATE INDEX job_charges_by_job ON job_charges (job_id);
CREATE TRIGGER job_charges_stay BEFORE UPDATE ON job_charges
BEGIN SELECT RAISE(ABORT, 'a booked cost never changes'); END;
CREATE TRIGGER job_charges_remain BEFORE DELETE ON job_charges
BEGIN SELECT RAISE(ABORT, 'a booked cost is never deleted'); END;
"""

_STORY = """
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    job_id TEXT REFERENCES jobs (id) ON DELETE CASCADE,
    at TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT
) STRICT;
CREATE INDEX events_by_job ON events (job_id, id);

CREATE TABLE hot_folders (
    name TEXT PRIMARY KEY NOT NULL,
    path TEXT,
    watched_by TEXT,
    state TEXT,
    reason TEXT,
    left_in_place TEXT,
    paused INTEGER NOT NULL DEFAULT 0,
    updated_at TEXT
) STRICT;

CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    asked_at TEXT NOT NULL,
    what TEXT NOT NULL,
    arguments TEXT,
    answered_at TEXT,
    answer TEXT
) STRICT;
CREATE INDEX requests_open ON requests (id) WHERE answered_at IS NULL;
"""


def create_tables(db: sqlite_utils.Database) -> None:
    """Create the first version of the schema inside the transaction that is open."""
    for script in (_JOBS, _USAGE, _MONEY, _STORY, VIEWS):
        db.executescript(script)
