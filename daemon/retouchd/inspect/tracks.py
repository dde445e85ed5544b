"""Tagged areas of clips that move, or come and go, from frame to frame."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from retouchd.errors import InputError
from retouchd.inspect.frame import Frame, Outline
from retouchd.values import Region

MOST_FRAMES = 10_000_000
"""Larger numbers of frames are nonsense: two days at 60 a second."""

MOST_POINTS = 500_000
"""Of all outlines of one drop together; each takes some 120 bytes of memory."""

_UPRIGHT = Frame(1, 1)


def too_many_points(path: Path) -> InputError:
    """Say that the outlines of a drop, those of *path* the last, cannot be held."""
    return InputError(
        f"its tags have more than {MOST_POINTS:,} points in all",
        hint="tag with fewer points, or export key frames alone",
        file=path,
    )


@dataclass(frozen=True)
class Key:
    """A tagged area in a key frame.

    Attributes:
        frame: its number, from 0.
        outline: fractions of the upright picture, not cut at its border.
        is_outside: whether the area is out of the picture from here on; up to here it
            moves to *outline* all the same.
    """

    frame: int
    outline: Outline
    is_outside: bool = False


@dataclass(frozen=True)
class Track:
    """One area that moves: its outline goes evenly from key frame to key frame.

    Attributes:
        label: what the tag says.
        keys: in order, each frame once; before the first there is nothing, the last
            one holds to the end.
        source: name of the file.
    """

    label: str
    keys: tuple[Key, ...]
    source: str

    def at(self, frame: int) -> tuple[Region, ...]:
        """Return the area in a frame, counted from 0; nothing: it is not there."""
        outline = _UPRIGHT.upright(self._outline(frame))
        return (Region(self.label, outline, source=self.source),) if outline else ()

    def _outline(self, frame: int) -> Outline:
        place = bisect_right(self._frames, frame)
        if not place:
            return ()
        last = self.keys[place - 1]
        if last.is_outside:
            return ()
        if place == len(self.keys) or last.frame == frame:
            return last.outline
        return _between(last, self.keys[place], frame)

    @cached_property
    def _frames(self) -> list[int]:
        return [key.frame for key in self.keys]


def _between(one: Key, other: Key, frame: int) -> Outline:
    """Return the outline on the way; one with other corners holds until they come."""
    if len(one.outline) != len(other.outline):
        return one.outline
    share = (frame - one.frame) / (other.frame - one.frame)
    return tuple(
        (x + share * (to_x - x), y + share * (to_y - y))
        for (x, y), (to_x, to_y) in zip(one.outline, other.outline, strict=True)
    )


@dataclass(frozen=True)
class Held:
    """Areas that were tagged frame by frame: they hold until the next tagged frame.

    Attributes:
        tagged: by the number of the frame, from 0.
    """

    tagged: Mapping[int, tuple[Region, ...]]

    def at(self, frame: int) -> tuple[Region, ...]:
        """Return the areas of a frame, counted from 0."""
        place = bisect_right(self._frames, frame)
        return self.tagged[self._frames[place - 1]] if place else ()

    @cached_property
    def _frames(self) -> list[int]:
        return sorted(self.tagged)
