"""Reports: sums that can be traced, and a second figure that changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from retouchd.ledger.database import Database
from retouchd.ledger.prices import DEFAULT_BOOK, PriceBook, read_price_book
from retouchd.ledger.reports import Grouping, report

Booker = Callable[..., None]

GROUPINGS: tuple[Grouping, ...] = (
    "hot_folder",
    "rule",
    "origin",
    "kind",
    "model",
    "tier",
    "step",
    "person",
    "day",
)


def fingerprint(ledger: Database) -> str:
    """Digest of every stored row of usage, prices and charges."""
    tables = ("jobs", "step_runs", "credits", "reviews", "prices", "job_charges")
    rows = [ledger.rows(f"SELECT * FROM {table}") for table in tables]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def raw_total(ledger: Database) -> Decimal:
    """What was booked, added up from the rows themselves."""
    rows = ledger.rows("SELECT amount FROM job_charges WHERE amount IS NOT NULL")
    return sum((Decimal(row["amount"]) for row in rows), Decimal(0))


def book_several(book: Booker) -> None:
    """Three folders' worth of jobs in different states."""
    for number in range(7):
        book(f"done-{number}")
    book("failed", state="failed", hot_folder="other", rule="hero")
    book("waits", state="review", hot_folder="third", origin=None)


@pytest.mark.parametrize("by", GROUPINGS)
def test_lines_and_total_equal_the_stored_rows(
    ledger: Database, book: Booker, by: Grouping
) -> None:
    """However it is grouped, not a digit of money or second of work is lost."""
    book_several(book)

    result = report(ledger, by)

    assert sum((line.total for line in result.lines), Decimal(0)) == raw_total(ledger)
    assert result.total.total == raw_total(ledger)
    used = ledger.rows("SELECT sum(cpu_s) AS cpu, sum(gpu_s) AS gpu FROM step_runs")[0]
    assert sum(line.cpu_s for line in result.lines) == pytest.approx(used["cpu"])
    assert sum(line.gpu_s for line in result.lines) == pytest.approx(used["gpu"])


def test_counts_states_sizes_and_times(ledger: Database, book: Booker) -> None:
    """A line counts each job once and says how long files took to arrive."""
    book_several(book)
    book("slow", delivered_at="2026-11-22T12:59:00.000Z")

    by_folder = {line.group: line for line in report(ledger).lines}
    products = by_folder["products"]

    assert (products.jobs, products.delivered) == (8, 8)
    assert by_folder["other"].failed == 1
    assert by_folder["third"].in_review == 1
    assert products.megapixels_in == 8.0
    assert (products.seconds_p50, products.seconds_p95) == (60.0, 3600.0)
    assert products.files_per_hour == 8.0
    assert products.per_delivered == round(products.total / 8, 12)
    assert by_folder["other"].per_delivered is None


def test_a_clock_set_back_gives_no_negative_time(
    ledger: Database, book: Booker
) -> None:
    """A job across a clock change has no duration; the others keep theirs."""
    book("a", arrived_at="2026-11-22T11:59:00.000Z")
    book("b", arrived_at="2027-11-22T11:59:00.000Z")

    [line] = report(ledger, by="hot_folder").lines

    assert (line.seconds_p50, line.seconds_p95) == (60.0, 60.0)
    assert line.delivered == 2


def test_a_model_pays_for_its_own_seconds(ledger: Database, book: Booker) -> None:
    """The GPU's cost goes to the model that ran on it, the bought picture to all."""
    book("one")

    lines = {line.group: line for line in report(ledger, "model").lines}

    gpu = Decimal("0.000036388889") * Decimal("4.45")
    core_share = Decimal("0.3") * Decimal("0.000011244444")
    assert lines["span-x4"].costs["compute"] == pytest.approx(gpu + core_share)
    assert lines["span-x4"].costs["energy"] == report(ledger).total.costs["energy"]
    assert lines["cutout"].costs["credits"] > lines["span-x4"].costs["credits"] > 0


def test_since_leaves_out_what_arrived_before(ledger: Database, book: Booker) -> None:
    """A date is enough; the day itself belongs to the report."""
    book("old", arrived_at="2026-10-31T23:59:59.999Z")
    book("new", arrived_at="2026-11-01T00:00:00.000Z")

    result = report(ledger, "rule", since="2026-11-01")

    assert result.total.jobs == 1
    assert result.total.total == raw_total(ledger) / 2


def test_repricing_gives_a_second_figure_and_touches_nothing(
    ledger: Database, book: Booker
) -> None:
    """Doubled prices double the second figure; every stored row stays as it was."""
    book_several(book)
    before = fingerprint(ledger)
    doubled = PriceBook(
        replace(price, price=str(Decimal(price.price) * 2))
        for price in read_price_book(DEFAULT_BOOK).prices
        if price.price is not None
    )

    result = report(ledger, prices=doubled)

    assert result.total.total == raw_total(ledger)
    assert result.total.repriced == raw_total(ledger) * 2
    assert fingerprint(ledger) == before


def test_what_the_other_prices_lack_is_counted(ledger: Database, book: Booker) -> None:
    """A gap in the other price book is shown, not taken for 0."""
    book("one")

    line = report(ledger, prices=PriceBook([])).total

    assert line.repriced == 0
    assert line.repriced_gaps == 5


def test_a_second_currency_is_never_added_up(ledger: Database, book: Booker) -> None:
    """A charge in another money counts as unpriced beside the total."""
    book("one")
    total = raw_total(ledger)
    row = ledger.rows("SELECT * FROM job_charges")[0] | {"currency": "EUR"}
    del row["id"]
    ledger.write(lambda db: db.table("job_charges").insert(row)).result(60)

    line = report(ledger).total

    assert (line.total, line.unpriced) == (total, 1)


@pytest.mark.parametrize("by", GROUPINGS)
def test_an_empty_ledger_reports_cleanly(ledger: Database, by: Grouping) -> None:
    """Nothing was done: no lines and a total of 0."""
    result = report(ledger, by, prices=PriceBook([]))

    assert result.lines == ()
    assert result.total.total == 0
    assert result.total.files_per_hour is None


@pytest.mark.parametrize("again", [False, True])
def test_a_second_of_video_costs_what_clips_cost(
    ledger: Database, book: Booker, *, again: bool
) -> None:
    """Stills beside them count neither money nor time; kept sums say the same."""
    book("still", kind="still")
    book("one", kind="clip", clip_seconds=5.0)
    book("two", kind="sequence", clip_seconds=2.5, state="failed")
    if again:
        report(ledger, "kind")

    result = report(ledger, "kind", beside=("step",))

    lines = {line.group: line for line in result.lines}
    assert list(lines) == ["clip", "sequence", "still"]
    for name, seconds in (("clip", Decimal(5)), ("sequence", Decimal("2.5"))):
        each = lines[name].total / seconds
        assert lines[name].per_clip_second == round(each, 12)
    assert lines["still"].per_clip_second is None
    clips = lines["clip"].total + lines["sequence"].total
    assert (result.total.clip_s, result.total.clip_cost) == (7.5, clips)
    steps = result.beside["step"]
    assert sum((line.clip_cost for line in steps), Decimal(0)) == clips
    assert {line.clip_s for line in steps if line.clip_cost} == {7.5}
