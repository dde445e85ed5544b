"""What reports need in the schema: which hours changed, and views for people."""

from __future__ import annotations

import sqlite_utils

from retouchd.ledger.schema.cost_views import exact_sum, parts_of_amount

MOMENT = "coalesce(jobs.arrived_at, jobs.claimed_at, '~')"
"""When a job belongs to a report: its arrival. There is an index of just this."""

APPROVED = (
    "state = 'done' AND coalesce(decision, "
    "CASE destination WHEN 'review' THEN 'open' ELSE 'approve' END) = 'approve'"
)
"""A result that is good: never sent to a person, or approved by one."""

_HOUR = 13  # characters of a time up to its hour

_CHILDREN = ("deliveries", "step_runs", "job_charges", "reviews")
"""Tables whose rows count in the report of their job's hour."""

_CONFLICT = "ON CONFLICT (hour) DO UPDATE SET token = excluded.token"


def add_report_hours(db: sqlite_utils.Database) -> None:
    """Note for every hour of arrival a token that any change of its rows renews.

    What was once added up for an hour is good as long as the token is the same.
    """
    db.execute(f"CREATE INDEX jobs_by_moment ON jobs ({MOMENT.replace('jobs.', '')})")
    db.execute(
        f"CREATE INDEX jobs_refining ON jobs ({MOMENT.replace('jobs.', '')}, "
        "parent, state, decision, destination) WHERE parent IS NOT NULL"
    )
    db.execute(
        "CREATE TABLE report_hours (hour TEXT PRIMARY KEY NOT NULL, "
        "token INTEGER NOT NULL) STRICT, WITHOUT ROWID"
    )
    # The pieces put in are fixed texts of this file.
    db.execute(
        f"INSERT INTO report_hours SELECT substr({MOMENT}, 1, {_HOUR}), random() "  # noqa: S608
        "FROM jobs GROUP BY 1"
    )
    for name, statement in _triggers():
        db.execute(f"CREATE TRIGGER {name} {statement}")


def _triggers() -> list[tuple[str, str]]:
    """Return name and text of every trigger that renews tokens."""
    events = (("INSERT", ("NEW",)), ("UPDATE", ("OLD", "NEW")), ("DELETE", ("OLD",)))
    made = []
    for event, rows in events:
        for table in ("jobs", *_CHILDREN):
            work = " ".join(_renewal(table, row) for row in rows)
            name = f"{table}_{event.lower()}_renews_hour"
            made.append((name, f"AFTER {event} ON {table} BEGIN {work} END"))
    return made


def _renewal(table: str, row: str) -> str:
    if table == "jobs":
        moment = MOMENT.replace("jobs.", f"{row}.")
        values = f"VALUES (substr({moment}, 1, {_HOUR}), random())"
    else:
        values = (
            f"SELECT substr({MOMENT}, 1, {_HOUR}), random() "  # noqa: S608
            f"FROM jobs WHERE id = {row}.job_id"
        )
    return f"INSERT INTO report_hours {values} {_CONFLICT};"


_VIEWS = f"""
CREATE VIEW approved_assets AS
WITH RECURSIVE chain (asset, job_id) AS (
    SELECT id, id FROM jobs WHERE {APPROVED}
    UNION SELECT asset, parent FROM chain JOIN jobs ON jobs.id = job_id
        WHERE parent IS NOT NULL
), parts AS (
    SELECT asset, job_id, category, currency, {parts_of_amount()}
    FROM chain LEFT JOIN job_charges USING (job_id)
)
SELECT asset AS job_id, jobs.hot_folder, jobs.rule, jobs.origin, jobs.source_name,
    coalesce(jobs.approved_at, jobs.delivered_at) AS approved_at,
    count(DISTINCT parts.job_id) AS jobs,
    {exact_sum("category IN ('compute', 'energy')")} AS compute_and_energy,
    {exact_sum("category = 'credits'")} AS credits,
    {exact_sum("category = 'people'")} AS people,
    {exact_sum("1")} AS total,
    currency
FROM parts JOIN jobs ON jobs.id = asset
GROUP BY asset, currency;

CREATE VIEW costs_by_day AS
WITH parts AS (
    SELECT substr(booked_at, 1, 10) AS day, hot_folder, category, currency, amount,
        {parts_of_amount()}
    FROM job_charges JOIN jobs ON jobs.id = job_id
)
SELECT day, hot_folder,
    {exact_sum("category = 'compute'")} AS compute,
    {exact_sum("category = 'energy'")} AS energy,
    {exact_sum("category = 'credits'")} AS credits,
    {exact_sum("category = 'people'")} AS people,
    {exact_sum("1")} AS total,
    currency,
    count(*) FILTER (WHERE amount IS NULL) AS unpriced
FROM parts
GROUP BY day, hot_folder, currency;

CREATE VIEW booked_charges AS
SELECT job_charges.id, job_id, hot_folder, rule, category, job_charges.item, measured,
    measured_unit, quantity, unit, price, amount, job_charges.currency, provider,
    version AS price_version, source AS price_source, job_charges.booked_at
FROM job_charges JOIN prices ON prices.id = price_id JOIN jobs ON jobs.id = job_id;

CREATE VIEW gate_results AS
SELECT rule, gate, unit, threshold, count(*) AS runs,
    count(*) FILTER (WHERE passed) AS passed,
    avg(value) AS mean_value, min(value) AS least_value, max(value) AS greatest_value
FROM gate_runs JOIN jobs ON jobs.id = job_id
GROUP BY rule, gate, unit, threshold;
"""  # noqa: S608  made of fixed texts


def add_report_views(db: sqlite_utils.Database) -> None:
    """Create the views that people and other programs read."""
    db.executescript(_VIEWS)
