"""The way of a clip's frames: decoded, through every step, each in its own thread."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from retouchd.jobs.clips.ahead import Ahead
from retouchd.jobs.clips.sights import ClipSights
from retouchd.jobs.clips.stages import Carried, Item, StepStage
from retouchd.jobs.clips.sums import DECODE, ClipSums
from retouchd.jobs.meter import CpuShares, Stopwatch
from retouchd.media.clips.frames import Pictures
from retouchd.media.clips.opening import Clip
from retouchd.media.clips.segments import Segments
from retouchd.media.clips.shots import Shots
from retouchd.values import Picture, Region

_ROOM = 3
"""Frames that wait before each step: enough that nobody waits for a slow frame, few
enough that a clip takes no more memory than some pictures."""


@dataclass(frozen=True)
class Footage:
    """A clip to be worked on, and what is known of it.

    Attributes:
        regions: tells the tagged areas of a frame by its number.
        needs_pixels: whether every frame becomes a picture.
    """

    clip: Clip
    segments: Segments
    shots: Shots
    regions: Callable[[int], tuple[Region, ...]]
    needs_pixels: bool


@dataclass(frozen=True)
class Progress:
    """How far an earlier run came, and how it went on from there.

    Attributes:
        segment: the first one that is not done.
        shot: of the frames before it; -1: there are none.
        carried: what each step remembered then.
    """

    segment: int = 0
    shot: int = -1
    carried: tuple[Carried, ...] = ()


class Flow:
    """All frames of a clip on their way, from a segment on; read once.

    Args:
        footage: the clip.
        stages: its steps, in their order.
        done: frames before it are decoded, and passed over.
        sights: says which frames are judged and shown.
        sums: where decoding is booked.
        shares: measures it.
    """

    def __init__(
        self,
        footage: Footage,
        stages: Sequence[StepStage],
        done: Progress,
        sights: ClipSights,
        sums: ClipSums,
        shares: CpuShares,
    ) -> None:
        self._footage = footage
        self._done = done
        self._sights = sights
        self._sums = sums
        self._pictures = Pictures(footage.clip.facts)
        self._watch = Stopwatch(shares, lambda reading: sums.time(DECODE, reading))
        self._last = Ahead(self._decoded(), _ROOM, "decode")
        for stage in stages if footage.needs_pixels else ():
            carried = done.carried[stage.place] if done.carried else {}
            source = stage.over(_read(self._last), done.shot, carried)
            self._last = Ahead(source, _ROOM, stage.word)

    def __iter__(self) -> Ahead[Item]:
        """Return the frames as they come out of the last step."""
        return self._last

    def close(self) -> None:
        """End every thread."""
        self._last.close()

    def _decoded(self) -> Generator[Item, None, None]:
        footage = self._footage
        frames = footage.clip.frames()
        number = 0
        while True:
            with self._watch.running():
                frame = next(frames, None)
                item = None
                if frame is not None:
                    pts = frame.pts or 0
                    segment = footage.segments.number_of(pts)
                    item = Item(number, frame, segment, footage.shots.number_of(pts))
                    if segment >= self._done.segment:
                        item = self._seen(item)
            if item is None:
                return
            number += 1
            if item.segment >= self._done.segment:
                yield item

    def _seen(self, item: Item) -> Item:
        """Return *item* with its picture, where the steps or people want to see it."""
        footage, size = self._footage, 0.0
        is_judged = self._sights.is_due(item.at)
        picture = None
        if footage.needs_pixels or self._sights.is_wanted(item.at):
            found = self._pictures.picture(item.frame)
            picture = Picture(found.image, footage.regions(item.number))
            size = picture.megapixels
        self._sums.amount(DECODE, size, size)
        return Item(
            item.number,
            item.frame,
            item.segment,
            item.shot,
            is_judged,
            before=picture,
            picture=picture,
        )


def _read(items: Ahead[Item]) -> Generator[Item, None, None]:
    """Yield *items*; whoever closes this closes their thread."""
    try:
        yield from items
    finally:
        items.close()
