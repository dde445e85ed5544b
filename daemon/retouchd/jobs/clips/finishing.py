"""Hands the results of a clip in, with what is known of the whole of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from retouchd.jobs.clips.frame_files import FrameFiles
from retouchd.jobs.clips.parts import Choice, Pair, Part
from retouchd.jobs.clips.results import frame_of, results_of
from retouchd.jobs.clips.sums import ClipSums
from retouchd.jobs.handing_in import hand_in
from retouchd.jobs.story import Story
from retouchd.jobs.tried import DoneStep, Tried
from retouchd.media.clips.joining import WrittenClip
from retouchd.rules.schema import Rule
from retouchd.values import GateRun, Tier


@dataclass(frozen=True)
class Made:
    """All that was made of a clip.

    Attributes:
        parts: in order, at least one.
        choice: of tiers.
        written: the joined clips, by the number of the output.
        verdicts: of all gates.
        shown: the frame, before and after, that stands for the clip.
        files: writes outputs that are a file for each frame.
    """

    parts: Sequence[Part]
    choice: Choice
    written: dict[int, WrittenClip]
    verdicts: tuple[GateRun, ...]
    shown: Pair
    files: FrameFiles


def learn_length(story: Story, last: Part, rate: Fraction) -> None:
    """Take the length of a clip from its frames, where its container tells none.

    What was streamed says nothing; a generator is paid by the second.

    Args:
        story: of the job.
        last: the last part of the clip.
        rate: frames per second.
    """
    inspection = story.inspection
    if inspection is None or inspection.header.seconds:
        return
    seconds = float(last.frames / rate)
    header = replace(inspection.header, frames=last.frames, seconds=seconds)
    story.inspection = replace(inspection, header=header)


def hand_in_clip(story: Story, rule: Rule, made: Made, sums: ClipSums) -> None:
    """Settle *story* on what was *made*, name the results and hand them in.

    Args:
        story: of the job.
        rule: that of the job.
        made: the clip.
        sums: what its frames used.
    """
    last, number = made.parts[-1], made.choice.attempts
    story.notes += [note for notes in last.notes_of.values() for note in notes]
    verdicts = tuple(replace(run, attempt=number) for run in made.verdicts)
    story.gate_runs += verdicts
    steps = tuple(
        _done_step(rule, place, tier, last, sums)
        for place, tier in made.choice.tiers.items()
    )
    story.settle(Tried(number, steps, verdicts), number, made.choice.why_no_more)
    clips = made.written.values()
    left_out = dict.fromkeys(name for clip in clips for name in clip.left_out)
    story.notes += [f"left out of the result: {name}" for name in left_out]
    results = results_of(story, rule, made.written, made.shown[1])
    results += made.files.renditions(
        (file for part in made.parts for file in part.frame_files),
        frame_of(story, rule, story.source_types),
        story.order.stages["out"],
    )
    results.sort(key=lambda one: one.output)
    hand_in(story, rule, tuple(results), made.shown)


def _done_step(
    rule: Rule, place: int, tier: Tier, last: Part, sums: ClipSums
) -> DoneStep:
    """Tell what a step did to all frames."""
    word, step = rule.steps[place]
    run = sums.run_of(f"{place} {word}")
    source_type = step.source_type if place in last.changed else ""
    return DoneStep(word, step, tier, run, source_type=source_type)
