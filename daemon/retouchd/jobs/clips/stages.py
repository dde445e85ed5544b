"""One step of a rule over the frames of a clip, with what it used booked on it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, TypeVar, cast

from numpy.typing import NDArray

from retouchd.gate import Stage
from retouchd.jobs.attempts import model_time, used_by
from retouchd.jobs.clips.sums import ClipSums
from retouchd.jobs.meter import CpuShares, Reading, Stopwatch, measured
from retouchd.media.clips.opening import ClipFrame
from retouchd.models.shelf import Shelf
from retouchd.step import Step, Tools
from retouchd.values import Picture, Tier

Thing = TypeVar("Thing")
Made = TypeVar("Made")

Carried = dict[str, NDArray[Any]]
"""What a step remembers; see ``Tools.carried``."""


@dataclass(frozen=True)
class Item:
    """A frame on its way through the steps.

    Attributes:
        number: from 0, in the clip.
        frame: as it was decoded.
        segment, shot: to which it belongs.
        is_judged: whether the gates look at it.
        before: what the first step gets; ``None``: nobody needs its pixels.
        picture: what the last step that it went through gave.
        stages: what the gates look at of the steps on the way.
    """

    number: int
    frame: ClipFrame
    segment: int
    shot: int
    is_judged: bool = False
    before: Picture | None = None
    picture: Picture | None = None
    stages: tuple[Stage, ...] = ()

    @property
    def at(self) -> float:
        """When it is shown, in seconds."""
        return float(self.frame.time or 0.0)


@dataclass(frozen=True)
class Workshop:
    """What all steps of a clip share.

    Attributes:
        shelf: the models.
        shares: measures the work.
        sums: where it is booked.
        pool: does several frames at a time.
        threads: of the pool.
        tell: is told that something was done.
    """

    shelf: Shelf
    shares: CpuShares
    sums: ClipSums
    pool: ThreadPoolExecutor
    threads: int
    tell: Callable[[], None]


@dataclass
class StepStage:
    """A step of a clip's rule; one thread runs it, and others for single frames.

    Attributes:
        place: of the step in the rule, from 0.
        is_watched: whether a gate looks at it, in the frames that are judged.
        is_watched_throughout: whether one does in every frame.
        carried: what it remembered at the end of each segment, until that is taken.
        measures: what it measured of each shot.
        has_changed: whether it changed any frame.
    """

    place: int
    word: str
    step: Step
    tier: Tier
    workshop: Workshop
    is_watched: bool = False
    is_watched_throughout: bool = False
    carried: dict[int, Carried] = field(default_factory=dict)
    measures: Mapping[int, Carried] = field(default_factory=dict)
    has_changed: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Under which it is booked."""
        return f"{self.place} {self.word}"

    def over(
        self, items: Generator[Item, None, None], shot: int, carried: Carried
    ) -> Generator[Item, None, None]:
        """Yield every item with what the step makes of its picture.

        Args:
            items: in order; closed at the end.
            shot: in which work was broken off, if it was.
            carried: what the step remembered then.
        """
        shares, sums = self.workshop.shares, self.workshop.sums
        watch = Stopwatch(shares, lambda reading: sums.time(self.key, reading))
        with closing(items):
            for (segment, now), run in groupby(items, lambda i: (i.segment, i.shot)):
                tools = Tools(self.workshop.shelf, self.tier, _Lane(self, watch))
                begins = self.measures.get(now, {})
                tools.carried = dict(carried if now == shot else begins)
                yield from self._run(run, tools, watch)
                shot, carried = now, tools.carried
                self.carried[segment] = dict(carried)

    def _run(
        self, run: Iterable[Item], tools: Tools, watch: Stopwatch
    ) -> Iterator[Item]:
        """Do frames that follow one another in a shot."""
        taken: deque[Item] = deque()
        made = self.step.over(_pictures(watch.waiting_for(run), taken), tools)
        while True:
            with watch.running():
                after = next(made, None)
                if after is not None and after is not taken[0].picture:
                    # Here and not later, so that the cost is booked on this step.
                    after = after.with_image(after.image.copy_memory())
            if after is None:
                break
            yield self._finished(taken.popleft(), after, tools)
        self.notes += [note for note in tools.notes if note not in self.notes]
        self.workshop.sums.add(
            self.key, used_by(self.word, tools, Reading(), model_time(tools))
        )

    def _finished(self, item: Item, after: Picture, tools: Tools) -> Item:
        before = item.picture
        assert before is not None  # noqa: S101  (items of steps have one)
        self.workshop.sums.amount(self.key, before.megapixels, after.megapixels)
        self.workshop.tell()
        self.has_changed |= after is not before
        stages = item.stages
        if self.is_watched_throughout or (self.is_watched and item.is_judged):
            stages += (Stage(self.word, before, after, tools.mask),)
        return replace(item, picture=after, stages=stages)


class _Lane:
    """Does work to several frames at a time; see ``Tools.each``."""

    def __init__(self, stage: StepStage, watch: Stopwatch) -> None:
        self._stage = stage
        self._workshop = stage.workshop
        self._watch = watch

    def __call__(
        self, work: Callable[[Thing, Tools], Made], items: Iterable[Thing], tools: Tools
    ) -> Iterator[Made]:
        """Yield results in the order of *items*."""
        waiting: deque[Future[tuple[Made, Tools]]] = deque()
        try:
            for item in items:
                waiting.append(self._workshop.pool.submit(self._one, work, item))
                if len(waiting) > self._workshop.threads:
                    yield self._take(waiting.popleft(), tools)
            while waiting:
                yield self._take(waiting.popleft(), tools)
        finally:
            for future in waiting:
                future.cancel()

    def _take(self, future: Future[tuple[Made, Tools]], tools: Tools) -> Made:
        with self._watch.paused():
            made, own = future.result()
        tools.mask = own.mask
        tools.notes += own.notes
        return made

    def _one(
        self, work: Callable[[Thing, Tools], Made], item: Thing
    ) -> tuple[Made, Tools]:
        stage = self._stage
        own = Tools(self._workshop.shelf, stage.tier)
        try:
            with measured(self._workshop.shares) as reading:
                made = _computed(work(item, own), item)
        finally:
            self._workshop.sums.add(
                stage.key, used_by(stage.word, own, reading, model_time(own))
            )
        return made, own


def _computed(made: Made, item: object) -> Made:
    """Let libvips do its part now, while its time is measured."""
    if made is item or not isinstance(made, Picture):
        return made
    return cast("Made", made.with_image(made.image.copy_memory()))


def _pictures(items: Iterable[Item], taken: deque[Item]) -> Iterator[Picture]:
    for item in items:
        assert item.picture is not None  # noqa: S101  (made where steps want it)
        taken.append(item)
        yield item.picture
