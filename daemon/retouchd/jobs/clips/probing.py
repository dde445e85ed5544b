"""Chooses the tiers for a clip by attempts at the frames that its gates look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from retouchd.errors import StepError
from retouchd.jobs.attempts import tiers_to_begin_with
from retouchd.jobs.climbing import Begin, Climber
from retouchd.jobs.clips.parts import Choice
from retouchd.jobs.clips.sights import ClipSights
from retouchd.jobs.story import Story
from retouchd.media.clips.frames import Pictures
from retouchd.media.clips.opening import Clip
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Rule
from retouchd.values import TIERS, Picture, Region, Tier


def first_choice(story: Story, rule: Rule, shelf: Shelf) -> Choice:
    """Return the tiers that the rule begins with."""
    return Choice(dict(tiers_to_begin_with(story, rule, shelf)))


def may_climb(story: Story, rule: Rule) -> bool:
    """Whether attempts at single frames could lead to other tiers."""
    is_fixed = story.draft_only or bool(story.order.tier)
    return bool(rule.escalate and rule.picture_gates) and not is_fixed


def chosen_by_trial(
    story: Story,
    rule: Rule,
    pictures: Iterator[Picture],
    climber: Climber,
    begin: Begin,
) -> Choice:
    """Climb with each of *pictures* as with a still; return the highest tiers.

    What that would cost is counted for all frames of the clip. What it used is booked
    on *story*, which also tells what was tried.

    Args:
        story: of the job.
        rule: that of the job.
        pictures: the frames that its gates look at.
        climber: makes the attempts.
        begin: told of each step.

    Raises:
        StepError: a step failed with each of them.
        ModelError: a model is missing or fails.
    """
    assert story.inspection is not None  # noqa: S101  (a clip was inspected)
    order = story.order
    guide = order.guide.times(story.inspection.header.frames)
    tiers: dict[int, Tier] = {}
    attempts, reasons = 1, []
    failure: StepError | None = None
    for number, picture in enumerate(pictures, start=1):
        own = replace(
            story,
            order=replace(order, guide=guide),
            step_runs=[],
            gate_runs=[],
            notes=[],
            reasons=[],
        )
        try:
            climber.best_attempt(own, rule, picture, begin)
        except StepError as error:
            # In the clip a black frame is none to complain about.
            failure = error
            story.notes.append(f"frame {number} that gates look at: {error.message}")
            continue
        for place, done in enumerate(own.kept.steps):
            tiers[place] = max(tiers.get(place, TIERS[0]), done.tier, key=TIERS.index)
        attempts = max(attempts, own.kept.number)
        reasons += own.reasons
        story.step_runs += own.step_runs
        story.notes += [f"frame {number} that gates look at: {n}" for n in own.notes]
    if failure and not tiers:
        raise failure
    return Choice(tiers, attempts, "; ".join(dict.fromkeys(reasons)))


def judged_pictures(
    clip: Clip, seconds: float, regions: Callable[[int], tuple[Region, ...]]
) -> Iterator[Picture]:
    """Decode *clip* and yield the frames that gates look at.

    Args:
        clip: open, at its beginning.
        seconds: its length, as far as its container tells.
        regions: tells the tagged areas of a frame by its number.
    """
    sights = ClipSights(seconds, has_gates=True)
    pictures = Pictures(clip.facts)
    for number, frame in enumerate(clip.frames()):
        if sights.is_due(float(frame.time or 0.0)):
            yield replace(pictures.picture(frame), regions=regions(number))
