"""An independent script in plain SQL finds every booked figure again."""

from __future__ import annotations

import runpy
import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from retouchd.ledger.database import Database
from retouchd.ledger.reports import report

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = REPOSITORY / "docs" / "recompute.sql"
MAKER = REPOSITORY / "tests" / "measure" / "ledger" / "made_ledger.py"

Booker = Callable[..., None]


def recomputed(path: Path) -> tuple[list[tuple[object, ...]], dict[str, Decimal]]:
    """Run the script as the sqlite3 shell does: what disagrees, and the totals."""
    queries = SCRIPT.read_text("utf-8").split(";\n")
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        *wrong, totals = [
            db.execute(query).fetchall() for query in queries if query.strip()
        ]
    return [row for rows in wrong for row in rows], {
        category: Decimal(amount) for category, _, amount, _ in totals
    }


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A ledger of 500 made jobs of every kind."""
    path = tmp_path / "made.db"
    runpy.run_path(str(MAKER))["fill"](path, 500)
    return path


def test_made_jobs_agree_to_the_last_place(made: Path) -> None:
    """Charges, jobs and totals of the script and of the report are the same."""
    wrong, totals = recomputed(made)

    with Database.open_reading(made) as ledger:
        total = report(ledger).total

    assert wrong == []
    assert total.costs == totals
    assert any(len(str(amount).partition(".")[2]) > 15 for amount in totals.values())


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE job_charges SET amount = amount || '1' WHERE id = 7", "charge"),
        ("UPDATE job_charges SET quantity = '0.25' WHERE id = 7", "charge"),
        ("UPDATE job_charges SET currency = 'EUR' WHERE id = 7", "charge"),
        ("UPDATE step_runs SET cpu_s = cpu_s + 0.000001 WHERE id = 7", "usage"),
        ("DELETE FROM job_charges WHERE id = 7", "usage"),
        ("UPDATE reviews SET seconds = seconds + 1 WHERE id = 7", "usage"),
    ],
)
def test_a_figure_that_was_bent_is_found(made: Path, change: str, what: str) -> None:
    """The script is no rubber stamp."""
    with closing(sqlite3.connect(made)) as db, db:
        db.execute("DROP TRIGGER job_charges_stay")
        db.execute("DROP TRIGGER job_charges_remain")
        assert db.execute(change).rowcount == 1

    wrong, _ = recomputed(made)

    assert [row[0] for row in wrong] == [what]


def test_lines_are_what_plain_queries_say(made: Path) -> None:
    """Counts, seconds and money of each line are plain sums over the tables."""
    with Database.open_reading(made) as ledger:
        lines = {line.group: line for line in report(ledger, "rule").lines}
        shares = report(ledger).shares
    with closing(sqlite3.connect(made)) as db:
        plain = db.execute(
            "SELECT rule, count(*), count(*) FILTER (WHERE state = 'done'), "
            "count(*) FILTER (WHERE state = 'rejected'), "
            "(SELECT sum(seconds) FROM reviews JOIN jobs AS own ON own.id = job_id "
            "WHERE own.rule = jobs.rule), "
            "(SELECT sum(cpu_s) FROM step_runs JOIN jobs AS own ON own.id = job_id "
            "WHERE own.rule = jobs.rule) FROM jobs GROUP BY rule"
        ).fetchall()
        costs = db.execute(
            "SELECT rule, total FROM job_costs JOIN jobs ON jobs.id = job_id"
        ).fetchall()
        by_person = db.execute(
            "SELECT reviewer, total(seconds) FROM reviews GROUP BY reviewer"
        ).fetchall()

    assert len(plain) == len(lines) == 5
    for rule, jobs, done, rejected, people_s, cpu_s in plain:
        line = lines[rule]
        assert (line.jobs, line.approved, line.rejected) == (jobs, done, rejected)
        assert line.people_given_s + line.people_estimated_s == pytest.approx(people_s)
        assert line.cpu_s == pytest.approx(cpu_s)
        booked = sum(
            (Decimal(cost) for name, cost in costs if name == rule), Decimal(0)
        )
        assert line.total == booked
    for person, seconds in by_person:
        money = Decimal(repr(seconds)) * 39 / 3600
        assert shares["person"][person] == pytest.approx(money, abs=Decimal("1e-6"))
