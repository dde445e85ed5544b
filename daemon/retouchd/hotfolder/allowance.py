"""What its budget lets a hot folder do for now, and who looks after that."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from retouchd.ledger.database import Database
from retouchd.ledger.spending import Period, Spending, Spent, note_once
from retouchd.ledger.units import written
from retouchd.log import get_logger
from retouchd.rules.schema import Rule
from retouchd.settings import Budget, HotFolder, Then

log = get_logger()

WARN_SHARE = Decimal("0.8")
"""Share of a budget at which people are warned."""


@dataclass(frozen=True)
class Allowance:
    """What a hot folder may do until its budget's period ends.

    Attributes:
        spent: what becomes of files whose rule does not say it itself; ``None``: the
            budget is not spent.
        holds: nothing is taken in, because every rule lets its files wait.
        reason: what was spent, and until when; empty where all is allowed.
    """

    spent: Then | None = None
    holds: bool = False
    reason: str = ""


FREE = Allowance()
"""There is no budget, or enough of it is left."""


def judge(budget: Budget, spent: Spent, rules: Iterable[Rule] = ()) -> Allowance:
    """Say what may be done with what is left of *budget*.

    Args:
        budget: of a hot folder.
        spent: how much of it.
        rules: of that hot folder; each may say what becomes of its files.
    """
    if spent.amount < budget.amount:
        return FREE
    drafts, waiting = _by_answer(budget, rules)
    if not drafts:
        what = "nothing is taken in"
    elif not waiting:
        what = "drafts only, without escalation,"
    else:
        what = (
            f"drafts only, without escalation, of {', '.join(drafts)}, and files of "
            f"{', '.join(waiting)} wait,"
        )
    until = f"until {spent.period.end} or until the budget is raised"
    reason = f"{_spoken(budget, spent.period)} is spent: {what} {until}"
    return Allowance(spent=budget.then, holds=not drafts, reason=reason)


def _by_answer(budget: Budget, rules: Iterable[Rule]) -> tuple[list[str], list[str]]:
    """Name the rules that make drafts once *budget* is spent, and those that wait."""
    answers = {rule.rule: rule.once_spent(budget.then) for rule in rules}
    answers = answers or {"": budget.then}
    drafts = [name for name, then in answers.items() if then == "draft only"]
    return drafts, [name for name in answers if name not in drafts]


def spoken_state(budget: Budget, spent: Spent, rules: Iterable[Rule] = ()) -> str:
    """Write for people how much of *budget* is spent, and what follows at its end.

    Arguments as for ``judge``.
    """
    amount = f"{spent.amount:.4f} of {written(budget.amount)} {budget.currency}"
    percent = f"{100 * spent.amount / budget.amount:.0f} %"
    unpriced = f", {spent.uncounted} charges unpriced" if spent.uncounted else ""
    end = spent.period.end[:10]
    own: defaultdict[Then, list[str]] = defaultdict(list)
    for rule in rules:
        if (then := rule.once_spent(budget.then)) != budget.then:
            own[then].append(rule.rule)
    but = "".join(f", {then} for {', '.join(names)}" for then, names in own.items())
    state = f"{amount} ({percent}{unpriced}) until {end}"
    return f"{state}, then {budget.then} at 100 %{but}"


def _spoken(budget: Budget, period: Period) -> str:
    date = period.begin[: 10 if budget.per == "day" else 7]
    return f"the budget of {written(budget.amount)} {budget.currency} for {date}"


def spending_of(database: Database, folder: HotFolder, budget: Budget) -> Spending:
    """Make the sum that *budget* limits."""
    return Spending(database, folder.name, budget.per, budget.currency)


class Spender(Protocol):
    """What is asked of a hot folder's loop."""

    folder: HotFolder

    def rules(self) -> tuple[Rule, ...]: ...  # noqa: D102  (see the loop)

    def allow(self, allowance: Allowance) -> None: ...  # noqa: D102  (see the loop)


class SpendingLimits:
    """Tells every hot folder with a budget what it may do; used by one thread.

    Args:
        database: the ledger.
        spenders: the loops of all hot folders.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        database: Database,
        spenders: Iterable[Spender],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = [
            _Limit(one, budget, spending_of(database, one.folder, budget))
            for one in spenders
            if (budget := one.folder.budget) is not None
        ]

    def look(self) -> None:
        """Read what was booked since the last look, and tell what follows.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        now = self._clock()
        for limit in self._limits:
            spent = limit.spending.so_far(now)
            limit.share = float(spent.amount / limit.budget.amount)
            self._warn(limit, spent, now)
            limit.tell(judge(limit.budget, spent, limit.spender.rules()))

    def shares(self) -> dict[str, float]:
        """Return by hot folder what share of its budget was spent at the last look."""
        return {limit.spender.folder.name: limit.share for limit in self._limits}

    def holding(self) -> tuple[str, ...]:
        """Name the hot folders that take nothing in."""
        return tuple(
            limit.spender.folder.name for limit in self._limits if limit.told.holds
        )

    def _warn(self, limit: _Limit, spent: Spent, now: float) -> None:
        """Warn once in a period and for a budget, also across restarts."""
        budget = limit.budget
        if spent.amount < WARN_SHARE * budget.amount or limit.warned == spent.period:
            return
        limit.warned = spent.period
        name = limit.spender.folder.name
        detail = f"{name}: 80 % of {_spoken(budget, spent.period)}"
        if note_once(self._database, "budget_nearly_spent", detail, now):
            log.warning(
                "budget_nearly_spent",
                hot_folder=name,
                spent=written(spent.amount),
                budget=written(budget.amount),
                currency=budget.currency,
                until=spent.period.end,
            )


@dataclass
class _Limit:
    """One budget and what was said of it."""

    spender: Spender
    budget: Budget
    spending: Spending
    warned: Period | None = None
    share: float = 0.0
    told: Allowance = FREE

    def tell(self, allowance: Allowance) -> None:
        """Pass *allowance* on if it is news."""
        if allowance == self.told:
            return
        self.told = allowance
        self.spender.allow(allowance)
        name = self.spender.folder.name
        if allowance.reason:
            log.warning("budget_spent", hot_folder=name, reason=allowance.reason)
        else:
            log.info("budget_renewed", hot_folder=name)
