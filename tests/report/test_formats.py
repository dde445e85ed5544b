"""Tables, JSON and CSV: the same figures, exact where machines read them."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args

import pytest
from rich.console import Console

from retouchd.ledger.database import Database
from retouchd.ledger.lines import SHARED, Grouping
from retouchd.report.formats import Part, as_csv, as_json, as_rows
from retouchd.report.page import render_page
from retouchd.report.summary import Question, Summary, summarise
from retouchd.report.tables import render_tables
from retouchd.report.wording import duration, money, percent, times

NOW = "2026-11-23T12:00:00.000Z"
FIRST_IS_A_CLIP = (
    "UPDATE jobs SET kind = 'clip', clip_seconds = 8 "
    "WHERE id = (SELECT min(id) FROM jobs)"
)
DAY = datetime(2026, 11, 20, 9, tzinfo=UTC)


def told(summary: Summary) -> str:
    """Print the tables as a wide terminal shows them."""
    console = Console(width=300, record=True, file=io.StringIO())
    for table in render_tables(summary):
        console.print(table)
    return console.export_text()


def records(summary: Summary, part: Part = "lines") -> list[dict[str, str]]:
    """Read the CSV back."""
    return list(csv.DictReader(io.StringIO(as_csv(summary, part))))


def raw_total(ledger: Database) -> Decimal:
    """What was booked, added up from the rows themselves."""
    rows = ledger.rows("SELECT amount FROM job_charges WHERE amount IS NOT NULL")
    return sum((Decimal(row["amount"]) for row in rows), Decimal(0))


@pytest.mark.parametrize("by", get_args(Grouping))
def test_every_format_tells_the_same(busy: Any, by: Grouping) -> None:
    """Every group and the total, the money to the last digit."""
    summary = summarise(busy.ledger, Question(by), NOW)
    groups = [line.group for line in summary.report.lines]

    content, lines = json.loads(as_json(summary)), records(summary)

    assert [line["group"] for line in content["lines"]] == groups
    assert [line["group"] for line in lines] == [*groups, "total"]
    assert Decimal(content["total"]["total"]) == raw_total(busy.ledger)
    assert [line["total"] for line in lines] == [
        row["total"] for row in as_rows(summary.report)
    ]
    assert all(group in told(summary) for group in groups)


def test_shares_add_up_in_json_and_csv(busy: Any) -> None:
    """By category, tier, step, model, origin and person: each is the whole."""
    summary = summarise(busy.ledger, Question(), NOW)
    whole = raw_total(busy.ledger)

    content, rows = json.loads(as_json(summary)), records(summary, "shares")

    assert set(content["shares"]) == set(SHARED)
    for name, parts in content["shares"].items():
        assert sum(map(Decimal, parts.values())) == whole
        mine = [Decimal(row["amount"]) for row in rows if row["by"] == name]
        assert sum(mine) == whole


def test_figures_alternatives_and_assumptions_are_in_every_form(busy: Any) -> None:
    """JSON has all, CSV one part each, the terminal a table each."""
    summary = summarise(busy.ledger, Question(assumed={"tries": "6"}), NOW)
    content, text = json.loads(as_json(summary)), told(summary)

    figures = {row["figure"]: row["value"] for row in records(summary, "figures")}
    alternatives = records(summary, "alternatives")
    assumptions = {row["name"]: row for row in records(summary, "assumptions")}

    per_approved = content["total"]["per_approved"]
    assert content["figures"]["per_approved"] == per_approved == figures["per_approved"]
    assert [one["each"] or "" for one in content["alternatives"]] == [
        row["each"] for row in alternatives
    ]
    assert assumptions["tries"]["value"] == "6"
    assert assumptions["tries"]["changed"] == "True"
    assert {row["kind"] for row in alternatives} == {"generator", "service"}
    for words in ("remove.bg", "Nano Banana", "tries", "first-pass yield", "unpriced"):
        assert words in text
    assert {one["item"] for one in content["prices"]} >= {"L4", "reviewer"}


def test_names_do_not_steer_the_terminal(studio: Any) -> None:
    """Square brackets are letters."""
    studio.job(DAY, hot_folder="[bold]x[/bold]")

    assert "[bold]x[/bold]" in told(summarise(studio.ledger, Question(), NOW))


@pytest.mark.parametrize("part", get_args(Part))
def test_an_empty_ledger_reports_cleanly(ledger: Database, part: Part) -> None:
    """Every format works before the first job."""
    summary = summarise(ledger, Question(at="2026-11-23"), NOW)

    assert json.loads(as_json(summary))["figures"]["per_approved"] is None
    assert as_csv(summary, part).count("\r\n") >= 1
    assert "per approved" in told(summary)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "0.00"),
        ("0.000181234", "0.000181"),
        ("0.0020", "0.002"),
        ("0.14999", "0.150"),
        ("0.5", "0.50"),
        ("3.14159", "3.14"),
        ("1234567.891", "1,234,567.89"),
        ("12", "12.00"),
        ("1E+3", "1,000.00"),
    ],
)
def test_money_is_short_but_never_hidden(amount: str, words: str) -> None:
    """Two places at least, three digits at most, no invented ones."""
    assert money(Decimal(amount)) == words
    assert money(None) == "-"


@pytest.mark.parametrize(
    ("write", "figure", "words"),
    [
        (percent, 0.0, "0 %"),
        (percent, 0.00004, "< 0.1 %"),
        (percent, 0.0123, "1.2 %"),
        (percent, 0.896, "90 %"),
        (duration, 0.42, "0.42 s"),
        (duration, 41.4, "41 s"),
        (duration, 192.0, "3.2 min"),
        (duration, 18_000.0, "5.0 h"),
        (duration, 864_000.0, "10.0 days"),
        (times, 0.4, "0.4 x"),
        (times, 21.6, "22 x"),
        (times, 1104.0, "1,100 x"),
        (percent, None, "-"),
        (duration, None, "-"),
        (times, None, "-"),
    ],
)
def test_figures_are_written_for_people(write: Any, figure: float, words: str) -> None:
    """In the unit that a person would choose."""
    assert write(figure) == words


def test_clips_have_their_cost_per_second(busy: Any) -> None:
    """In every format, and not a word of video where there is none."""
    without = summarise(busy.ledger, Question("kind"), NOW)
    busy.ledger.write(lambda db: db.execute(FIRST_IS_A_CLIP)).result()

    summary = summarise(busy.ledger, Question("kind"), NOW)

    total = json.loads(as_json(summary))["total"]
    assert (total["clip_s"], Decimal(total["clip_cost"]) > 0) == (8.0, True)
    each = Decimal(total["clip_cost"]) / 8
    assert Decimal(total["per_clip_second"]) == round(each, 12)
    assert "cost per second of video" in told(summary)
    assert "per second of video" in render_page(summary)
    assert "of video" not in told(without) + render_page(without)
