"""Makes the attempts at one job: steps from one of them on, then the gates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce

from retouchd.gate import Attempt, Stage
from retouchd.jobs.escalation import Again, first_tiers, is_free
from retouchd.jobs.limits import GATE_SECONDS, megapixels_of
from retouchd.jobs.meter import CpuShares, Reading, measured
from retouchd.jobs.story import Story
from retouchd.jobs.tried import DoneStep, Tried
from retouchd.models.session import ModelTime
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Rule
from retouchd.step import Step, Tools
from retouchd.timestamps import utc
from retouchd.values import GateRun, Picture, StepRun, Tier

Begin = Callable[[str, float, float], None]
"""Told the word of a step as it begins, its megapixels, and seconds for each."""


class Attempts:
    """Makes attempts at the job of *story*, which learns what each of them used.

    Args:
        story: of the job; its rule is chosen.
        rule: that rule.
        before: the upright input.
        shelf: the models.
        shares: measures the work.
        begin: told of each step.
    """

    def __init__(
        self,
        story: Story,
        rule: Rule,
        before: Picture,
        shelf: Shelf,
        shares: CpuShares,
        begin: Begin,
    ) -> None:
        self._story = story
        self._rule = rule
        self._before = before
        self._shelf = shelf
        self._shares = shares
        self._begin = begin

    def first(self) -> Tried:
        """Run every step and judge the result."""
        tiers = tiers_to_begin_with(self._story, self._rule, self._shelf)
        return self._attempt(Tried(0, ()), 0, self._before, tiers)

    def again(self, earlier: Tried, move: Again) -> Tried:
        """Run the steps from the first one that *move* raises, and judge again.

        What lies before that step is taken from *earlier*, as it was.
        """
        picture = earlier.steps[move.first].before
        assert picture is not None  # noqa: S101  (kept for each step that can go higher)
        tiers = {n: done.tier for n, done in enumerate(earlier.steps)}
        return self._attempt(earlier, move.first, picture, {**tiers, **move.tiers})

    def _attempt(
        self, earlier: Tried, first: int, picture: Picture, tiers: Mapping[int, Tier]
    ) -> Tried:
        number = earlier.number + 1
        steps = list(earlier.steps[:first])
        for place, (word, step) in list(enumerate(self._rule.steps))[first:]:
            done, picture = self._do(word, step, picture, tiers[place], number)
            steps.append(done)
        tried = Tried(number, tuple(steps), picture=picture)
        return self._judged(tried) if self._rule.picture_gates else tried

    def _do(
        self, word: str, step: Step, picture: Picture, tier: Tier, number: int
    ) -> tuple[DoneStep, Picture]:
        """Run one step; return what is known of it, and its result."""
        largest = megapixels_of(step, picture)
        self._begin(word, largest, step.seconds_per_megapixel)
        tools = Tools(self._shelf, tier)
        with measured(self._shares) as reading:
            result = step.apply(picture, tools)
            self._story.notes += tools.notes
            source_type = step.source_type if result is not picture else ""
            # Here and not later, so that the step's cost is booked on the step.
            result = result.with_image(result.image.copy_memory())
        spent = model_time(tools)
        used = used_by(word, tools, reading, spent)
        run = replace(
            used,
            attempt=number,
            megapixels_in=picture.megapixels,
            megapixels_out=result.megapixels,
        )
        self._story.step_runs.append(run)
        is_watched = word in self._rule.watched
        done = DoneStep(
            word,
            step,
            tier,
            run,
            spent.runs,
            source_type,
            before=picture if self._may_run_again(step, tier) else None,
            stage=Stage(word, picture, result, tools.mask) if is_watched else None,
        )
        return done, result

    def _may_run_again(self, step: Step, tier: Tier) -> bool:
        escalate = self._rule.escalate
        if escalate is None or not is_free(step):
            return False
        return self._shelf.higher_tier(step.task, tier, escalate.to) is not None

    def _judged(self, tried: Tried) -> Tried:
        after = tried.picture
        assert after is not None  # noqa: S101  (set by the only caller)
        self._begin("gates", after.megapixels, GATE_SECONDS)
        stages = tuple(done.stage for done in tried.steps if done.stage)
        attempt = Attempt(self._before, after, stages, self._story.earlier)
        verdicts, run = judged(self._rule, attempt, tried.number, self._shares)
        self._story.step_runs.append(run)
        self._story.gate_runs += verdicts
        return replace(tried, gate_runs=verdicts, gates_run=run)


def tiers_to_begin_with(story: Story, rule: Rule, shelf: Shelf) -> Mapping[int, Tier]:
    """Return the tier at which each step runs first, by its place in *rule*."""
    order = story.order
    if order.tier and not story.draft_only:  # asked for by a person: no other
        return dict.fromkeys(range(len(rule.steps)), order.tier)
    return first_tiers(rule, story.wanted, shelf)


def judged(
    rule: Rule, attempt: Attempt, number: int, shares: CpuShares
) -> tuple[tuple[GateRun, ...], StepRun]:
    """Let the gates for pictures judge; return what they say and what that used."""
    size = attempt.after.megapixels
    with measured(shares) as reading:
        verdicts = tuple(
            replace(gate.judge(attempt), attempt=number) for gate in rule.picture_gates
        )
    run = StepRun(
        step="gates",
        attempt=number,
        wall_ms=reading.wall_ms,
        cpu_s=reading.cpu_s,
        megapixels_in=size,
        megapixels_out=size,
        started_at=utc(reading.started_at),
    )
    return verdicts, run


def model_time(tools: Tools) -> ModelTime:
    """Return what the networks of a step took together, in the calling thread."""
    times = (session.take() for session in dict.fromkeys(tools.used))
    return reduce(ModelTime.plus, times, ModelTime())


def used_by(word: str, tools: Tools, reading: Reading, spent: ModelTime) -> StepRun:
    """Book time and models of a piece of work for the step *word*."""
    sessions = list(dict.fromkeys(tools.used))
    return StepRun(
        step=word,
        model="+".join(session.manifest.name for session in sessions),
        model_sha256=sessions[-1].manifest.sha256 if sessions else "",
        tier=sessions[-1].manifest.tier if sessions else "",
        device=sessions[-1].device if sessions else "cpu",
        wall_ms=reading.wall_ms,
        cpu_s=reading.cpu_s,
        gpu_s=spent.gpu_s,
        model_s=spent.wall_s,
        started_at=utc(reading.started_at),
    )
