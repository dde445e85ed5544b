"""The HTML report: whole in itself, harmless, readable, and true to the ledger."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import pytest

from retouchd.ledger.database import Database
from retouchd.ledger.lines import Grouping
from retouchd.report.page import render_page
from retouchd.report.summary import Question, summarise
from retouchd.report.wording import money

NOW = "2026-11-23T12:00:00.000Z"
VOID = {"meta", "rect", "wbr", "br"}
EVIL = "<script>document.documentElement.dataset.hacked = 1</script>"
MEAN = f"\"'>{EVIL}\n\u202e&amp;"
"""Leaves an attribute, opens a script, breaks the line, turns the text round."""


def moment(day: int) -> datetime:
    """Nine o'clock of a day in November."""
    return datetime(2026, 11, 2, 9, tzinfo=UTC) + timedelta(days=day)


ASKER = """<script>
const root = document.documentElement;
const told = `${root.scrollWidth} of ${root.clientWidth}; ${root.dataset.hacked || ""}`;
parent.postMessage(told, "*");
</script>"""
HEARER = """<!doctype html><title>silent</title><style>iframe { border: 0 }</style>
<script>onmessage = event => { document.title = event.data }</script>"""
SCROLL_BAR = 15


class Reader(HTMLParser):
    """Reads a page strictly: every tag that opens must close."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that closes itself."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """See that it closes the last one that is open."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note the words."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """All words of the page."""
        return "".join(self.words)


def page_of(ledger: Database, by: Grouping = "hot_folder", **asked: Any) -> str:
    """Make the page as the command does."""
    return render_page(summarise(ledger, Question(by, **asked), NOW))


@pytest.mark.parametrize("by", get_args(Grouping))
def test_every_grouping_makes_a_whole_page(busy: Any, by: Grouping) -> None:
    """Tags close, every group has its line, and the page stays small."""
    page = page_of(busy.ledger, by)

    made = summarise(busy.ledger, Question(by), NOW).report
    read = Reader(page)
    for line in made.lines:
        assert line.group == "-" or line.group in read.text
    assert len(page) < 100_000


def test_the_head_says_what_the_ledger_says(busy: Any) -> None:
    """The six figures are those of the report and of the comparison."""
    summary = summarise(busy.ledger, Question(), NOW)
    line, best = summary.report.total, summary.comparison.cheapest_generator

    text = Reader(render_page(summary)).text

    assert best is not None
    assert (
        f"{line.approved} assets were approved, at {money(line.per_approved)}" in text
    )
    assert f"{money(best.each, 'USD')} at the cheapest, {best.name}" in text
    assert f"{line.first_pass} of {line.finished} finished files" in text


def test_the_page_loads_and_runs_nothing(busy: Any) -> None:
    """No script, no link, no font and no picture from anywhere."""
    page = page_of(busy.ledger)

    read = Reader(page)

    names = {tag for tag, _ in read.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "base"}
    assert not any(
        name in {"src", "href", "xlink:href", "style", "srcset"} or name[:2] == "on"
        for _, attributes in read.tags
        for name in attributes
    )
    assert not re.search(r"url\(|@import|https?://", page)


def test_names_from_files_and_people_are_harmless(studio: Any) -> None:
    """Origin, rule, folder, item, reviewer: shown as they are, never run."""
    columns = {"hot_folder": MEAN, "rule": MEAN, "origin": MEAN}
    studio.job(moment(0), state="done", decision="approve", **columns)
    studio.ledger.write(
        lambda db: db.execute("UPDATE reviews SET reviewer = ?", [MEAN])
    ).result(60)

    for by in get_args(Grouping):
        page = page_of(studio.ledger, by, since=None, assumed={})
        read = Reader(page)
        assert EVIL not in page
        assert "\u202e" not in page
        assert not any(tag == "script" for tag, _ in read.tags)
    assert "&lt;script&gt;" in page_of(studio.ledger, "origin")


def test_what_was_asked_with_evil_words_is_harmless(busy: Any) -> None:
    """A date is a text that somebody types."""
    page = page_of(busy.ledger, until=f"2027{EVIL}")

    assert EVIL not in page
    assert "&lt;script&gt;" in page


def test_every_picture_has_words(busy: Any) -> None:
    """A screen reader hears the figure of each bar; swatches are passed over."""
    read = Reader(page_of(busy.ledger))

    pictures = [attributes for tag, attributes in read.tags if tag == "svg"]
    spoken = [one["aria-label"] for one in pictures if one.get("role") == "img"]
    assert len(spoken) > 20
    assert all(spoken)
    assert all("aria-hidden" in one for one in pictures if "role" not in one)
    heads = [attributes for tag, attributes in read.tags if tag == "th"]
    assert all(one.get("scope") in {"row", "col"} for one in heads)
    assert sum(tag == "table" for tag, _ in read.tags) == sum(
        tag == "caption" for tag, _ in read.tags
    )


def test_assumptions_and_prices_stand_on_the_page(busy: Any) -> None:
    """Each with value, source and version; a changed one says so."""
    summary = summarise(busy.ledger, Question(assumed={"tries": "6"}), NOW)

    text = Reader(render_page(summary)).text

    for one in summary.comparison.assumptions:
        assert one.name in text
        assert one.source in text
    assert "6 (changed)" in text
    assert {price.item for price in summary.prices} >= {"L4", "cpu_core", "reviewer"}
    assert all(price.source in text for price in summary.prices)


def test_unpriced_is_said(busy: Any) -> None:
    """A service without a price and a charge without one are named, never 0."""
    text = Reader(page_of(busy.ledger, "origin")).text

    assert "unpriced" in text
    assert "charges have no price in USD" in text


def test_an_empty_ledger_makes_a_page(ledger: Database) -> None:
    """Nothing was done: it says so, and the alternatives stand all the same."""
    read = Reader(page_of(ledger))

    assert "No asset was approved" in read.text
    assert "Nothing was booked" in read.text
    assert "Nano Banana" in read.text


@pytest.mark.parametrize(
    ("days", "title"), [(1, ""), (5, "Day by day"), (90, "Month by month")]
)
def test_time_is_cut_to_what_can_be_read(studio: Any, days: int, title: str) -> None:
    """One day needs no columns, a long time has one for each month."""
    studio.jobs([moment(number) for number in {0, days // 2, days - 1}])

    page = page_of(studio.ledger)

    assert page.count('class="columns"') == (2 if title else 0)
    assert title in page


def test_repriced_figures_stand_beside_the_booked_ones(busy: Any) -> None:
    """`--at` and `--prices` add two columns."""
    text = Reader(page_of(busy.ledger, at="2026-11-23")).text

    assert "re-priced cost" in text


@pytest.mark.parametrize("width", [420, 1200])
def test_a_browser_shows_all_of_it(studio: Any, tmp_path: Path, width: int) -> None:
    """Nothing hangs over the edge at the width of a phone or a desk; nothing runs."""
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("needs chromium")
    studio.jobs([moment(number) for number in range(9)])
    studio.job(moment(2), origin=MEAN, rule="a_rule_with_a_name_as_long_as_it_gets" * 3)
    page, frame = tmp_path / "report.html", tmp_path / "frame.html"
    page.write_text(page_of(studio.ledger, "rule") + ASKER)
    frame.write_text(f'{HEARER}<iframe src="report.html" width="{width}"></iframe>')

    shown = subprocess.run(
        [
            browser,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'browser'}",
            "--window-size=1600,1000",
            "--virtual-time-budget=2000",
            "--dump-dom",
            frame.as_uri(),
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=250,
    ).stdout

    assert f"<title>{width - SCROLL_BAR} of {width - SCROLL_BAR}; </title>" in shown
