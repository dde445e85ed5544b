"""The views of the ledger: sums that reports and people read."""

from __future__ import annotations


def parts_of_amount() -> str:
    """Write SQL columns that cut *amount* for ``exact_sum``.

    A decimal text of up to 24 places becomes its whole part and two halves of 12
    digits.
    """
    place = "instr(amount || '.', '.') + 1"
    fraction = f"substr(amount, {place}) || '{'0' * 24}'"
    return (
        "CAST(amount AS INTEGER) AS whole, "
        f"CAST(substr({fraction}, 1, 12) AS INTEGER) AS high, "
        f"CAST(substr({fraction}, 13, 12) AS INTEGER) AS low"
    )


def exact_sum(condition: str) -> str:
    """Write SQL that adds what ``parts_of_amount`` cut, without a float.

    Integers add exactly, and the carries are settled afterwards.
    """
    low, high, whole = (
        f"coalesce(sum({part}) FILTER (WHERE {condition}), 0)"
        for part in ("low", "high", "whole")
    )
    unit = "1000000000000"
    carried = f"({high} + {low} / {unit})"
    digits = (
        f"printf('%d.%012d%012d', {whole} + {carried} / {unit}, "
        f"{carried} % {unit}, {low} % {unit})"
    )
    return f"rtrim(rtrim({digits}, '0'), '.')"


# The pieces put in are fixed texts of this file.
VIEWS = f"""
CREATE VIEW job_costs AS
WITH parts AS (
    SELECT job_id, category, currency, amount, {parts_of_amount()} FROM job_charges
)
SELECT job_id,
    {exact_sum("category = 'compute'")} AS compute,
    {exact_sum("category = 'energy'")} AS energy,
    {exact_sum("category = 'credits'")} AS credits,
    {exact_sum("category = 'people'")} AS people,
    {exact_sum("1")} AS total,
    currency,
    count(*) FILTER (WHERE amount IS NULL) AS unpriced
FROM parts
GROUP BY job_id, currency;

CREATE VIEW throughput_by_hour AS
SELECT
    substr(coalesce(delivered_at, finished_at), 1, 13) || ':00:00.000Z' AS hour,
    hot_folder,
    count(*) AS jobs,
    count(*) FILTER (WHERE state IN ('delivered', 'done')) AS delivered,
    count(*) FILTER (WHERE state = 'failed') AS failed,
    coalesce(sum(width_in * height_in * max(coalesce(frames, 1), 1)), 0) / 1e6
        AS megapixels
FROM jobs
WHERE coalesce(delivered_at, finished_at) IS NOT NULL
GROUP BY hour, hot_folder;
"""  # noqa: S608  made of fixed texts, see above
