"""How fast models were in the jobs of this ledger."""

from __future__ import annotations

from retouchd.ledger.database import Database
from retouchd.ledger.seen_usage import TRIAL


def model_speeds(database: Database) -> dict[str, float]:
    """Return seconds inside each model per megapixel, the mean of its newest runs.

    The larger of what a step took and gave counts as its size. Steps that needed two
    models in turn tell of neither.
    """
    rows = database.rows(
        "SELECT model, sum(model_s) / sum(max(megapixels_in, megapixels_out)) AS speed "
        "FROM (SELECT * FROM step_runs WHERE model <> '' ORDER BY id DESC LIMIT 10000) "
        "WHERE instr(model, '+') = 0 AND step <> ? GROUP BY model",
        [TRIAL],
    )
    return {row["model"]: row["speed"] for row in rows if row["speed"]}
