"""Tells how far a clip is; every sign of life gives the job its time anew."""

from __future__ import annotations

import time

from retouchd.jobs.climbing import Begin
from retouchd.rules.schema import Rule
from retouchd.values import Header

TELL_SECONDS = 1.0
"""How often the progress is told."""

SECONDS_PER_MEGAPIXEL = 30.0
"""To decode and encode a frame, at the very most; those of the steps come on top."""

GATE_SECONDS = 0.5
"""For each second of a clip, to measure its sound and count its frames."""


class Telling:
    """Tells the progress of one clip.

    Args:
        rule: of the job.
        header: of the clip.
        begin: is told.

    Attributes:
        frames: how many are done.
    """

    def __init__(self, rule: Rule, header: Header, begin: Begin) -> None:
        self._begin = begin
        self._header = header
        self._each = SECONDS_PER_MEGAPIXEL + sum(
            step.seconds_per_megapixel for _, step in rule.steps
        )
        self._told = 0.0
        self.frames = 0

    def count(self, frames: int) -> None:
        """Learn that so many frames are done."""
        self.frames = frames
        self.tell()

    def tell(self) -> None:
        """Say how far it is, unless that was said just now."""
        now = time.monotonic()
        if now - self._told < TELL_SECONDS:
            return
        self._told = now
        word = f"frame {self.frames} of {max(self.frames, self._header.frames)}"
        self._begin(word, self._header.megapixels, self._each)

    def tell_gates(self) -> None:
        """Say that gates judge the whole clip."""
        size = self._header.megapixels or 1.0
        each = GATE_SECONDS * self._header.seconds / size
        self._begin("gates", size, each)
