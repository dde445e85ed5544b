"""Fills a ledger with made jobs, always the same for a seed: a year of a busy studio.

python tests/measure/ledger/made_ledger.py ledger.db --jobs 1000000
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from retouchd.ledger.database import Database
from retouchd.ledger.entries import new_job_id
from retouchd.ledger.prices import Price, PriceBook, list_prices
from retouchd.ledger.units import EXACT, convert, written
from retouchd.timestamps import utc

BEGIN = 1_780_000_000  # seconds since the epoch: in May 2026
JOBS_A_DAY = 8000
CHUNK = 20_000

FOLDERS = ("products", "social", "press", "archive")
RULES = ("cutout", "web-hero", "grade-only", "print", "thumbs")
ORIGINS = ("camera/camera", "generator/nano-banana", "generator/flux", "editor/gimp")
PEOPLE = ("ada", "ben", "cleo")
STEPS = (
    ("erase", "fill-small", "draft"),
    ("upscale", "upscale-x4", "draft"),
    ("remove_background", "cutout-small", "draft"),
    ("grade", "", ""),
)
HIGHER = {
    "upscale": ("span-x4", "standard"),
    "remove_background": ("isnet", "standard"),
}
GPU = "NVIDIA H200"

Row = tuple[object, ...]

Used = dict[tuple[str, str, str], Decimal]
"""Measured quantities by category, item and unit."""


@dataclass
class Batch:
    """Rows by table, waiting to be inserted."""

    rows: dict[str, list[Row]] = field(
        default_factory=lambda: {name: [] for name in COLUMNS}
    )

    def put(self, table: str, *values: object) -> None:
        """Add one row; *values* in the order of ``COLUMNS``."""
        self.rows[table].append(values)


COLUMNS = {
    "jobs": "id hot_folder rule source_name source_bytes kind origin state tier "
    "attempts width_in height_in frames arrived_at claimed_at started_at delivered_at "
    "finished_at destination decision approved_at parent",
    "deliveries": "job_id output path bytes width height delivered_at state role",
    "step_runs": "job_id attempt step model tier device wall_ms cpu_s gpu_s joules "
    "joules_estimated megapixels_in megapixels_out started_at",
    "gate_runs": "job_id attempt gate value unit threshold passed ran_at",
    "credits": "job_id item quantity unit booked_at",
    "reviews": "job_id reviewer verdict seconds seconds_estimated decided_at",
    "job_charges": "job_id price_id quantity amount currency booked_at category item "
    "measured measured_unit",
}


@dataclass(frozen=True)
class Job:
    """What becomes of one picture; times in seconds since the epoch."""

    id: str
    origin: str
    size: tuple[int, int]
    arrived: float
    started: float
    ended: float
    state: str
    verdict: str | None
    parent: str | None

    @property
    def end(self) -> str:
        """Time of its end, as text."""
        return utc(self.ended)


class Maker:
    """Makes one job after the other with everything that is booked on it."""

    def __init__(self, prices: PriceBook, seed: int) -> None:
        self._random = random.Random(seed)
        self._prices = prices
        self._found: dict[tuple[str, str], Price | None] = {}
        self._rejected: list[str] = []

    def make(self, batch: Batch, arrived: float) -> None:
        """Put one job into *batch*."""
        job = self._job(arrived)
        self._put_job(batch, job)
        used = self._steps(batch, job)
        if job.state != "failed":
            for output in (0, 1):
                facts = (job.size[0] * job.size[1], *job.size, job.end, "DELIVERED")
                name = f"out/{job.id}-{output}.png"
                batch.put("deliveries", job.id, output, name, *facts, "result")
        if job.verdict:
            self._review(batch, job, used)
        if job.origin.startswith("generator"):
            self._buy(batch, job, used)
        self._charge(batch, job, used)

    def _job(self, arrived: float) -> Job:
        roll = self._random
        name = f"{new_job_id(arrived)[:10]}{roll.getrandbits(80):016X}"
        state, verdict, parent = self._fate(name)
        started = arrived + roll.uniform(0.5, 90)
        ended = started + roll.uniform(0.4, 30) + (3600 if verdict else 0)
        size = roll.choice(((800, 600), (1024, 1024), (3000, 2000)))
        times = (arrived, started, ended)
        return Job(name, roll.choice(ORIGINS), size, *times, state, verdict, parent)

    def _fate(self, job: str) -> tuple[str, str | None, str | None]:
        """Say how *job* ends, what people say, and which rejected one it refines."""
        drawn = self._random.random()
        if drawn < 0.03:
            if self._random.random() < 0.5:
                self._rejected.append(job)
            return "rejected", "reject", None
        if drawn < 0.12:
            parent = self._rejected.pop(0) if drawn < 0.04 and self._rejected else None
            return "done", "approve", parent
        state = "done" if drawn < 0.92 else "review" if drawn < 0.94 else "failed"
        return state, None, None

    def _put_job(self, batch: Batch, job: Job) -> None:
        roll = self._random
        to_review = job.verdict or job.state == "review"
        facts = ("still", job.origin, job.state, "draft", 1, *job.size, 1)
        batch.put(
            "jobs",
            *(job.id, roll.choice(FOLDERS), roll.choice(RULES), f"{job.id[-6:]}.jpg"),
            *(job.size[0] * job.size[1], *facts),
            *(utc(job.arrived), utc(job.arrived + 0.1), utc(job.started)),
            *(None if job.state == "failed" else job.end, job.end),
            *("review" if to_review else "out", job.verdict),
            *(job.end if job.verdict == "approve" else None, job.parent),
        )

    def _review(self, batch: Batch, job: Job, used: Used) -> None:
        seconds = round(self._random.uniform(3, 60), 1)
        guessed = int(self._random.random() < 0.4)
        person = self._random.choice(PEOPLE)
        batch.put("reviews", job.id, person, job.verdict, seconds, guessed, job.end)
        used["people", "reviewer", "people_second"] = Decimal(repr(seconds))

    def _buy(self, batch: Batch, job: Job, used: Used) -> None:
        name = job.origin.partition("/")[2]
        unit = "megapixel" if self._price(name, "megapixel") else "image"
        quantity = job.size[0] * job.size[1] / 1e6 if unit == "megapixel" else 1.0
        batch.put("credits", job.id, name, quantity, unit, job.end)
        used["credits", name, unit] = Decimal(repr(quantity))

    def _steps(self, batch: Batch, job: Job) -> Used:
        """Make the runs of one or two attempts and return what they used."""
        roll, at = self._random, job.started
        device = GPU if roll.random() < 0.3 else "cpu"
        megapixels = job.size[0] * job.size[1] / 1e6
        runs = [(1, "decode", "", ""), *((1, *step) for step in STEPS)]
        runs += [(1, "gates", "", ""), (1, "encode", "", "")]
        climbs = roll.random() < 0.08
        if climbs:
            runs += [(2, step, *model) for step, model in HIGHER.items()]
        used: dict[tuple[str, str, str], int] = {}
        for attempt, step, model, tier in runs:
            cpu, gpu = roll.randrange(5_000, 900_000), 0
            if model and device == GPU:
                gpu = roll.randrange(1_000, 90_000)
            joules = cpu * 4 + gpu * 700
            for key, quantity in (
                (("compute", "cpu_core", "cpu_second"), cpu),
                (("compute", device, "gpu_second"), gpu),
                (("energy", "electricity", "joule"), joules),
            ):
                used[key] = used.get(key, 0) + quantity
            batch.put(
                "step_runs",
                *(job.id, attempt, step, model, tier, device if model else "cpu"),
                *(cpu / 800, cpu / 1e6, gpu / 1e6, joules / 1e6, 1),
                *(megapixels, megapixels * (16 if step == "upscale" else 1), utc(at)),
            )
            at += cpu / 1e6
        self._gates(batch, job, utc(at), climbs=climbs)
        return {key: Decimal(value).scaleb(-6) for key, value in used.items() if value}

    def _gates(self, batch: Batch, job: Job, at: str, *, climbs: bool) -> None:
        for attempt in (1, 2) if climbs else (1,):
            value = round(self._random.uniform(20, 40), 3)
            good = int(not climbs or attempt == 2)
            batch.put(
                "gate_runs", job.id, attempt, "fidelity", value, "dB", 28.0, good, at
            )
            batch.put("gate_runs", job.id, attempt, "matte", 0.95, "", 0.9, 1, at)

    def _charge(self, batch: Batch, job: Job, used: Used) -> None:
        for (category, item, unit), measured in used.items():
            price = self._price(item, unit)
            if price is None:
                continue
            quantity = convert(measured, price.unit)
            amount = price.price and written(
                EXACT.multiply(quantity, Decimal(price.price))
            )
            batch.put(
                "job_charges",
                *(job.id, price.id, written(quantity), amount, price.currency),
                *(job.end, category, item, written(measured), unit),
            )

    def _price(self, item: str, unit: str) -> Price | None:
        key = (item, unit)
        if key not in self._found:
            self._found[key] = self._prices.find(item, unit)
        return self._found[key]


def fill(path: Path, jobs: int, seed: int = 5) -> None:
    """Create the ledger *path* with *jobs* jobs, ``JOBS_A_DAY`` of them a day."""
    with Database.open(path) as ledger:
        prices = PriceBook(ledger.write(list_prices).result())
    maker = Maker(prices, seed)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = off")
        triggers = _drop_triggers(db)
        for batch in _batches(maker, jobs):
            db.execute("BEGIN")
            for table, rows in batch.rows.items():
                _insert(db, table, rows)
            db.execute("COMMIT")
        db.execute(
            "INSERT INTO report_hours SELECT substr(arrived_at, 1, 13), random() "
            "FROM jobs GROUP BY 1"
        )
        for statement in triggers:
            db.execute(statement)
        db.execute("ANALYZE")


def _batches(maker: Maker, jobs: int) -> Iterator[Batch]:
    for begin in range(0, jobs, CHUNK):
        batch = Batch()
        for number in range(begin, min(begin + CHUNK, jobs)):
            maker.make(batch, BEGIN + number * 86400 / JOBS_A_DAY)
        yield batch


def _insert(db: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    columns = COLUMNS[table].split()
    marks = ", ".join("?" * len(columns))
    db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def _drop_triggers(db: sqlite3.Connection) -> list[str]:
    """Drop what marks hours as changed: at the end all of them are marked at once."""
    found = db.execute(
        "SELECT name, sql FROM sqlite_schema WHERE name LIKE '%renews_hour'"
    ).fetchall()
    for name, _ in found:
        db.execute(f"DROP TRIGGER {name}")
    return [sql for _, sql in found]


def main() -> None:
    """Fill the ledger that is named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=5)
    asked = parser.parse_args()
    began = time.monotonic()
    fill(asked.path, asked.jobs, asked.seed)
    seconds = time.monotonic() - began
    sys.stdout.write(f"{asked.jobs} jobs in {seconds:.0f} s\n")


if __name__ == "__main__":
    main()
