"""Climbs the tiers with one picture, while gates fail and it may cost more."""

from __future__ import annotations

from collections.abc import Callable

from retouchd.errors import ModelError, StepError
from retouchd.jobs.attempts import Attempts
from retouchd.jobs.escalation import Enough, FindOut, next_move
from retouchd.jobs.meter import CpuShares
from retouchd.jobs.model_trials import ModelTrials
from retouchd.jobs.story import Story
from retouchd.jobs.tried import better
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Rule
from retouchd.values import Picture

Begin = Callable[[str, float, float], None]
"""Told what begins, its megapixels, and how many seconds each of them may take."""


class Climber:
    """Makes attempts at pictures; safe to use from several threads at once.

    Args:
        shelf: the models.
        shares: measures the work.
    """

    def __init__(self, shelf: Shelf, shares: CpuShares) -> None:
        self._shelf = shelf
        self._shares = shares
        self._trials = ModelTrials(shelf, shares)

    def best_attempt(
        self, story: Story, rule: Rule, before: Picture, begin: Begin
    ) -> Picture:
        """Try again at higher tiers while gates fail; return the best result.

        Args:
            story: of the job; learns what was tried and what is kept.
            rule: that of the job.
            before: the upright input.
            begin: told of each step.

        Raises:
            StepError, ModelError: the first attempt failed.
        """
        guide = story.order.guide
        if story.draft_only:
            story.notes.append("the budget is spent: draft models, one attempt")
        if story.draft_only or story.order.tier:
            rule = rule.model_copy(update={"escalate": None})
        attempts = Attempts(story, rule, before, self._shelf, self._shares, begin)
        tried = attempts.first()
        best = tried.result_only()
        while not isinstance(
            move := next_move(rule, tried, story.step_runs, self._shelf, guide), Enough
        ):
            try:
                if isinstance(move, FindOut):
                    guide = self._trials.learn(move.models, tried, story, guide, begin)
                else:
                    story.notes.append(move.note)
                    tried = attempts.again(tried, move)
            except (ModelError, StepError, MemoryError) as error:
                # What an earlier attempt made is still there to be looked at.
                move = Enough(f"attempt {tried.number + 1} failed: {error}")
                break
            best = better(best, tried.result_only())
        story.settle(best, tried.number, move.reason)
        assert best.picture is not None  # noqa: S101  (only the story goes without)
        return best.picture
