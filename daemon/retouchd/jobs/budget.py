"""Admission by memory: a job waits until its estimated need fits beside the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from retouchd.errors import InputError
from retouchd.jobs.escalation import is_free
from retouchd.rules.schema import Rule
from retouchd.values import Header

HEADROOM = 2
"""Estimates are on the safe side: a job may seem to need so many times the budget."""


_CLIP_FRAMES = 80
"""Frames that decoder and encoder hold: x264 alone looks 40 to 60 ahead."""

_HELD_BYTES = 6
"""For a pixel of 8 bits of a frame that a step holds: as a picture, most of them as
they were decoded too."""


class MemoryBudget:
    """Bytes that the jobs of one worker may need together.

    A job that needs more than the whole budget runs alone; one that needs far more
    would end the worker, and is refused.
    """

    def __init__(self, total_bytes: int) -> None:
        self._total = total_bytes
        self._used = 0
        self._freed = threading.Condition()

    @contextmanager
    def admit(self, need_bytes: int) -> Iterator[None]:
        """Hold *need_bytes* for the body of a ``with`` statement.

        Raises:
            InputError: it is far more than there is.
        """
        if need_bytes > HEADROOM * self._total:
            raise InputError(
                f"it needs about {need_bytes / 1e9:.1f} GB of memory; "
                f"the worker has {self._total / 1e9:.1f} GB",
                hint="raise memory_gb under [worker], or make the picture smaller",
            )
        need = min(need_bytes, self._total)
        with self._freed:
            self._freed.wait_for(lambda: self._used + need <= self._total)
            self._used += need
        try:
            yield
        finally:
            with self._freed:
                self._used -= need
                self._freed.notify_all()


def estimated_need(header: Header, rule: Rule) -> int:
    """Estimate the peak memory of a job, in bytes, from sizes alone.

    libvips was measured to keep all frames of an animated WebP (of a GIF one).

    At any time a step holds its input and its output, an encoder one more copy; AVIF
    was measured at about 30 bytes per pixel (50 MP: 1.46 GB, 586 MB for the others).
    """
    width, height = header.width, header.height
    largest = width * height
    held = 0
    for _, step in rule.steps:
        held += step.frames_held(width, height) * width * height
        width, height = step.size_after(width, height)
        largest = max(largest, width * height)
    writes_avif = any(output.format == "avif" for output in rule.outputs)
    # What a gate looks at is kept until the steps are done; where a gate may ask for
    # another attempt also what that begins with, and the best result so far.
    kept = sum(
        word in rule.watched or (rule.escalate is not None and is_free(step))
        for word, step in rule.steps
    ) + (rule.escalate is not None)
    copies = (8 if writes_avif else 3) + kept
    need = copies * largest * 4 * header.depth // 8
    if header.kind != "still":
        need += _CLIP_FRAMES * largest * 3 * header.depth // 16
        need += held * _HELD_BYTES * header.depth // 8
    if header.kind == "clip" and header.format == "webp":
        need += 4 * header.frames * header.width * header.height
    return need
