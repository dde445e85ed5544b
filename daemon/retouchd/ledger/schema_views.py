"""The views of the ledger: sums that reports and people read."""

from __future__ import annotations


def _exact_sum(condition: str) -> str:
    """Write SQL that adds decimal texts of up to 24 places without a float.

    Each text was split into its whole part and two halves of 12 digits; integers add
    exactly, and the carries are settled afterwards.
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
WITH padded AS (
    SELECT job_id, category, currency, amount,
        substr(
            substr(amount, instr(amount || '.', '.') + 1) || '{"0" * 24}', 1, 24
        ) AS fraction
    FROM job_charges
), parts AS (
    SELECT job_id, category, currency, amount,
        CAST(amount AS INTEGER) AS whole,
        CAST(substr(fraction, 1, 12) AS INTEGER) AS high,
        CAST(substr(fraction, 13, 12) AS INTEGER) AS low
    FROM padded
)
SELECT job_id,
    {_exact_sum("category = 'compute'")} AS compute,
    {_exact_sum("category = 'energy'")} AS energy,
    {_exact_sum("category = 'credits'")} AS credits,
    {_exact_sum("category = 'people'")} AS people,
    {_exact_sum("1")} AS total,
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
