"""A ledger on a real file, and jobs with known usage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlite_utils

from retouchd.ledger.database import Database
from retouchd.ledger.prices import current
from retouchd.ledger.usage import Credit, book_charges, book_usage
from retouchd.values import GateRun, StepRun

NOON = "2026-11-22T12:00:00.000Z"

RUNS = (
    StepRun(step="decode", cpu_s=0.1234567, wall_ms=130.0),
    StepRun(
        step="upscale",
        model="span-x4",
        tier="draft",
        device="NVIDIA H200",
        wall_ms=412.0,
        cpu_s=0.3,
        gpu_s=0.131,
        joules=91.5,
        megapixels_in=1.0,
        megapixels_out=16.0,
    ),
    StepRun(
        step="remove_background",
        model="cutout",
        tier="standard",
        wall_ms=700.0,
        cpu_s=1.7000001,
        megapixels_in=16.0,
        megapixels_out=16.0,
    ),
)
GATES = (GateRun("fidelity", 31.5, "dB", 28.0, passed=True),)

Booker = Callable[..., None]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Database]:
    """A new ledger with the default prices."""
    with Database.open(tmp_path / "ledger.db") as database:
        yield database


@pytest.fixture
def book(ledger: Database) -> Booker:
    """Book one finished job with ``RUNS``, one picture bought and 20 s of a person."""

    def book_job(job: str, *, state: str = "done", **columns: object) -> None:
        row = {
            "id": job,
            "hot_folder": "products",
            "source_name": f"{job}.jpg",
            "state": state,
            "origin": "nano-banana",
            "rule": "cutout",
            "width_in": 1000,
            "height_in": 1000,
            "arrived_at": "2026-11-22T11:59:00.000Z",
            "delivered_at": NOON if state == "done" else None,
            "finished_at": NOON,
        }
        ledger.write(lambda db: _insert(db, row | columns)).result()

    return book_job


def _insert(db: sqlite_utils.Database, row: dict[str, object]) -> None:
    job = str(row["id"])
    db.table("jobs").insert(row)
    book_usage(db, job, RUNS, GATES, [Credit("nano-banana", 1.0, "image")], at=NOON)
    db.table("reviews").insert({"job_id": job, "verdict": "approve", "seconds": 20.0})
    book_charges(db, job, current(db, NOON), NOON)
