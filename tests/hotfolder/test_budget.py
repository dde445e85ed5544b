"""Budgets: a warning at 80 %, drafts or nothing at 100 %, a new start by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from retouchd.hotfolder.allowance import (
    FREE,
    Allowance,
    SpendingLimits,
    judge,
    spoken_state,
)
from retouchd.ledger.database import Database
from retouchd.ledger.spending import Spent, period_of
from retouchd.rules.schema import Output, Rule
from retouchd.settings import Budget, HotFolder
from retouchd.values import Outcome

TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
TOMORROW = TODAY + 86_400

Spend = Callable[[str], None]


class Clock:
    """A clock that the test turns."""

    now = TODAY

    def __call__(self) -> float:
        """Return the moment."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Noon of the day of these tests."""
    return Clock()


@pytest.fixture
def spend(life: Any, clock: Clock) -> Iterator[Spend]:
    """Book money on the hot folder at the present moment."""

    def charge(amount: str) -> None:
        day = datetime.fromtimestamp(clock.now, UTC).strftime("%Y-%m-%d")
        row = {
            "job_id": "j",
            "price_id": 1,
            "quantity": "1",
            "amount": amount,
            "currency": "USD",
            "booked_at": f"{day}T12:00:00.000Z",
            "category": "compute",
            "item": "cpu_core",
            "measured": "1",
            "measured_unit": "cpu_second",
        }
        job = {"id": "j", "hot_folder": "hot", "source_name": "j", "state": "done"}

        def work(db: Any) -> None:
            db.table("jobs").insert(job, ignore=True)
            db.table("job_charges").insert(row)

        life.database.write(work).result(60)

    return charge


class Folder:
    """A hot folder that only notes what it is allowed."""

    def __init__(self, folder: HotFolder, budget: Budget) -> None:
        self.folder = folder.model_copy(update={"budget": budget})
        self.told: list[Allowance] = []

    def rules(self) -> tuple[Rule, ...]:
        """Have none that says anything."""
        return ()

    def allow(self, allowance: Allowance) -> None:
        """Note it."""
        self.told.append(allowance)


def limits_of(life: Any, clock: Clock, **budget: str) -> SpendingLimits:
    """Give the living hot folder a budget, as the daemon does."""
    life.loop.folder = life.folder.model_copy(update={"budget": Budget(**budget)})
    return SpendingLimits(life.database, [life.loop], clock)


def test_spent_budget_holds_the_folder_until_the_period_ends(
    life: Any, until: Any, spend: Spend, clock: Clock
) -> None:
    """Files stay in ``in/``, `status` says why and until when, then it goes on."""
    limits = limits_of(life, clock, amount="20", then="hold")
    spend("20")

    limits.look()
    until(lambda: life.board() == "over budget")
    life.drop()
    life.loop.wake()
    time.sleep(0.5)  # ten settle times
    held = life.orders.empty(), (life.folder.inbox / "a.jpg").exists(), life.reason()
    clock.now = TOMORROW
    limits.look()

    assert held[:2] == (True, True)
    assert "20 USD for 2026-11-23 is spent" in held[2]
    assert "until 2026-11-24T00:00:00.000Z" in held[2]
    life.finish(life.next_order())
    until(lambda: life.states() == ["done", "done"])
    until(lambda: (life.board(), life.reason()) == ("watching", ""))


def test_what_was_taken_is_finished(
    life: Any, until: Any, spend: Spend, clock: Clock
) -> None:
    """A budget that ends under a job does not strand it."""
    limits = limits_of(life, clock, amount="20", then="hold")
    life.drop()
    order = life.next_order()
    spend("25")
    limits.look()
    until(lambda: life.board() == "over budget")

    life.finish(order)

    until(lambda: "done" in life.states() and life.loop.is_idle)
    assert limits.holding() == ("hot",)


def test_files_that_may_not_be_taken_keep_no_run_waiting(
    life: Any, until: Any, spend: Spend, clock: Clock
) -> None:
    """`run --once` ends at a spent budget, though a file was seen in ``in/``."""
    limits = limits_of(life, clock, amount="20", then="hold")
    spend("20")

    with (life.folder.inbox / "slow.jpg").open("wb"):  # nobody takes it meanwhile
        until(lambda: life.loop.waiting == 1)
        before = life.loop.is_idle
        limits.look()
        until(lambda: life.board() == "over budget")

        until(lambda: life.loop.is_idle)

    assert not before


def test_a_paused_folder_stays_paused(
    life: Any, until: Any, spend: Spend, clock: Clock
) -> None:
    """A new period does not undo what a person said."""
    limits = limits_of(life, clock, amount="20", then="hold")
    life.loop.pause(paused=True)
    until(lambda: life.board() == "paused")
    spend("20")
    limits.look()
    clock.now = TOMORROW
    limits.look()
    life.drop()

    until(lambda: life.board() == "paused")
    assert life.orders.empty()


def test_drafts_go_on_where_the_budget_says_so(
    life: Any, until: Any, spend: Spend, clock: Clock
) -> None:
    """The folder watches on, and the reason stands beside it."""
    limits = limits_of(life, clock, amount="20", per="month", then="draft only")
    spend("20")

    limits.look()
    until(lambda: life.board() and "drafts only" in life.reason())
    life.drop()
    order = life.next_order()

    assert order.spent == "draft only"
    assert life.board() == "watching"
    assert "20 USD for 2026-11 is spent" in life.reason()
    assert "until 2026-12-01" in life.reason()


def test_warns_once_in_a_period_across_restarts(
    life: Any, folder: HotFolder, spend: Spend, clock: Clock
) -> None:
    """The log says it once for each day and budget; a higher budget warns anew."""
    budget = Budget(amount="20")
    spend("15.999")

    def events(wanted: Budget) -> list[str]:
        with capture_logs() as logs:
            limits = SpendingLimits(life.database, [Folder(folder, wanted)], clock)
            limits.look()
            limits.look()
        life.database.write(lambda _: None).result(60)
        return [one["event"] for one in logs if one["event"].startswith("budget")]

    below = events(budget)
    spend("0.001")
    first, restarted = events(budget), events(budget)
    spend("4")
    spent = events(budget)
    raised = events(Budget(amount="24"))
    clock.now = TOMORROW
    spend("16")
    tomorrow = events(budget)

    assert below == []
    assert first == ["budget_nearly_spent"]
    assert restarted == []
    assert spent == ["budget_spent"]
    assert raised == ["budget_nearly_spent"]
    assert tomorrow == ["budget_nearly_spent"]


def test_tells_a_folder_only_what_is_news(
    life: Any, folder: HotFolder, spend: Spend, clock: Clock
) -> None:
    """A beat without a change wakes nobody, and the share is there for metrics."""
    one = Folder(folder, Budget(amount="20"))
    limits = SpendingLimits(life.database, [one], clock)
    spend("16")
    limits.look()
    nearly = limits.shares()
    spend("4")
    limits.look()
    limits.look()
    clock.now = TOMORROW
    limits.look()

    assert nearly == {"hot": 0.8}
    assert [told.holds for told in one.told] == [True, False]
    assert limits.shares() == {"hot": 0.0}


@pytest.mark.parametrize(
    ("amount", "then", "answer", "holds"),
    [
        ("19.999999999999", "hold", None, False),
        ("20", "hold", "hold", True),
        ("20", "draft only", "draft only", False),
        ("21", "draft only", "draft only", False),
    ],
)
def test_a_budget_is_spent_at_its_last_cent(
    amount: str, then: str, answer: str | None, holds: bool
) -> None:
    """Nothing is rounded: a trillionth below is below."""
    spent = Spent(period_of("day", TODAY), Decimal(amount), 0)

    allowance = judge(Budget(amount="20", then=then), spent)

    assert (allowance.spent, allowance.holds) == (answer, holds)
    assert (allowance == FREE) is (answer is None)


def rule(name: str, then: str = "") -> Rule:
    """Make a rule that says what becomes of its files, or leaves it open."""
    said = {"budget": {"then": then}} if then else {}
    return Rule(rule=name, outputs=(Output(name="{stem}.png"),), **said)


@pytest.mark.parametrize(
    ("then", "answers", "holds", "words"),
    [
        ("hold", ["hold", ""], True, "is spent: nothing is taken in until"),
        ("draft only", ["hold", "hold"], True, "is spent: nothing is taken in until"),
        ("hold", ["draft only", "draft only"], False, "is spent: drafts only, without"),
        ("hold", ["draft only", ""], False, "escalation, of r0, and files of r1 wait"),
        ("draft only", ["", "hold"], False, "escalation, of r0, and files of r1 wait"),
    ],
)
def test_rules_answer_before_their_hot_folder(
    then: str, answers: list[str], holds: bool, words: str
) -> None:
    """Nothing is taken in only where all of them wait; the reason names who does."""
    spent = Spent(period_of("day", TODAY), Decimal(20), 0)
    rules = [rule(f"r{number}", answer) for number, answer in enumerate(answers)]

    allowance = judge(Budget(amount="20", then=then), spent, rules)

    assert (allowance.spent, allowance.holds) == (then, holds)
    assert words in allowance.reason


def test_a_file_whose_rule_waits_is_run_when_the_budget_is_renewed(
    life: Any, until: Any, spend: Spend, clock: Clock
) -> None:
    """P1: it stays claimed meanwhile, and the story says why; nothing else waits."""
    life.rules = (rule("drafts", "draft only"), rule("waits"))
    limits = limits_of(life, clock, amount="20", then="hold")
    spend("20")
    limits.look()
    life.drop()
    first = life.next_order()

    life.loop.accept(Outcome(job=first.job, rule="waits", over_budget=True))
    until(lambda: "waiting" in life.states() and life.loop.is_idle)
    claim = first.drop.path.is_file()
    life.drop("b.jpg")
    life.finish(life.next_order())
    until(lambda: life.states().count("done") == 2)
    runs_meanwhile = not life.orders.empty()
    clock.now = TOMORROW
    limits.look()
    again = life.next_order()
    life.finish(again)

    assert (first.spent, claim, runs_meanwhile) == ("hold", True, False)
    assert (again.job, again.spent) == (first.job, None)
    until(lambda: life.states() == ["done", "done", "done"])
    story = life.database.rows(
        "SELECT what, detail FROM events WHERE job_id = ? ORDER BY id", [first.job]
    )
    assert [row["what"] for row in story][1:4] == ["waits", "goes_on", "delivered"]
    assert "the rule waits waits: the budget of 20 USD" in story[1]["detail"]


def test_a_waiting_file_is_looked_at_again_after_a_restart(
    life: Any, until: Any, spend: Spend, clock: Clock
) -> None:
    """P1: the journal brings it back, under the budget of that moment."""
    life.rules = (rule("drafts", "draft only"), rule("waits"))
    limits = limits_of(life, clock, amount="20", then="hold")
    spend("20")
    limits.look()
    life.drop()
    first = life.next_order()
    life.loop.accept(Outcome(job=first.job, rule="waits", over_budget=True))
    until(lambda: "waiting" in life.states())

    life.end()
    life.begin()

    again = life.next_order()
    life.finish(again)
    assert (again.job, again.spent) == (first.job, None)  # nobody told a budget yet
    until(lambda: life.states() == ["done", "done"])


def test_status_says_how_much_is_left() -> None:
    """One line for people, with what could not be counted."""
    spent = Spent(period_of("day", TODAY), Decimal("16.02"), 3)

    assert spoken_state(Budget(amount="20"), spent) == (
        "16.0200 of 20 USD (80 %, 3 charges unpriced) until 2026-11-24, "
        "then hold at 100 %"
    )


def test_status_names_the_rules_that_say_something_else() -> None:
    """Those that leave it to the hot folder, or say the same, are not named."""
    spent = Spent(period_of("day", TODAY), Decimal(0), 0)
    rules = [rule("a", "draft only"), rule("b"), rule("c", "hold")]

    state = spoken_state(Budget(amount="20"), spent, rules)

    assert state.endswith("then hold at 100 %, draft only for a")


def test_no_budget_reads_nothing(folder: HotFolder, tmp_path: Any) -> None:
    """A folder without a budget costs no query and is never told anything."""
    with Database.open(tmp_path / "other.db") as database:
        one = Folder(folder, None)  # type: ignore[arg-type]
        limits = SpendingLimits(database, [one])
        limits.look()

    assert one.told == []
    assert limits.shares() == {}
