"""Names, types and rules of the tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest

from retouchd.errors import LedgerError
from retouchd.ledger.database import Database

Booker = Callable[..., None]

PROMISED = {
    "jobs": "id hot_folder rule rule_hash source_name source_sha256 source_bytes kind "
    "origin goal state tier attempts error width_in height_in frames arrived_at "
    "claimed_at started_at delivered_at finished_at",
    "deliveries": "id job_id output path sha256 bytes width height delivered_at",
    "step_runs": "id job_id attempt step model model_sha256 tier device wall_ms cpu_s "
    "gpu_s joules joules_estimated megapixels_in megapixels_out bytes_in bytes_out "
    "started_at",
    "gate_runs": "id job_id attempt gate value unit threshold passed detail ran_at",
    "credits": "id job_id item quantity unit booked_at",
    "reviews": "id job_id reviewer verdict reason seconds seconds_estimated decided_at",
    "prices": "id provider item unit price currency valid_from valid_to source "
    "confidence",
    "job_charges": "id job_id price_id quantity amount currency booked_at",
    "events": "id job_id at what detail",
    "requests": "id asked_at what arguments answered_at answer",
    "job_costs": "job_id compute energy credits people total currency",
    "throughput_by_hour": "hour hot_folder jobs delivered failed megapixels",
}


@pytest.mark.parametrize("name", PROMISED)
def test_promised_columns_exist(ledger: Database, name: str) -> None:
    """Every table and view has at least the columns that others rely on, in order."""
    promised = PROMISED[name].split()

    columns = [row["name"] for row in ledger.rows(f"PRAGMA table_info({name})")]

    assert [column for column in columns if column in promised] == promised


def test_every_table_is_strict(ledger: Database) -> None:
    """No table takes a value of another type than its column's."""
    tables = ledger.rows("PRAGMA table_list")

    ours = [
        row for row in tables if row["type"] == "table" and "sqlite" not in row["name"]
    ]

    assert len(ours) >= 10
    assert all(row["strict"] for row in ours)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE jobs SET state = 'odd'",
        "UPDATE jobs SET source_bytes = 'many'",
        "UPDATE jobs SET journal = 'ODD'",
        "INSERT INTO events (job_id, at, what) VALUES ('nobody', '', '')",
        "UPDATE prices SET price = '0'",
        "UPDATE job_charges SET amount = '0'",
        "DELETE FROM job_charges",
    ],
)
def test_wrong_rows_are_refused(ledger: Database, book: Booker, statement: str) -> None:
    """Types, states and references are checked, and what was booked is frozen."""
    book("known")

    with pytest.raises(LedgerError):
        ledger.write(lambda db: db.execute(statement)).result(60)


def test_stored_times_are_utc_with_milliseconds(ledger: Database, book: Booker) -> None:
    """Every stored time has the one form that sorts as text."""
    book("one")
    form = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

    times = [
        value
        for table in ("jobs", "credits", "gate_runs", "prices", "job_charges")
        for row in ledger.rows(f"SELECT * FROM {table}")
        for column, value in row.items()
        if column.endswith(("_at", "valid_from")) and value
    ]

    assert times
    assert all(form.fullmatch(time) for time in times)


def test_job_costs_adds_without_a_float(ledger: Database, book: Booker) -> None:
    """The view carries through all 24 places, where floats would lose the end."""
    book("one")
    amounts = ["0.999999999999999999999999", "0.000000000000000000000001", "12345.5"]
    row = ledger.rows("SELECT * FROM job_charges WHERE category = 'people'")[0]
    del row["id"]

    for amount in [*amounts, None]:
        charge = row | {"amount": amount}
        ledger.write(lambda db, c=charge: db.table("job_charges").insert(c)).result(60)

    costs = ledger.rows("SELECT * FROM job_costs")[0]
    assert costs["unpriced"] == 1
    assert Decimal(costs["people"]) - Decimal(row["amount"]) == Decimal("12346.5")


def test_throughput_counts_by_hour_and_folder(ledger: Database, book: Booker) -> None:
    """Finished jobs are counted in the hour in which they ended."""
    book("a")
    book("b", state="failed")
    book("c", hot_folder="other", frames=3)

    hours = ledger.rows("SELECT * FROM throughput_by_hour ORDER BY hot_folder")

    assert [tuple(row.values()) for row in hours] == [
        ("2026-11-22T12:00:00.000Z", "other", 1, 1, 0, 3.0),
        ("2026-11-22T12:00:00.000Z", "products", 2, 1, 1, 2.0),
    ]
