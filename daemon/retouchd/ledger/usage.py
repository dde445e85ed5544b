"""Books what a job used, and what that costs at the prices of the day.

Usage is quantities. A charge is quantity x price, computed in decimals and frozen:
prices that change later leave it alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal

import sqlite_utils

from retouchd.ledger.prices import Price, PriceBook, set_price
from retouchd.ledger.units import EXACT, convert, written
from retouchd.values import GateRun, StepRun

_FINEST = 6  # microseconds and microjoules; what lies below is noise of the clocks


@dataclass(frozen=True)
class Credit:
    """Something bought for a job.

    Attributes:
        item: what was bought, such as the origin ``nano-banana``.
        quantity: how much of it.
        unit: ``image``, ``megapixel``, ``second`` (of a clip) or ``credit``.
    """

    item: str
    quantity: float
    unit: str


@dataclass(frozen=True)
class Usage:
    """One measured quantity that has a price.

    Attributes:
        category: ``compute``, ``energy``, ``credits`` or ``people``.
        item: what was used: ``cpu_core``, a device, ``electricity``, an origin.
        unit: the base unit of *measured*.
        measured: the exact sum of what the usage tables hold.
    """

    category: str
    item: str
    unit: str
    measured: Decimal


def credit_of(
    origin: str, prices: PriceBook, *, megapixels: float, seconds: float = 0.0
) -> Credit:
    """Say what making one file of the generator *origin* had cost in credits.

    Args:
        origin: the generator's name as the inspection gives it.
        prices: tells how this generator counts; an unknown one counts images.
        megapixels: size of one picture.
        seconds: length of a clip.
    """
    quantities = {"megapixel": megapixels, "second": seconds}
    for unit, quantity in quantities.items():
        if prices.find(origin, unit):
            return Credit(origin, round(quantity, _FINEST), unit)
    return Credit(origin, 1.0, "image")


def book_usage(
    db: sqlite_utils.Database,
    job: str,
    step_runs: Iterable[StepRun] = (),
    gate_runs: Iterable[GateRun] = (),
    credits_spent: Iterable[Credit] = (),
    *,
    at: str,
) -> None:
    """Insert what *job* used; call it inside a ``Database.write``.

    Args:
        db: the writer's connection.
        job: id of the job.
        step_runs: steps of one or more attempts, decode and encode among them.
        gate_runs: verdicts on the same attempts.
        credits_spent: what was bought for the job.
        at: time as text, for rows that carry none.
    """
    db.table("step_runs").insert_all(_step_row(job, run) for run in step_runs)
    db.table("gate_runs").insert_all(_gate_row(job, run, at) for run in gate_runs)
    db.table("credits").insert_all(
        {"job_id": job, "booked_at": at} | asdict(credit) for credit in credits_spent
    )


def _gate_row(job: str, run: GateRun, at: str) -> dict[str, object]:
    regions = json.dumps(run.regions)
    return {"job_id": job, "ran_at": at} | vars(run) | {"regions": regions}


def _step_row(job: str, run: StepRun) -> dict[str, object]:
    """Make the row of one run, rounded so that sums of the stored texts are exact."""
    joules = None if run.joules is None else round(run.joules, _FINEST)
    return (
        {"job_id": job}
        | vars(run)
        | {
            "cpu_s": round(run.cpu_s, _FINEST),
            "gpu_s": round(run.gpu_s, _FINEST),
            "model_s": round(run.model_s, _FINEST),
            "joules": joules,
        }
    )


def book_charges(
    db: sqlite_utils.Database, job: str, prices: PriceBook, at: str
) -> None:
    """Charge what *job* has used and was not yet charged for.

    Call it inside a ``Database.write``, after the work and again after a review or a
    repeat; without new usage it does nothing. A quantity without a price is charged
    with amount NULL, against a price row that is made for it and waits for a figure.
    """
    charged = _charged(db, job)
    rows = []
    for usage in measured_usage(db, job):
        key = (usage.category, usage.item, usage.unit)
        rest = usage.measured - charged.get(key, Decimal(0))
        if rest > 0:
            row = charge_row(db, usage, rest, prices, at)
            rows.append({"job_id": job} | row)
    db.table("job_charges").insert_all(rows)


def measured_usage(db: sqlite_utils.Database, job: str) -> list[Usage]:
    """Return all that *job* has used so far, one entry per item.

    CPU seconds, GPU seconds by device, joules, credits by item, seconds of people.
    """
    sums: dict[tuple[str, str, str], Decimal] = {}
    for category, item, unit, quantity in db.execute(_MEASURED, {"job": job}):
        key = (category, item, unit)
        # repr of a stored float is the shortest text that means it
        sums[key] = sums.get(key, Decimal(0)) + Decimal(repr(quantity))
    return [Usage(*key, measured) for key, measured in sums.items()]


_MEASURED = """
SELECT 'compute', 'cpu_core', 'cpu_second', cpu_s FROM step_runs
    WHERE job_id = :job AND cpu_s > 0
UNION ALL SELECT 'compute', coalesce(device, 'gpu'), 'gpu_second', gpu_s FROM step_runs
    WHERE job_id = :job AND gpu_s > 0
UNION ALL SELECT 'energy', 'electricity', 'joule', joules FROM step_runs
    WHERE job_id = :job AND joules > 0
UNION ALL SELECT 'credits', item, unit, quantity FROM credits
    WHERE job_id = :job AND quantity > 0
UNION ALL SELECT 'people', 'reviewer', 'people_second', seconds FROM reviews
    WHERE job_id = :job AND seconds > 0
"""


def _charged(
    db: sqlite_utils.Database, job: str
) -> dict[tuple[str, str, str], Decimal]:
    sums: dict[tuple[str, str, str], Decimal] = {}
    for row in db.table("job_charges").rows_where("job_id = ?", [job]):
        key = (row["category"], row["item"], row["measured_unit"])
        sums[key] = sums.get(key, Decimal(0)) + Decimal(row["measured"])
    return sums


def _price_of(
    db: sqlite_utils.Database, usage: Usage, prices: PriceBook, at: str
) -> Price:
    """Find the price of *usage*, or store that there is none."""
    return prices.find(usage.item, usage.unit) or set_price(
        db,
        Price(
            provider="unknown",
            item=usage.item,
            unit=usage.unit,
            source="not in the price book",
            confidence="unpriced",
        ),
        at,
    )


def charge_row(
    db: sqlite_utils.Database,
    usage: Usage,
    measured: Decimal,
    prices: PriceBook,
    at: str,
) -> dict[str, object]:
    """Make the row of a charge; it names no job yet.

    Args:
        db: the writer's connection; a price row is made where there is none.
        usage: what was used.
        measured: how much of it is charged, in its unit.
        prices: in force at *at*.
        at: time as text.
    """
    price = _price_of(db, usage, prices, at)
    amount = cost(measured, price)
    return {
        "price_id": price.id,
        "quantity": written(convert(measured, price.unit)),
        "amount": None if amount is None else written(amount),
        "currency": price.currency,
        "booked_at": at,
        "category": usage.category,
        "item": usage.item,
        "measured": written(measured),
        "measured_unit": usage.unit,
    }


def cost(measured: Decimal, price: Price | None) -> Decimal | None:
    """Return what *measured*, in the base unit, costs; ``None`` where unpriced.

    The product of quantity and price is exact; only the conversion of the quantity to
    the unit of the price rounds, at its twelfth place.
    """
    if price is None or price.price is None:
        return None
    return EXACT.multiply(convert(measured, price.unit), Decimal(price.price))
