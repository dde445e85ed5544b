"""What to try again when gates fail: from which step, at which tier, for how much.

Everything here is decided from what is known; nothing is computed on pictures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeGuard

from retouchd.jobs.cost_guide import CostGuide
from retouchd.jobs.tried import DoneStep, Tried, said
from retouchd.ledger.units import written
from retouchd.models.manifest import Manifest
from retouchd.models.shelf import Shelf
from retouchd.rules.escalate import Escalate
from retouchd.rules.schema import Rule
from retouchd.step import ModelStep, Step
from retouchd.values import TIERS, StepRun, Tier

_SHOWN = Decimal("1E-8")


@dataclass(frozen=True)
class Again:
    """Run again from the step with the number *first*, some of them at other tiers."""

    first: int
    tiers: Mapping[int, Tier]
    note: str


@dataclass(frozen=True)
class Enough:
    """Run no more; *reason* is empty where all is well or nothing else was asked."""

    reason: str = ""


@dataclass(frozen=True)
class FindOut:
    """First find out what *models* use, by number of the step: nobody knows yet."""

    models: Mapping[int, Manifest]


def first_tiers(rule: Rule, wanted: Tier, shelf: Shelf) -> dict[int, Tier]:
    """Return the tier of each step in the first attempt.

    A tier without a model here is replaced by the best one below it.
    """
    return {
        number: shelf.best_tier(step.task, wanted) if is_free(step) else wanted
        for number, (_, step) in enumerate(rule.steps)
    }


def is_free(step: Step) -> TypeGuard[ModelStep]:
    """Whether *step* runs a model that the rule leaves open."""
    return isinstance(step, ModelStep) and not (step.model or step.tier)


def next_move(
    rule: Rule, tried: Tried, spent: Iterable[StepRun], shelf: Shelf, guide: CostGuide
) -> Again | Enough | FindOut:
    """Say what comes after the attempt *tried*.

    Args:
        rule: with the bounds of the escalation.
        tried: the newest attempt.
        spent: all that the job has used so far.
        shelf: the models of this machine.
        guide: what they cost.
    """
    if rule.escalate is None or not tried.failed:
        return Enough()
    tiers, obstacles = _raised(tried, rule.escalate, shelf)
    if not tiers:
        return Enough("; ".join(obstacles))
    plan = _Plan(tried, tiers, shelf, guide)
    return plan.weigh(rule.escalate, _sum(guide.cost_of(run) for run in spent))


def _raised(
    tried: Tried, escalate: Escalate, shelf: Shelf
) -> tuple[dict[int, Tier], list[str]]:
    """Return the new tier of each blamed step that can go higher; else why none can."""
    tiers: dict[int, Tier] = {}
    obstacles: list[str] = []
    for run in tried.failed:
        if not run.step:
            obstacles.append(f"{run.gate} blames no step")
        for number, done in enumerate(tried.steps):
            if done.word == run.step:
                tier = _next_tier(done, escalate, shelf)
                if tier is None:
                    obstacles.append(_obstacle(done, escalate, shelf))
                else:
                    tiers[number] = tier
    return tiers, list(dict.fromkeys(obstacles))


def _next_tier(done: DoneStep, escalate: Escalate, shelf: Shelf) -> Tier | None:
    if not is_free(done.step) or not done.run.model:
        return None
    return shelf.higher_tier(done.step.task, done.tier, escalate.to)


def _obstacle(done: DoneStep, escalate: Escalate, shelf: Shelf) -> str:
    """Say why the step *done* cannot run at a higher tier."""
    step, word = done.step, done.word
    if not isinstance(step, ModelStep):
        return f"{word} uses no model"
    if not is_free(step):
        return f"the rule fixes the {'model' if step.model else 'tier'} of {word}"
    if not done.run.model:
        return f"{word} had nothing to do"
    if shelf.higher_tier(step.task, done.tier, TIERS[-1]):
        return f"{word} ran at {done.tier}, and escalate ends at {escalate.to}"
    return f"there is no model for {word} above {done.tier} here"


class _Plan:
    """Another attempt, before it is made.

    Args:
        tried: the attempt before it.
        tiers: of the steps that go higher, by number.
        shelf: the models of this machine.
        guide: what they cost.
    """

    def __init__(
        self,
        tried: Tried,
        tiers: Mapping[int, Tier],
        shelf: Shelf,
        guide: CostGuide,
    ) -> None:
        self._tried = tried
        self._tiers = tiers
        self._guide = guide
        self._first = min(tiers)
        self._models = {
            number: _model_for(tried.steps[number], tier, shelf)
            for number, tier in tiers.items()
        }
        self._unseen: dict[int, Manifest] = {}
        self._expected = _sum(self._costs())

    def weigh(
        self, escalate: Escalate, spent: Decimal | None
    ) -> Again | Enough | FindOut:
        """Decide whether it may be made after *spent*; ``None``: not known."""
        most = escalate.max_cost
        expected = self._expected
        if most is None:
            return self._go(spent)
        if expected is None or spent is None:
            return Enough(
                f"max_cost is {most}, and a price is missing for what {self._words} "
                "would use"
            )
        if spent + expected > most:
            return Enough(
                f"{self._words} would cost {self._about}, with {self._money(spent)} "
                f"spent more than max_cost {most}"
            )
        return FindOut(self._unseen) if self._unseen else self._go(spent)

    def _go(self, spent: Decimal | None) -> Again:
        failed = ", ".join(said(run) for run in self._tried.failed)
        number = self._tried.number + 1
        note = f"attempt {number}: {failed}; {self._words}, expected {self._about}"
        return Again(
            self._first, self._tiers, f"{note}, spent {self._money(spent)} so far"
        )

    def _costs(self) -> Iterator[Decimal | None]:
        """Yield what each step that runs again, and the gates, will cost."""
        steps = self._tried.steps
        for number in range(self._first, len(steps)):
            if number in self._models:
                yield self._cost_of_model(number, steps[number].run)
            else:
                yield self._guide.cost_of(steps[number].run)
        yield self._guide.cost_of(self._tried.gates_run)

    def _cost_of_model(self, number: int, run: StepRun) -> Decimal | None:
        """Expect what its model used of late; at least what *run* used before it."""
        model = self._models[number]
        use = self._guide.usage_of(model.name, run)
        if use is None:
            self._unseen[number] = model
            return self._guide.cost_of(run)
        return self._guide.cost(use, run.device)

    @property
    def _words(self) -> str:
        """What runs again."""
        return ", ".join(
            f"{self._tried.steps[number].word} again at {self._tiers[number]} "
            f"({model.name})"
            for number, model in sorted(self._models.items())
        )

    @property
    def _about(self) -> str:
        """What it is expected to cost."""
        amount = self._money(self._expected)
        if not self._unseen or self._expected is None:
            return amount
        names = (model.name for model in self._unseen.values())
        models = " and ".join(dict.fromkeys(names))
        return f"at least {amount} (the cost of {models} is not known here yet)"

    def _money(self, amount: Decimal | None) -> str:
        if amount is None:
            return "an unknown amount"
        return (
            f"{written(amount.quantize(_SHOWN))} {self._guide.rates.currency}".strip()
        )


def _model_for(done: DoneStep, tier: Tier, shelf: Shelf) -> Manifest:
    """Return the model that *done* would run with at *tier*."""
    assert isinstance(done.step, ModelStep)  # noqa: S101  (others never go higher)
    scale = math.ceil(math.sqrt(done.enlargement))
    return shelf.choose(done.step.task, tier=tier, scale=scale)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Add up; ``None`` as soon as one amount is not known."""
    found = list(amounts)
    known: Sequence[Decimal] = [one for one in found if one is not None]
    return sum(known, Decimal(0)) if len(known) == len(found) else None
