"""The cost of an approved asset: everything that it took, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlite_utils

from retouchd.ledger.database import Database
from retouchd.ledger.lines import SHARED, Line
from retouchd.ledger.prices import Price, current, set_price
from retouchd.ledger.reports import report
from retouchd.ledger.usage import Credit, book_charges, book_usage
from retouchd.values import StepRun

MORNING = "2026-11-22T08:00:00.000Z"
NOON = "2026-11-22T12:00:00.000Z"

# Prices that are easy to add up in the head.
PRICES = (
    Price("local", "cpu_core", "cpu_second", "0.000011"),
    Price("local", "reviewer", "people_second", "0.01"),
    Price("local", "flux", "image", "0.04"),
)

Asset = Callable[..., None]


@pytest.fixture
def asset(ledger: Database) -> Asset:
    """Book one job that took a second of a core, with verdicts and further runs."""

    def work(
        db: sqlite_utils.Database,
        job: str,
        verdicts: tuple[tuple[str, float, int], ...],
        runs: tuple[StepRun, ...],
        columns: dict[str, object],
    ) -> None:
        row = {
            "id": job,
            "hot_folder": "products",
            "source_name": job,
            "state": "done",
            "arrived_at": MORNING,
            "delivered_at": NOON,
            "finished_at": NOON,
        }
        db.table("jobs").insert(row | columns)
        book_usage(db, job, [StepRun("grade", cpu_s=1.0), *runs], at=NOON)
        for verdict, seconds, estimated in verdicts:
            db.table("reviews").insert(
                {
                    "job_id": job,
                    "reviewer": "ada",
                    "verdict": verdict,
                    "seconds": seconds,
                    "seconds_estimated": estimated,
                }
            )
        book_charges(db, job, current(db, NOON), NOON)

    def book_job(
        job: str,
        *verdicts: tuple[str, float, int],
        runs: tuple[StepRun, ...] = (),
        **columns: object,
    ) -> None:
        ledger.write(lambda db: work(db, job, verdicts, runs, columns)).result(60)

    for price in PRICES:
        ledger.write(lambda db, price=price: set_price(db, price, MORNING)).result(60)
    return book_job


def line_of(ledger: Database, **window: str) -> Line:
    """The total."""
    return report(ledger, **window).total  # type: ignore[arg-type]


def test_every_fate_is_counted_once(ledger: Database, asset: Asset) -> None:
    """Passed straight and approved are approved; all others are not, and cost too."""
    asset("straight", destination="out")
    asset("old", destination=None)
    asset("approved", ("approve", 10.0, 0), destination="review", decision="approve")
    asset("rejected", ("reject", 5.0, 1), state="rejected", decision="reject")
    asset("undone", state="review", destination="review", decision=None)
    asset("failed", state="failed", delivered_at=None)
    asset("waits", state="waiting", delivered_at=None)
    asset("held", state="held", delivered_at=None)

    line = line_of(ledger)

    assert (line.jobs, line.delivered, line.approved) == (8, 3, 3)
    assert (line.rejected, line.in_review, line.failed, line.waiting) == (1, 1, 1, 2)
    assert (line.people_given_s, line.people_estimated_s, line.reviews) == (10, 5, 2)
    everything = 8 * Decimal("0.000011") + 15 * Decimal("0.01")
    assert line.total == everything
    assert line.per_delivered == line.per_approved == round(everything / 3, 12)


def test_yield_looks_at_assets_not_at_jobs(ledger: Database, asset: Asset) -> None:
    """A refined asset counts once, as one that did not pass at once."""
    asset("first", destination="out")
    asset("second", ("reject", 1.0, 0), state="rejected", decision="reject")
    asset("third", parent="second", decision="approve", destination="review")
    asset("wavered", ("reject", 1.0, 0), ("undo", 1.0, 0), ("approve", 1.0, 0))
    asset("turned", ("reject", 1.0, 0), ("approve", 1.0, 0), decision="approve")

    line = line_of(ledger)

    assert (line.approved, line.finished, line.first_pass) == (4, 4, 2)
    assert line.first_pass_yield == 0.5


def test_escalation_shows_in_yield_and_share(ledger: Database, asset: Asset) -> None:
    """A higher tier is an escalation, running once more is not."""
    draft = StepRun("upscale", 1, model="small", tier="draft")
    hero = StepRun("upscale", 2, model="big", tier="hero")
    again = StepRun("upscale", 2, model="small", tier="draft")
    asset("plain", runs=(draft,))
    asset("escalated", runs=(draft, hero))
    asset("repeated", runs=(draft, again))

    line = line_of(ledger)
    by_tier = {line.group: line for line in report(ledger, "tier").lines}

    assert (line.attempts, line.escalated) == (5, 1)
    assert line.escalation_share == 0.2
    assert (line.first_pass, line.first_pass_plain) == (3, 2)
    assert by_tier["hero"].escalated == 1
    assert by_tier["draft"].escalated == 0


def test_a_chain_of_fixes_is_paid_by_the_asset(ledger: Database, asset: Asset) -> None:
    """What arrived before the report is carried over; inside it, nothing is twice."""
    early = {"arrived_at": "2026-11-20T08:00:00.000Z", "state": "rejected"}
    asset("root", ("reject", 20.0, 0), decision="reject", **early)
    asset("middle", ("reject", 10.0, 0), decision="reject", parent="root", **early)
    asset("asset", parent="middle", decision="approve", destination="review")
    asset("other", parent="middle", state="rejected", decision="reject")

    whole, recent = line_of(ledger), line_of(ledger, since="2026-11-22")

    second = Decimal("0.000011")
    assert (whole.carried, whole.total) == (0, 4 * second + Decimal("0.3"))
    assert (recent.carried, recent.total) == (2 * second + Decimal("0.3"), 2 * second)
    assert whole.per_approved == recent.per_approved == whole.total
    [view] = ledger.rows("SELECT * FROM approved_assets")
    assert Decimal(view["total"]) == 3 * second + Decimal("0.3")
    assert (view["job_id"], view["jobs"], view["currency"]) == ("asset", 3, "USD")


def test_times_to_first_edit_and_delivery(ledger: Database, asset: Asset) -> None:
    """Decoding is no edit; durations keep three significant digits."""
    runs = (
        StepRun("decode", started_at="2026-11-22T08:00:01.000Z"),
        StepRun("erase", started_at="2026-11-22T08:20:34.567Z"),
    )
    asset("one", runs=runs, delivered_at="2026-11-22T10:03:25.999Z")

    line = line_of(ledger)

    assert (line.first_edit_p50, line.first_edit_p95) == (1230.0, 1230.0)
    assert (line.seconds_p50, line.seconds_p95) == (7400.0, 7400.0)


def test_utilisation_is_busy_over_offered(ledger: Database, asset: Asset) -> None:
    """Seconds of cores and devices over the window between arrival and end."""
    gpus = [
        StepRun("upscale", device=f"H200 {n}", cpu_s=719.0, gpu_s=1440.0)
        for n in (1, 2)
    ]
    asset("one", runs=tuple(gpus))

    made = report(ledger, cores=2)

    assert (made.window_s, made.cores, made.gpus) == (14400.0, 2, 2)
    assert made.total.cpu_utilisation == pytest.approx(1439 / 28800)
    assert made.total.gpu_utilisation == pytest.approx(0.1)


def test_shares_split_the_money_in_every_way(ledger: Database, asset: Asset) -> None:
    """Each split adds up to the total; people's time goes to those who gave it."""
    asset("one", ("approve", 7.0, 0), origin="generator/flux")
    asset("two", runs=(StepRun("upscale", model="m", tier="hero", cpu_s=3.0),))
    spent = [Credit("flux", 1.0, "image")]
    ledger.write(lambda db: book_usage(db, "one", [], [], spent, at=NOON)).result(60)
    prices = ledger.write(lambda db: current(db, NOON)).result(60)
    ledger.write(lambda db: book_charges(db, "one", prices, NOON)).result(60)

    made = report(ledger)

    assert set(made.shares) == set(SHARED)
    for share in made.shares.values():
        assert sum(share.values()) == made.total.total
    assert made.shares["person"]["ada"] == Decimal("0.07")
    assert made.shares["tier"]["hero"] == 3 * Decimal("0.000011")
    assert made.shares["category"]["credits"] == Decimal("0.04")
    assert made.total.credits == {"flux image": Decimal(1)}


def test_only_results_are_deliveries(ledger: Database, asset: Asset) -> None:
    """A preview for the reviewer is no output, nor is what was turned down."""
    asset("good")
    asset("bad", state="rejected", decision="reject")
    for number, (job, role) in enumerate(
        [("good", "result"), ("good", "preview"), ("bad", "result")]
    ):
        row = {"job_id": job, "output": number, "role": role, "delivered_at": NOON}
        size = {"width": 1000, "height": 2000}
        ledger.write(
            lambda db, row=row | size: db.table("deliveries").insert(row)
        ).result(60)

    assert line_of(ledger).megapixels_out == 2.0
