"""What is kept of earlier reports equals the rows, whatever happens to these."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils

from retouchd.ledger.database import Database
from retouchd.ledger.lines import Grouping, Report
from retouchd.ledger.prices import DEFAULT_BOOK, current, read_price_book
from retouchd.ledger.reports import report
from retouchd.ledger.sums.keeper import SumsKeeper
from retouchd.ledger.sums.rollups import place_of
from retouchd.ledger.usage import Credit, book_charges, book_usage
from retouchd.values import StepRun

Booker = Callable[..., None]
Change = Callable[[sqlite_utils.Database], object]

ALL: tuple[Grouping, ...] = (
    "hot_folder",
    "rule",
    "origin",
    "model",
    "tier",
    "step",
    "person",
    "day",
)
LATE = "2026-11-25T09:00:00.000Z"
WINDOWS = (
    ("2026-11-22", None),
    ("2026-11-22T11:59:00.000Z", "2026-11-23T10:30"),
    ("2026-11-22T11:30", "2026-11-22T12:30:00.000Z"),
)


def reports(ledger: Database) -> list[Report]:
    """Every report over all jobs, and over every window, at a second price book."""
    prices = read_price_book(DEFAULT_BOOK)
    return [report(ledger, name, None, prices) for name in ALL] + [
        report(ledger, by, since, prices, until=until)
        for by, (since, until) in zip(("rule", "model", "day"), WINDOWS, strict=True)
    ]


def from_rows(ledger: Database, monkeypatch: pytest.MonkeyPatch) -> list[Report]:
    """The same without anything kept."""
    with monkeypatch.context() as patch:
        patch.setattr(
            "retouchd.ledger.sums.rollups.place_of", lambda _: Path("/nowhere/kept.db")
        )
        return reports(ledger)


@pytest.fixture
def filled(ledger: Database, book: Booker) -> Database:
    """A ledger with jobs in several hours and days, some of them refined."""
    for number, hour in enumerate((9, 11, 11, 12, 12, 23)):
        arrived = f"2026-11-22T{hour:02}:{number * 7:02}:00.000Z"
        book(f"a{number}", arrived_at=arrived, rule=f"rule{number % 2}")
    book("b1", arrived_at="2026-11-23T10:00:00.000Z", delivered_at=LATE)
    book("b2", arrived_at="2026-11-23T11:00:00.000Z", state="failed")
    book("old", arrived_at="2026-11-20T10:00:00.000Z", state="rejected")
    book("fix", arrived_at="2026-11-23T10:20:00.000Z", parent="old")
    book("timeless", arrived_at=None)
    return ledger


def _review(verdict: str, job: str = "a1", **columns: object) -> Change:
    def change(db: sqlite_utils.Database) -> None:
        row = {"job_id": job, "verdict": verdict, "seconds": 0.1 + 0.2}
        db.table("reviews").insert(row | {"reviewer": "ada", "decided_at": LATE})
        db.table("jobs").update(job, columns)
        book_charges(db, job, current(db, LATE), LATE)

    return change


def _run_again(attempt: int, tier: str, cpu_s: float) -> Change:
    def change(db: sqlite_utils.Database) -> None:
        run = StepRun(
            "upscale", attempt, model="big", tier=tier, cpu_s=cpu_s, wall_ms=3.0
        )
        book_usage(
            db, "a2", [run], [], [Credit("flux", 0.786432, "megapixel")], at=LATE
        )
        book_charges(db, "a2", current(db, LATE), LATE)

    return change


def _charge_alone(db: sqlite_utils.Database) -> None:
    [row] = db.table("job_charges").rows_where("job_id = 'a5'", limit=1)
    del row["id"]
    db.table("job_charges").insert(row)


CHANGES: dict[str, Change] = {
    "run_alone": lambda db: book_usage(db, "a5", [StepRun("grade")], at=LATE),
    "charge_alone": _charge_alone,
    "verdict_alone": lambda db: db.table("reviews").insert(
        {"job_id": "a5", "verdict": "reject"}
    ),
    "late_review": _review("approve", decision="approve", destination="review"),
    "rejection": _review("reject", decision="reject", state="rejected"),
    "undo": _review("undo", decision=None, state="review", destination="review"),
    "repeat": _run_again(2, "draft", 0.000001),
    "escalation": _run_again(2, "hero", 7.7),
    "another_price": lambda db: db.execute(
        "UPDATE prices SET valid_to = ? WHERE item = 'cpu_core'", [LATE]
    ),
    "delivery": lambda db: db.table("deliveries").insert(
        {
            "job_id": "a3",
            "output": 0,
            "width": 700,
            "height": 500,
            "delivered_at": LATE,
        }
    ),
    "new_job": lambda db: db.table("jobs").insert(
        {
            "id": "new",
            "hot_folder": "late",
            "source_name": "x",
            "state": "queued",
            "arrived_at": "2026-11-22T12:10:00.000Z",
        }
    ),
    "forgotten_job": lambda db: db.execute("DELETE FROM jobs WHERE id = 'gone'"),
    "other_hour": lambda db: db.execute(
        "UPDATE jobs SET arrived_at = '2026-11-21T10:00:00.000Z' WHERE id = 'a4'"
    ),
    "nothing": lambda _: None,
}


@pytest.mark.parametrize("name", CHANGES)
def test_kept_sums_equal_the_rows_after_every_change(
    filled: Database, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Every report in every window says what the rows say, to the last digit."""
    gone = {"id": "gone", "hot_folder": "x", "source_name": "x", "state": "claimed"}
    filled.write(lambda db: db.table("jobs").insert(gone)).result(60)
    reports(filled)

    filled.write(CHANGES[name]).result(60)

    kept = reports(filled)
    assert kept == from_rows(filled, monkeypatch)
    assert kept == reports(filled)


def test_what_is_kept_is_really_used(filled: Database) -> None:
    """A second report adds up no hour again; a change makes it add up that one."""
    before = report(filled)
    tampered = sqlite3.connect(place_of(filled.path))
    with tampered:
        changed = tampered.execute(
            "UPDATE tallies SET name = 'kept' WHERE dimension = 'hot_folder'"
        )
    tampered.close()

    groups = [line.group for line in report(filled).lines]
    filled.write(_review("approve")).result(60)
    after = [line.group for line in report(filled).lines]

    assert changed.rowcount >= 2
    assert [line.group for line in before.lines] == ["products"]
    assert groups == ["kept"]
    assert after == ["kept", "products"]


def test_damaged_sums_are_made_again(filled: Database) -> None:
    """A file that is no database costs nothing but the time."""
    before = report(filled)
    place = place_of(filled.path)
    for path in place.parent.glob(f"{place.name}*"):
        path.unlink()
    place.write_bytes(b"no database at all" * 1000)

    after = report(filled)

    assert after == before
    assert place.read_bytes().startswith(b"SQLite format 3")


def test_sums_that_are_torn_within_are_made_again(filled: Database) -> None:
    """Pages that went bad behind a good header change no report."""
    before = report(filled)
    place = place_of(filled.path)
    with closing(sqlite3.connect(place)) as kept:
        kept.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [(page,)] = kept.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'tallies'"
        )
    with place.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"torn" * 1024)

    during, after = report(filled), report(filled)

    assert during == after == before


def test_where_nothing_can_be_kept(filled: Database) -> None:
    """Who may not write beside the ledger gets the same report."""
    before = report(filled)
    place = place_of(filled.path)
    place.unlink()
    place.mkdir()

    after = report(filled)

    assert after == before
    assert list(place.iterdir()) == []


def test_sums_of_another_ledger_do_not_count(filled: Database, tmp_path: Path) -> None:
    """A ledger that was replaced never shows the sums of the old one."""
    report(filled)
    other = tmp_path / "other.db"
    with Database.open(other) as ledger:
        place_of(filled.path).rename(place_of(other))

        assert report(ledger).total.jobs == 0
        assert asdict(report(ledger).total)["charges"] == ()


def test_hours_without_jobs_say_nothing(ledger: Database, book: Booker) -> None:
    """An hour whose jobs were all forgotten leaves no line."""
    book("one", state="claimed")
    delete: Any = lambda db: (  # noqa: E731  a statement for the writer
        db.execute("DELETE FROM jobs WHERE id = 'two'")
    )
    two = {"id": "two", "hot_folder": "x", "source_name": "x", "state": "claimed"}
    ledger.write(lambda db: db.table("jobs").insert(two)).result(60)
    ledger.write(delete).result(60)

    assert [line.group for line in report(ledger).lines] == ["products"]


def test_the_daemon_adds_up_finished_hours(filled: Database) -> None:
    """What is an hour old is kept before anybody asks; what is younger is not."""
    keeper = SumsKeeper(filled)

    keeper.catch_up(datetime(2026, 11, 22, 13, 30, tzinfo=UTC).timestamp())

    keeper.close()
    with closing(sqlite3.connect(place_of(filled.path))) as kept:
        spans = [row[0] for row in kept.execute("SELECT span FROM spans ORDER BY 1")]
    assert spans == [
        "2026-11-20 whole",
        "2026-11-20T10",
        "2026-11-22T09",
        "2026-11-22T11",
    ]
