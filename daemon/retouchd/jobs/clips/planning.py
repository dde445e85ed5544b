"""What has to be known of a whole clip before its first frame is worked on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from itertools import groupby

from retouchd import __version__
from retouchd.jobs.clips.equipment import Equipment
from retouchd.jobs.clips.parts import Choice, Parts, Plan, ShotMeasures
from retouchd.jobs.story import Story
from retouchd.media.clips.frames import Pictures
from retouchd.media.clips.library import pyav
from retouchd.media.clips.opening import Clip, Open
from retouchd.media.clips.segments import cut
from retouchd.media.clips.shots import Shots, find_shots
from retouchd.rules.schema import Rule
from retouchd.step import Step
from retouchd.values import Picture

_EVERY = 12
"""Frames of which one is measured: two or more a second."""


def plan_clip(
    open_clip: Open, rule: Rule, parts: Parts, choice: Choice, least_frames: int
) -> Plan:
    """Look through the clip, and keep how it is to be made.

    It is decoded for that only where a step looks at more than one frame.

    Raises:
        InputError: the clip is damaged or cannot be worked on.
    """
    with open_clip() as clip:
        segments = cut(clip, least_frames)
    steps = [step for _, step in rule.steps]
    shots = Shots()
    if any(_looks_around(step) for step in steps):
        with open_clip() as clip:
            shots = find_shots(clip)
    measures = {
        place: _measured(open_clip, step, shots)
        for place, step in enumerate(steps)
        if type(step).measure is not Step.measure
    }
    return parts.begin(choice, segments.starts, shots.starts, measures)


def _looks_around(step: Step) -> bool:
    """Whether *step* looks at more than one frame at a time."""
    return type(step).over is not Step.over


def _measured(open_clip: Open, step: Step, shots: Shots) -> ShotMeasures:
    """Let *step* measure every shot."""
    with open_clip() as clip:
        pictures = _some_pictures(clip, shots)
        return {
            shot: step.measure(picture for _, picture in run)
            for shot, run in groupby(pictures, lambda pair: pair[0])
        }


def _some_pictures(clip: Clip, shots: Shots) -> Iterator[tuple[int, Picture]]:
    """Yield every twelfth frame of each shot, its first one always."""
    pictures = Pictures(clip.facts)
    frames = ((shots.number_of(frame.pts or 0), frame) for frame in clip.frames())
    for shot, run in groupby(frames, lambda pair: pair[0]):
        for number, (_, frame) in enumerate(run):
            if number % _EVERY == 0:
                yield shot, pictures.picture(frame)


def key_of(story: Story, equipment: Equipment) -> str:
    """Return a digest of all that decides what comes out.

    Args:
        story: of the job, inspected; its rule is chosen.
        equipment: the models, how a clip is cut, and what encodes.
    """
    assert story.inspection is not None  # noqa: S101  (inspected, see above)
    found = story.inspection
    tagged = (*found.regions, *found.moving, *story.order.regions)
    decides = (
        *(story.sha256, story.rule_hash, story.wanted, story.draft_only),
        [manifest.sha256 for manifest in equipment.shelf.manifests()],
        [str(one) for one in tagged],
        (equipment.least_frames, equipment.encoder),
        (__version__, pyav().__version__, os.cpu_count()),
    )
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()
