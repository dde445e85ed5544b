"""The ledger of a real run: recomputed by others, and left alone by what only reads."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

Type = Callable[..., Any]


@pytest.fixture
def database(finished: Path) -> Path:
    """The ledger of a daemon that ran once: a picture delivered, a broken one."""
    [path] = [
        path for path in finished.glob("*.db") if not path.name.endswith(".rollups.db")
    ]
    return path


def content(database: Path) -> str:
    """Digest of every row of every table, and of the file itself."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as db:
        names = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        rows = [
            (name, db.execute(f"SELECT * FROM {name}").fetchall())
            for (name,) in names.fetchall()
        ]
    told = repr(rows).encode() + database.read_bytes()
    return hashlib.sha256(told).hexdigest()


def test_the_script_agrees_with_a_real_run(database: Path, after_a_run: Type) -> None:
    """Usage of real steps x prices = booked = reported, in every decimal."""
    script = (REPOSITORY / "docs" / "recompute.sql").read_text("utf-8")

    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as db:
        *wrong, totals = [
            db.execute(query).fetchall()
            for query in script.split(";\n")
            if query.strip()
        ]

    told = json.loads(after_a_run("report", "--json").out)["total"]
    booked = {category: Decimal(amount) for category, _, amount, _ in totals}
    assert wrong == [[], [], []]
    assert Decimal("0.000001") < booked["compute"] < Decimal("0.01")
    assert {name: Decimal(told[name]) for name in booked} == booked


QUESTIONS: tuple[tuple[str, ...], ...] = (
    *(
        ("report", "--by", by)
        for by in (
            "hot_folder",
            "rule",
            "origin",
            "model",
            "tier",
            "step",
            "person",
            "day",
        )
    ),
    ("report", "--since", "2026-01-01T10:30", "--until", "2036-01-01"),
    ("report", "--at", "2020-01-01", "--format", "csv"),
    ("report", "--prices", "{book}", "--format", "html"),
    ("whatif", "--price", "compute.cpu_core=+60%"),
    ("prices", "list", "--all"),
    ("jobs", "list"),
    ("ledger", "metadata"),
)


def test_no_question_changes_a_stored_row(
    database: Path, after_a_run: Type, tmp_path: Path
) -> None:
    """Reports, other prices and what-ifs leave the ledger byte by byte as it was."""
    book = tmp_path / "book.toml"
    book.write_text(
        '[[prices]]\nprovider = "x"\nitem = "cpu_core"\nunit = "cpu_second"\n'
        'price = "1"\nsource = "made up"\n'
    )
    before = content(database)

    for words in QUESTIONS:
        answer = after_a_run(*(word.format(book=book) for word in words))

        assert answer.code == 0, answer.err
        assert content(database) == before, words


def test_other_prices_and_dates_give_a_second_figure(
    typed: Type, database: Path, here: Path
) -> None:
    """At the prices of then it is the booked cost; at new ones it is another."""
    config = f'database = "{here / "copy.db"}"\n'
    (here / "retouchd.toml").write_text(config)
    (here / "copy.db").write_bytes(database.read_bytes())
    typed(
        "prices", "set", "local", "cpu_core", "cpu_hour", "3.6", "--from", "2036-06-01"
    )

    def total(*words: str) -> dict[str, str]:
        told: dict[str, str] = json.loads(typed("report", "--json", *words).out)[
            "total"
        ]
        return told

    now = total("--at", "2036-05-31")
    later = total("--at", "2036-06-01")

    assert now["repriced"] == now["total"] == later["total"]
    compute = Decimal(later["cpu_s"]) / 1000
    rest = Decimal(later["total"]) - Decimal(later["compute"])
    assert Decimal(later["repriced"]) - rest == pytest.approx(
        compute, abs=Decimal("1e-6")
    )


def test_sums_are_brought_up_to_date(database: Path, after_a_run: Type) -> None:
    """Everything is added up before anybody asks; without a terminal no bar."""
    before = content(database)

    answer = after_a_run("ledger", "sums")

    assert (answer.code, answer.out) == (0, "1 days are added up\n")
    assert "\x1b" not in answer.err
    assert content(database) == before
