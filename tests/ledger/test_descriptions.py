"""The documented schema is the real one, for people and for Datasette."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from retouchd.ledger.database import Database
from retouchd.ledger.schema.descriptions import datasette_metadata

Booker = Callable[..., None]
Columns = dict[str, list[str]]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"


@pytest.fixture
def schema(ledger: Database) -> Columns:
    """Columns of every table and view, as SQLite tells them."""
    names = ledger.rows(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
    )
    return {
        row["name"]: [
            column["name"]
            for column in ledger.rows(f"PRAGMA table_info({row['name']})")
        ]
        for row in names
    }


def test_the_page_names_every_column(schema: Columns) -> None:
    """Each table and view has its section, with its columns in their order."""
    sections = re.findall(
        r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )

    documented = {
        name: re.findall(r"^\| `(\w+)` \| \S", text, re.MULTILINE)
        for name, text in sections
    }

    assert documented == schema


def test_the_metadata_names_every_column(schema: Columns, ledger: Database) -> None:
    """Datasette shows a sentence for each table and each column."""
    [(name, content)] = datasette_metadata(ledger.path)["databases"].items()

    described = {
        table: list(facts["columns"]) for table, facts in content["tables"].items()
    }

    assert name == "ledger"
    assert described == schema
    assert all(facts["description"] for facts in content["tables"].values())


def test_ready_queries_run(ledger: Database, book: Booker) -> None:
    """Each query of the metadata gives rows or none, but no error."""
    book("one")
    [content] = datasette_metadata(ledger.path)["databases"].values()

    for query in content["queries"].values():
        ledger.rows(query["sql"], {"job": "one"})

    cost = content["queries"]["cost-of-approved-assets"]["sql"]
    assert ledger.rows(cost)[0]["assets"] == 1


@pytest.mark.parametrize(
    "page",
    ["/ledger/approved_assets", "/ledger/prices-in-force"],
)
def test_the_real_datasette_shows_it(
    ledger: Database, book: Booker, tmp_path: Path, page: str
) -> None:
    """It opens the ledger while the writer has it open, and shows what we describe."""
    book("one")
    metadata = tmp_path / "metadata.json"
    metadata.write_text(json.dumps(datasette_metadata(ledger.path)))

    shown = subprocess.run(
        [
            *(sys.executable, "-m", "datasette", "serve", ledger.path),
            *("--metadata", metadata, "--get", page),
        ],
        check=False,
        capture_output=True,
        text=True,
    )

    assert shown.returncode == 0, shown.stderr
    expected = {
        "/ledger/approved_assets": "the jobs that it refines included",
        "/ledger/prices-in-force": "cpu_core",
    }
    assert expected[page] in shown.stdout
