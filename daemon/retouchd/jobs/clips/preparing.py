"""Reads what has to be known of a clip, and refuses what cannot be written of it."""

from __future__ import annotations

from collections.abc import Sequence

from retouchd.jobs.sources import clip_facts
from retouchd.jobs.story import Story
from retouchd.media.clips.handling import fitting
from retouchd.media.clips.joining import refuse_sound
from retouchd.media.clips.opening import Clip, ClipFacts, opened
from retouchd.media.clips.proving import prove
from retouchd.media.clips.wanted import WantedClip, needs_pixels
from retouchd.rules.schema import Rule


def prepared(
    story: Story, rule: Rule, outputs: Sequence[WantedClip], *, edits: bool
) -> tuple[ClipFacts, bool]:
    """Return what is known of the clip of *story*, and whether frames become pictures.

    Args:
        story: of the job; its drop was inspected.
        rule: that of the job.
        outputs: clips that are to be written.
        edits: whether steps or gates look at frames, or files are made of them.

    Raises:
        InputError: it cannot be edited, or not be written as the rule wants it.
        DamagedError: it cannot be read.
    """
    assert story.inspection is not None  # noqa: S101  (inspected, see above)
    path, header = story.order.drop.path, story.inspection.header
    facts = clip_facts(story.order.drop, header, rule)
    has_pixels = needs_pixels(facts, outputs, edits=edits)
    if has_pixels:
        facts = fitting(path, header.format, facts, rule.clip)
    with opened(path, header.format, facts) as clip:
        _refuse(outputs, clip)
    return facts, has_pixels


def _refuse(outputs: Sequence[WantedClip], clip: Clip) -> None:
    """Make sure that *outputs* can be written, before any frame is worked on."""
    for one in outputs:
        if one.encoding.is_hardware:
            prove(one.encoding)
        refuse_sound(one.encoding, clip)
