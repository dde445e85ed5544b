"""The attempts at one job: what ran, what the gates said, what each has cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from retouchd.ledger.database import Database
from retouchd.ledger.units import EXACT, PLACES, written

Row = dict[str, Any]

_COLUMN = {"cpu_second": "cpu_s", "gpu_second": "gpu_s", "joule": "joules"}
"""Where the usage behind a charge stands in a run, by its unit."""


def attempt_rows(database: Database, job: str) -> list[Row]:
    """Return one row per attempt at *job*, the first one first.

    Its cost is its part of what was booked for compute and energy, by the seconds and
    joules of its runs; the parts add up to what was booked.
    """
    runs = database.rows(
        "SELECT * FROM step_runs WHERE job_id = ? ORDER BY attempt, id", [job]
    )
    verdicts = database.rows(
        "SELECT * FROM gate_runs WHERE job_id = ? ORDER BY attempt, id", [job]
    )
    charges = database.rows(
        "SELECT measured_unit, item, amount, currency FROM job_charges "
        "WHERE job_id = ? AND category IN ('compute', 'energy')",
        [job],
    )
    facts = database.rows("SELECT kept_attempt FROM jobs WHERE id = ?", [job])
    costs = _costs(runs, charges)
    currency = " ".join(sorted({charge["currency"] for charge in charges}))
    spent: Decimal | None = Decimal(0)
    rows = []
    for attempt, cost in costs.items():
        spent = _add(spent, cost)
        rows.append(
            {
                "attempt": attempt,
                "models": _models([run for run in runs if run["attempt"] == attempt]),
                "gates": _said([one for one in verdicts if one["attempt"] == attempt]),
                "cost": _money(cost),
                "so_far": _money(spent),
                "currency": currency,
                "kept": attempt == facts[0]["kept_attempt"],
            }
        )
    return rows


def _models(runs: Sequence[Row]) -> str:
    return "; ".join(
        f"{run['step']}: {run['model']} ({run['tier']})" for run in runs if run["model"]
    )


def _said(verdicts: Sequence[Row]) -> str:
    return "; ".join(
        f"{one['gate']} {one['value']:g} {'passed' if one['passed'] else 'failed'}"
        for one in verdicts
    )


def _money(amount: Decimal | None) -> str:
    return "unpriced" if amount is None else written(amount)


def _costs(runs: Sequence[Row], charges: Sequence[Row]) -> dict[int, Decimal | None]:
    """Split what was booked by attempt; ``None``: a part of it has no price."""
    costs: dict[int, Decimal | None] = {run["attempt"]: Decimal(0) for run in runs}
    for charge in charges:
        for attempt, part in _parts(charge, runs).items():
            costs[attempt] = _add(costs[attempt], part)
    return costs


def _add(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else EXACT.add(one, other)


def _parts(charge: Row, runs: Sequence[Row]) -> Mapping[int, Decimal | None]:
    """Split one charge by attempt; the last part takes what rounding leaves."""
    used: dict[int, Decimal] = {}
    for run in runs:
        amount = _use(run, charge["measured_unit"], charge["item"])
        if amount:
            used[run["attempt"]] = used.get(run["attempt"], Decimal(0)) + amount
    if charge["amount"] is None:
        return dict.fromkeys(used)
    return _split(Decimal(charge["amount"]), used)


def _split(whole: Decimal, weights: Mapping[int, Decimal]) -> dict[int, Decimal]:
    total = sum(weights.values(), Decimal(0))
    parts: dict[int, Decimal] = {}
    rest = whole
    for attempt, weight in weights.items():
        share = EXACT.divide(EXACT.multiply(whole, weight), total).quantize(PLACES)
        parts[attempt] = share
        rest = EXACT.subtract(rest, share)
    if parts:
        last = max(parts)
        parts[last] = EXACT.add(parts[last], rest)
    return parts


def _use(run: Row, unit: str, item: str) -> Decimal:
    if unit == "gpu_second" and run["device"] != item:
        return Decimal(0)
    return Decimal(repr(run[_COLUMN[unit]] or 0))
