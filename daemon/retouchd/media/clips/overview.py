"""Some frames of a whole clip, evenly over its length."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from retouchd.media.clips.decoding import damaged, decoded
from retouchd.media.clips.frames import Pictures
from retouchd.media.clips.opening import Clip, opened, read_facts
from retouchd.values import Picture

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

MOST_FRAMES = 12

_NEAR = 4.0
"""Seconds: going there costs no more than what lies between two key frames."""


def overview(path: Path, container: str) -> Iterator[tuple[float, Picture]]:
    """Yield up to ``MOST_FRAMES`` frames, those in the middles of equal parts.

    Of a long clip only frames from the key frame before each of them on are decoded.

    Args:
        path: the clip.
        container: ``mov`` or ``matroska``.

    Yields:
        when a frame is shown, in seconds from the beginning of the pictures, and the
        frame, upright.

    Raises:
        InputError, DamagedError: it cannot be read.
    """
    facts = read_facts(path, container)
    count = min(MOST_FRAMES, facts.frames)
    pictures = Pictures(facts)
    with opened(path, container, facts) as clip:
        screen = _Screen(clip)
        base = clip.pictures.time_base or 0
        begin = float((clip.pictures.start_time or 0) * base)
        part = facts.seconds / count
        for number in range(count):
            frame = screen.at(begin + (number + 0.5) * part, may_seek=part > _NEAR)
            yield float(frame.time or 0.0) - begin, pictures.picture(frame)


class _Screen:
    """Plays a clip forwards and tells what is on the screen."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._shown: VideoFrame | None = None
        self._frames = self._decoded()
        self._ahead = next(self._frames, None)

    def at(self, seconds: float, *, may_seek: bool) -> VideoFrame:
        """Return the frame that is on the screen then, or the nearest that there is."""
        if may_seek:
            self._clip.container.seek(round(seconds * 1e6))
            self._frames = self._decoded()
            self._ahead = next(self._frames, None) or self._ahead
            self._shown = None
        while self._ahead is not None and (self._ahead.time or 0.0) <= seconds:
            self._shown = self._ahead
            self._ahead = next(self._frames, None)
        found = self._shown or self._ahead
        if found is None:
            raise damaged(self._clip.path, f"there is no frame at {seconds:.2f} s")
        return found

    def _decoded(self) -> Iterator[VideoFrame]:
        return decoded(self._clip.container, self._clip.pictures, self._clip.path)
