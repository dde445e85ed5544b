-- Recomputes every booked figure of a ledger from its usage and its price rows.
--
--   sqlite3 -readonly retouchd.db < recompute.sql
--
-- It shares nothing with retouchd but the tables. Each of the first three queries lists
-- what does not agree, so they print nothing when all is well; the last one prints the
-- totals. SQLite has no decimals: numbers are cut into integers of six digits ("limbs"),
-- multiplied and added limb by limb, and written back as decimal text, so that no float
-- is involved and all 24 places count.

-- 1. Charges whose quantity is not their measured usage in the unit of the price
--    (12 places, half to even), or whose amount is not quantity x price.
WITH texts AS (
    SELECT c.id, c.job_id, c.measured AS m, c.quantity AS q, p.price AS p, c.amount,
        c.currency, p.currency AS price_currency,
        CASE p.unit WHEN 'cpu_hour' THEN 3600 WHEN 'gpu_hour' THEN 3600
            WHEN 'people_hour' THEN 3600 WHEN 'kWh' THEN 3600000 ELSE 1 END AS factor
    FROM job_charges AS c JOIN prices AS p ON p.id = c.price_id
), padded AS (
    SELECT *,
        substr(substr(m, instr(m || '.', '.') + 1) || '000000000000', 1, 12) AS mf,
        substr(substr(q, instr(q || '.', '.') + 1) || '000000000000', 1, 12) AS qf,
        substr(substr(p, instr(p || '.', '.') + 1) || '000000000000', 1, 12) AS pf
    FROM texts
), whole AS (
    SELECT *, CAST(m AS INTEGER) * 1000000000000 + CAST(mf AS INTEGER) AS m12,
        CAST(q AS INTEGER) * 1000000000000 + CAST(qf AS INTEGER) AS q12,
        CAST(q AS INTEGER) AS q2, CAST(substr(qf, 1, 6) AS INTEGER) AS q1,
        CAST(substr(qf, 7) AS INTEGER) AS q0,
        CAST(p AS INTEGER) AS p2, CAST(substr(pf, 1, 6) AS INTEGER) AS p1,
        CAST(substr(pf, 7) AS INTEGER) AS p0
    FROM padded
), products AS (
    SELECT *, m12 / factor + CASE
            WHEN 2 * (m12 % factor) > factor THEN 1
            WHEN 2 * (m12 % factor) = factor THEN (m12 / factor) % 2
            ELSE 0 END AS expected_q12,
        q0 * p0 AS c0, q0 * p1 + q1 * p0 AS c1, q0 * p2 + q1 * p1 + q2 * p0 AS c2,
        q1 * p2 + q2 * p1 AS c3, q2 * p2 AS c4
    FROM whole
), carried1 AS (
    SELECT *, c0 % 1000000 AS d0, c1 + c0 / 1000000 AS e1 FROM products
), carried2 AS (
    SELECT *, e1 % 1000000 AS d1, c2 + e1 / 1000000 AS e2 FROM carried1
), carried3 AS (
    SELECT *, e2 % 1000000 AS d2, c3 + e2 / 1000000 AS e3 FROM carried2
), expected AS (
    SELECT *, rtrim(rtrim(printf('%d.%06d%06d%06d%06d',
        c4 + e3 / 1000000, e3 % 1000000, d2, d1, d0), '0'), '.') AS expected_amount
    FROM carried3
)
SELECT 'charge' AS what, id, job_id, q, amount, expected_q12, expected_amount
FROM expected
WHERE q12 != expected_q12 OR currency != price_currency
    OR (p IS NULL) != (amount IS NULL) OR amount != expected_amount;

-- 2. Jobs that were charged for more or less than they used. Usage is stored to the
--    millionth of a second, joule or credit.
WITH used AS (
    SELECT job_id, 'compute' AS category, 'cpu_core' AS item, 'cpu_second' AS unit,
        cpu_s AS quantity FROM step_runs
    UNION ALL
    SELECT job_id, 'compute', coalesce(device, 'gpu'), 'gpu_second', gpu_s
        FROM step_runs
    UNION ALL SELECT job_id, 'energy', 'electricity', 'joule', joules FROM step_runs
    UNION ALL SELECT job_id, 'credits', item, unit, quantity FROM credits
    UNION ALL
    SELECT job_id, 'people', 'reviewer', 'people_second', seconds FROM reviews
), both AS (
    SELECT job_id, category, item, unit,
        CAST(round(quantity * 1000000) AS INTEGER) AS used, 0 AS charged
    FROM used WHERE quantity > 0
    UNION ALL
    SELECT job_id, category, item, measured_unit, 0,
        CAST(measured AS INTEGER) * 1000000 + CAST(substr(
            substr(measured, instr(measured || '.', '.') + 1) || '000000', 1, 6
        ) AS INTEGER)
    FROM job_charges
)
SELECT 'usage' AS what, job_id, category, item, unit, sum(used) AS used_millionths,
    sum(charged) AS charged_millionths
FROM both GROUP BY job_id, category, item, unit
HAVING sum(used) != sum(charged);

-- 3. Jobs whose line in the view job_costs is not the sum of their charges.
WITH limbs AS (
    SELECT job_id, currency, CAST(amount AS INTEGER) AS l4,
        substr(amount, instr(amount || '.', '.') + 1) || printf('%024d', 0) AS f
    FROM job_charges
), sums AS (
    SELECT job_id, currency, sum(l4) AS c4,
        sum(CAST(substr(f, 1, 6) AS INTEGER)) AS c3,
        sum(CAST(substr(f, 7, 6) AS INTEGER)) AS c2,
        sum(CAST(substr(f, 13, 6) AS INTEGER)) AS c1,
        sum(CAST(substr(f, 19, 6) AS INTEGER)) AS c0
    FROM limbs GROUP BY job_id, currency
), carried1 AS (
    SELECT *, c0 % 1000000 AS d0, c1 + c0 / 1000000 AS e1 FROM sums
), carried2 AS (
    SELECT *, e1 % 1000000 AS d1, c2 + e1 / 1000000 AS e2 FROM carried1
), carried3 AS (
    SELECT *, e2 % 1000000 AS d2, c3 + e2 / 1000000 AS e3 FROM carried2
)
SELECT 'job' AS what, job_id, job_costs.total,
    rtrim(rtrim(printf('%d.%06d%06d%06d%06d',
        coalesce(c4, 0) + coalesce(e3, 0) / 1000000, e3 % 1000000, d2, d1, d0
    ), '0'), '.') AS expected
FROM carried3 JOIN job_costs USING (job_id, currency)
WHERE job_costs.total != expected;

-- 4. The totals by category, to the last place: what `retouchd report` must say.
WITH limbs AS (
    SELECT category, currency, amount, CAST(amount AS INTEGER) AS l4,
        substr(amount, instr(amount || '.', '.') + 1) || printf('%024d', 0) AS f
    FROM job_charges
), sums AS (
    SELECT category, currency, count(*) - count(amount) AS unpriced,
        coalesce(sum(l4), 0) AS c4,
        coalesce(sum(CAST(substr(f, 1, 6) AS INTEGER)), 0) AS c3,
        coalesce(sum(CAST(substr(f, 7, 6) AS INTEGER)), 0) AS c2,
        coalesce(sum(CAST(substr(f, 13, 6) AS INTEGER)), 0) AS c1,
        coalesce(sum(CAST(substr(f, 19, 6) AS INTEGER)), 0) AS c0
    FROM limbs GROUP BY category, currency
), carried1 AS (
    SELECT *, c0 % 1000000 AS d0, c1 + c0 / 1000000 AS e1 FROM sums
), carried2 AS (
    SELECT *, e1 % 1000000 AS d1, c2 + e1 / 1000000 AS e2 FROM carried1
), carried3 AS (
    SELECT *, e2 % 1000000 AS d2, c3 + e2 / 1000000 AS e3 FROM carried2
)
SELECT category, currency,
    rtrim(rtrim(printf('%d.%06d%06d%06d%06d',
        c4 + e3 / 1000000, e3 % 1000000, d2, d1, d0), '0'), '.') AS amount,
    unpriced
FROM carried3 ORDER BY currency, category;
