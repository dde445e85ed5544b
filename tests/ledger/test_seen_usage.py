"""What models used, and what that costs: known before more is spent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from retouchd.jobs.current_costs import REFRESH_SECONDS, CurrentCosts
from retouchd.ledger.database import Database
from retouchd.ledger.prices import Price, set_price
from retouchd.ledger.seen_usage import Use, seen_usage, size_class
from retouchd.ledger.usage import book_usage
from retouchd.timestamps import utc
from retouchd.values import StepRun

NOON = utc(1_795_348_800.0)
RUN = StepRun(
    "upscale",
    model="span",
    device="cpu",
    cpu_s=3.0,
    megapixels_in=0.1,
    megapixels_out=2,
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Database]:
    """A real ledger with its shipped prices and one job."""
    with Database.open(tmp_path / "ledger.db") as database:
        row = {
            "id": "a",
            "hot_folder": "hot",
            "source_name": "a.png",
            "state": "done",
        }
        database.write(lambda db: db.table("jobs").insert(row)).result()
        yield database


def book(ledger: Database, *runs: StepRun) -> None:
    """Write what steps used."""
    ledger.write(lambda db: book_usage(db, "a", runs, at=NOON)).result()


def price(ledger: Database, item: str, unit: str, amount: str | None) -> None:
    """Put a price of this site in force."""
    row = Price("local", item, unit, amount)
    ledger.write(lambda db: set_price(db, row, NOON)).result()


@pytest.mark.parametrize(
    ("megapixels", "found"), [(0.0, -7), (0.5, -1), (1, 0), (2.1, 1), (12, 4), (50, 6)]
)
def test_sizes_fall_into_classes(megapixels: float, found: int) -> None:
    """Each twice as large as the one before."""
    assert size_class(megapixels) == found


def test_an_empty_ledger_has_seen_nothing(ledger: Database) -> None:
    """Then a job has to guess."""
    assert seen_usage(ledger) == {}


def test_usage_is_the_mean_for_a_megapixel(ledger: Database) -> None:
    """By model, device and class of size; steps without a model do not count."""
    gpu = StepRun("u", model="span", device="NVIDIA L4", gpu_s=0.5, megapixels_out=8)
    plain = StepRun("grade", cpu_s=9.0, megapixels_out=2)
    faster = replace(RUN, cpu_s=1.0, joules=4.0)
    twice = replace(RUN, cpu_s=8.0, megapixels_in=1)
    book(ledger, RUN, faster, twice, gpu, plain)

    assert seen_usage(ledger) == {
        ("span", "cpu", -3, 1): Use(cpu_s=1.0, joules=1.0),
        ("span", "cpu", 0, 1): Use(cpu_s=4.0),
        ("span", "NVIDIA L4", -7, 3): Use(gpu_s=0.0625),
    }


def test_only_the_newest_runs_count(ledger: Database) -> None:
    """Machines and models change."""
    book(ledger, RUN, replace(RUN, cpu_s=8.0))

    assert seen_usage(ledger, newest=1) == {("span", "cpu", -3, 1): Use(cpu_s=4.0)}


def test_the_guide_knows_prices_and_usage(ledger: Database) -> None:
    """P8: to the last digit what the booking will say, as far as seconds go."""
    price(ledger, "cpu_core", "cpu_hour", "0.36")
    price(ledger, "electricity", "kWh", "0.18")
    book(ledger, RUN)

    guide = CurrentCosts(ledger).guide()

    used = StepRun("u", device="cpu", cpu_s=3.0, joules=20.0)
    assert guide.cost_of(used) == Decimal("0.0003") + Decimal("0.000001")
    like_it = StepRun("u", megapixels_in=0.2, megapixels_out=4)
    assert guide.usage_of("span", like_it) == Use(cpu_s=6.0)
    assert guide.usage_of("span", replace(like_it, device="L4")) is None
    assert guide.usage_of("other", like_it) is None


def test_a_device_is_found_by_its_longer_name(ledger: Database) -> None:
    """As when it is booked."""
    price(ledger, "H200", "gpu_second", "0.001")
    guide = CurrentCosts(ledger).guide()

    known = guide.cost(Use(gpu_s=2.0), "NVIDIA H200")
    unknown = guide.cost(Use(gpu_s=2.0), "Abacus 3000")

    assert (known, unknown) == (Decimal("0.002"), None)


def test_money_of_another_currency_is_not_added(ledger: Database) -> None:
    """A sum of two currencies would be wrong in both."""
    row = Price("local", "electricity", "kWh", "0.3", currency="EUR")
    ledger.write(lambda db: set_price(db, row, NOON)).result()
    dear = CurrentCosts(ledger).guide().cost(Use(joules=3_600_000.0), "cpu")

    assert dear == Decimal("0.195")


def test_the_guide_follows_the_ledger(ledger: Database) -> None:
    """Now and then: a job must not wait for it each time."""
    moment = [0.0]
    costs = CurrentCosts(ledger, clock=lambda: moment[0])
    before = costs.guide()
    book(ledger, RUN)

    at_once = costs.guide()
    moment[0] += REFRESH_SECONDS
    later = costs.guide()

    assert at_once is before
    assert set(later.seen) == {("span", "cpu", -3, 1)}


def test_a_long_history_costs_little(ledger: Database) -> None:
    """Only its end is read, which takes a part of the time of reading all."""
    sql = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
        "INSERT INTO step_runs (job_id, attempt, step, model, device, cpu_s, "
        "megapixels_in, megapixels_out) "
        "SELECT 'a', 1, 'u', 'm' || (i % 5), 'cpu', 0.5, 1.0, 1.0 FROM n"
    )
    ledger.write(lambda db: db.execute(sql, [150_000])).result()

    begun = time.thread_time()
    found = seen_usage(ledger)
    read = time.thread_time()
    seen_usage(ledger, newest=150_000)

    assert len(found) == 5
    assert read - begun < (time.thread_time() - read) / 2
