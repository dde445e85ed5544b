"""A studio's ledger: weeks of jobs with tiers, escalations, verdicts and prices."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from retouchd.ledger.database import Database
from retouchd.ledger.prices import current
from retouchd.ledger.usage import Credit, book_charges, book_usage
from retouchd.timestamps import utc
from retouchd.values import GateRun, StepRun, Tier

BEGIN = datetime(2026, 11, 9, 8, tzinfo=UTC)
NOW = "2026-11-23T12:00:00.000Z"

FOLDERS = {"products": "product-cutout", "campaign": "hero", "social": "web"}
ORIGINS = ("camera", "nano-banana", "nano-banana-pro", "midjourney")
BOUGHT = {"nano-banana", "nano-banana-pro", "midjourney"}
REVIEWERS = ("Mira", "Jonas")

SECONDS = {"draft": 0.02, "standard": 0.09, "hero": 0.4}
"""GPU seconds of one megapixel."""


def runs(size: float, tier: Tier, attempt: int = 1, at: str = "") -> list[StepRun]:
    """One attempt on a picture of *size* megapixels at *tier*."""
    gpu = SECONDS[tier] * size
    model = StepRun(
        step="upscale",
        attempt=attempt,
        model=f"upscale-{tier}",
        tier=tier,
        device="NVIDIA L4",
        wall_ms=1000 * gpu + 40,
        cpu_s=0.05,
        gpu_s=gpu,
        joules=70 * gpu,
        megapixels_in=size / 4,
        megapixels_out=size,
        started_at=at,
    )
    matte = replace(model, step="remove_background", model=f"matte-{tier}")
    plain = StepRun(step="encode", attempt=attempt, cpu_s=0.3, wall_ms=310.0)
    return [model, matte, plain]


class Studio:
    """Books jobs as the daemon does, with a clock of its own."""

    def __init__(self, ledger: Database, seed: int = 5) -> None:
        self.ledger = ledger
        self.random = random.Random(seed)
        self.count = 0

    def job(self, moment: datetime, **columns: Any) -> None:
        """Book one job, mostly approved; *columns* overrule what chance says."""
        self.ledger.write(lambda db: self.insert(db, moment, columns)).result(60)

    def jobs(self, moments: list[datetime]) -> None:
        """Book a job for each moment, in one commit."""

        def work(db: Any) -> None:
            for moment in moments:
                self.insert(db, moment, {})

        self.ledger.write(work).result(30)

    def insert(self, db: Any, moment: datetime, columns: dict[str, Any]) -> None:
        """Do so on the writer's connection."""
        self.count += 1
        name = f"job-{self.count:05d}"
        folder = self.random.choice(list(FOLDERS))
        state, decision, destination = self._ending()
        escalates = self.random.random() < 0.2
        first: Tier = "standard" if folder == "campaign" else "draft"
        row = {
            "id": name,
            "hot_folder": folder,
            "rule": FOLDERS[folder],
            "source_name": f"{name}.jpg",
            "state": state,
            "decision": decision,
            "destination": destination,
            "origin": self.random.choice(ORIGINS),
            "width_in": 1500,
            "height_in": 1000,
            "arrived_at": utc(moment.timestamp()),
            "started_at": utc(moment.timestamp() + 3),
            "delivered_at": utc(moment.timestamp() + self.random.uniform(5, 60))
            if state == "done"
            else None,
            "finished_at": utc(moment.timestamp() + 70),
        } | columns
        work = runs(6.0, first, 1, row["started_at"])
        if escalates:
            work += runs(6.0, "hero", 2, row["started_at"])
        self._insert(db, row, work)

    def _ending(self) -> tuple[str, str | None, str]:
        chance = self.random.random()
        if chance < 0.6:
            return "done", None, "out"
        if chance < 0.86:
            return "done", "approve", "review"
        if chance < 0.93:
            return "rejected", "reject", "review"
        return ("failed", None, "out") if chance < 0.96 else ("review", None, "review")

    def _insert(self, db: Any, row: dict[str, Any], work: list[StepRun]) -> None:
        job, at = row["id"], row["finished_at"]
        db.table("jobs").insert(row)
        gates = [GateRun("fidelity", 31.5, "dB", 28.0, passed=True)]
        origin = row["origin"]
        spent = [Credit(origin, 1.0, "image")] if origin in BOUGHT else []
        book_usage(db, job, work, gates, spent, at=at)
        if row["destination"] == "review" and row["state"] != "review":
            db.table("reviews").insert(
                {
                    "job_id": job,
                    "reviewer": self.random.choice(REVIEWERS),
                    "verdict": row["decision"] or "approve",
                    "seconds": round(self.random.uniform(6, 40), 1),
                    "seconds_estimated": int(self.random.random() < 0.4),
                    "decided_at": at,
                }
            )
        book_charges(db, job, current(db, at), at)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Database]:
    """A new ledger with the default prices."""
    with Database.open(tmp_path / "ledger.db") as database:
        yield database


@pytest.fixture
def studio(ledger: Database) -> Studio:
    """An empty studio."""
    return Studio(ledger)


@pytest.fixture(scope="session")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio after two weeks, with no work on Sundays; tests only read it."""
    with Database.open(tmp_path_factory.mktemp("busy") / "ledger.db") as database:
        studio = Studio(database)
        moments = [BEGIN + timedelta(hours=5.6 * number) for number in range(60)]
        studio.jobs([moment for moment in moments if moment.weekday() < 6])
        yield studio
