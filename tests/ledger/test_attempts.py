"""What was tried, why, and what it cost, attempt by attempt."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from retouchd.ledger.attempts import attempt_rows
from retouchd.ledger.database import Database
from retouchd.ledger.prices import Price, current, set_price
from retouchd.ledger.usage import book_charges, book_usage
from retouchd.timestamps import utc
from retouchd.values import GateRun, StepRun

NOON = utc(1_795_348_800.0)
RUNS = (
    StepRun("decode", cpu_s=0.1),
    StepRun("cut", 1, "small", tier="draft", cpu_s=0.2, joules=1.0),
    StepRun("cut", 2, "big", tier="hero", device="L4", cpu_s=0.4, gpu_s=3.0),
    StepRun("encode", 2, cpu_s=0.000001),
)
GATES = (
    GateRun("matte", 0.8, "certainty", 0.9, passed=False, step="cut"),
    GateRun("matte", 0.95, "certainty", 0.9, passed=True, attempt=2),
)


def booked(tmp_path: Path, gpu_price: str | None) -> list[dict[str, object]]:
    """Book a job of two attempts and return its rows."""
    row = {
        "id": "a",
        "hot_folder": "hot",
        "source_name": "a.png",
        "state": "done",
        "kept_attempt": 2,
    }
    prices = (
        Price("local", "cpu_core", "cpu_hour", "0.07"),
        Price("local", "electricity", "kWh", "0.3"),
        Price("local", "L4", "gpu_hour", gpu_price),
    )
    with Database.open(tmp_path / "ledger.db") as database:
        database.write(lambda db: db.table("jobs").insert(row)).result()
        for price in prices:
            database.write(lambda db, price=price: set_price(db, price, NOON)).result()
        database.write(lambda db: book_usage(db, "a", RUNS, GATES, at=NOON)).result()
        database.write(
            lambda db: book_charges(db, "a", current(db, NOON), NOON)
        ).result()
        rows = attempt_rows(database, "a")
        [total] = database.rows("SELECT total FROM job_costs WHERE job_id = 'a'")
    return [*rows, total]


def test_each_attempt_has_its_models_verdicts_and_cost(tmp_path: Path) -> None:
    """P8: the costs of the attempts add up to what was booked, to the last digit."""
    first, second, total = booked(tmp_path, "0.8")

    assert (first["models"], first["gates"], first["kept"]) == (
        "cut: small (draft)",
        "matte 0.8 failed",
        False,
    )
    assert (second["models"], second["gates"], second["kept"]) == (
        "cut: big (hero)",
        "matte 0.95 passed",
        True,
    )
    assert Decimal(str(first["cost"])) < Decimal("0.00001")
    assert Decimal(str(second["cost"])) > Decimal("0.0006")
    assert second["so_far"] == total["total"]
    parts = [Decimal(str(row["cost"])) for row in (first, second)]
    assert sum(parts) == Decimal(str(total["total"]))


def test_a_missing_price_is_not_a_cost_of_nothing(tmp_path: Path) -> None:
    """The attempt that used the unpriced device says so; the other has its cost."""
    first, second, _ = booked(tmp_path, None)

    assert Decimal(str(first["cost"])) > 0
    assert (second["cost"], second["so_far"]) == ("unpriced", "unpriced")
