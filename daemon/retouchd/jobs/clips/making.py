"""Encodes what comes out of the steps, segment by segment, and keeps each one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from retouchd.gate import Attempt, Earlier
from retouchd.jobs.attempts import judged
from retouchd.jobs.clips.flow import Flow, Footage
from retouchd.jobs.clips.frame_files import FrameFile, FrameFiles
from retouchd.jobs.clips.parts import Part, Parts
from retouchd.jobs.clips.segment import OpenSegment
from retouchd.jobs.clips.sights import ClipSights
from retouchd.jobs.clips.stages import Carried, Item, StepStage
from retouchd.jobs.clips.sums import ENCODE, GATES, ClipSums
from retouchd.jobs.clips.witness import Witness
from retouchd.jobs.meter import CpuShares, measured
from retouchd.jobs.outputs import Frame
from retouchd.media.clips.wanted import WantedClip
from retouchd.rules.schema import Rule
from retouchd.values import StepRun


@dataclass(frozen=True)
class Task:
    """Everything that the making of one clip needs.

    Attributes:
        footage: the source.
        wanted: the outputs.
        rule: whose gates judge.
        stages: its steps.
        files: writes outputs that are a file for each frame.
        like: what their names and records need, by the source types of the steps that
            made them.
        parts: where finished work is kept.
        sights: chooses the frames that are judged and shown.
        witness: shows every frame to the gates that judge the whole clip.
        sums: where everything is booked.
        shares: measures it.
        earlier: deliveries that gates may compare with.
        daemon: whose order it is.
        inherited: what daemons before it used for parts that are kept.
        told: is told how many frames are done.
    """

    footage: Footage
    wanted: tuple[WantedClip, ...]
    rule: Rule
    stages: tuple[StepStage, ...]
    files: FrameFiles
    like: Callable[[list[str]], Frame]
    parts: Parts
    sights: ClipSights
    witness: Witness
    sums: ClipSums
    shares: CpuShares
    earlier: Earlier | None
    daemon: str
    inherited: dict[str, StepRun]
    told: Callable[[int], None]


class Making:
    """Makes the parts of a clip that are not there yet.

    A segment is whole on disk before the next one begins: two encoders at a time would
    need a fifth more memory, and a crash could cost both.

    Args:
        task: what to make.
        done: the parts that are there.
    """

    def __init__(self, task: Task, done: Sequence[Part]) -> None:
        self._task = task
        self._done = list(done)
        self._count = len(done)
        self._frames = done[-1].frames if done else 0
        self._shown = done[-1].shown if done else ()
        self._shown_pair = task.sights.shown
        self._files: list[FrameFile] = []
        self._last: Item | None = None
        self._open: OpenSegment | None = None

    def run(self, flow: Flow) -> list[Part]:
        """Take all frames of *flow*; return all parts.

        Raises:
            InputError: a frame cannot be stored as the rule wants it.
            StepError, ModelError: a step failed.
        """
        try:
            for item in flow:
                self._take(item)
            self._close()
        except BaseException:
            if self._open is not None:
                self._open.abandon()
            raise
        finally:
            flow.close()
        return self._done

    def _take(self, item: Item) -> None:
        if self._open is None or item.segment != self._open.number:
            self._close()
            task = self._task
            self._open = OpenSegment(
                self._count, item.segment, task.footage.clip, task.wanted, task.parts
            )
            self._count += 1
        self._look(item)
        with measured(self._task.shares) as reading:
            self._open.write(item, has_pixels=self._task.footage.needs_pixels)
            self._write_file(item)
        self._task.sums.time(ENCODE, reading)
        size = item.picture.megapixels if item.picture else 0.0
        self._task.sums.amount(ENCODE, size, size)
        self._last = item
        self._frames += 1
        self._task.told(self._frames)

    def _write_file(self, item: Item) -> None:
        """Write the frame into the outputs that are a file for each frame."""
        task = self._task
        if item.picture is not None and task.files.wanted:
            changed = [one for one in task.stages if one.has_changed]
            like = task.like([one.step.source_type for one in changed])
            self._files += task.files.write(item.number, item.picture, like)

    def _look(self, item: Item) -> None:
        """Let the gates judge, and remember what people will see."""
        task = self._task
        if item.before is None or item.picture is None:
            return
        pair = item.before, item.picture
        attempt = Attempt(*pair, item.stages, task.earlier)
        if task.witness.has_eyes:
            with measured(task.shares) as reading:
                task.witness.look(item.at, attempt)
            task.sums.time(GATES, reading)
        if item.is_judged:
            verdicts, run = judged(task.rule, attempt, 1, task.shares)
            task.sums.add(GATES, run)
            task.sights.judged(verdicts, pair, item.at)
        task.sights.saw(pair, item.at)

    def _close(self) -> None:
        """Finish and keep the segment that is open."""
        if self._open is None:
            return
        part, carried = self._part(self._open)
        with measured(self._task.shares) as reading:
            files = self._open.finish()
        self._task.sums.time(ENCODE, reading)
        whole = replace(part, files=files, runs=self._task.sums.so_far())
        self._task.parts.save(whole, carried)
        self._done.append(whole)
        self._open = None

    def _part(self, segment: OpenSegment) -> tuple[Part, list[Carried]]:
        """Say what is known now, at the end of *segment*."""
        task, last = self._task, self._last
        assert last is not None  # noqa: S101  (a segment is opened for a frame)
        part = Part(
            number=segment.part,
            segment=segment.number,
            files=(),
            frame_files=self._taken_files(),
            frames=self._frames,
            at=last.at,
            shot=last.shot,
            daemon=task.daemon,
            runs={},
            earlier=task.inherited,
            changed=tuple(one.place for one in task.stages if one.has_changed),
            notes_of={one.word: tuple(one.notes) for one in task.stages},
            verdicts=task.sights.verdicts,
            shown=self._shown_names(segment.part),
            is_shown_for_good=task.sights.is_final,
        )
        carried = [one.carried.pop(segment.number, {}) for one in task.stages]
        return part, [*carried, *task.witness.memory]

    def _taken_files(self) -> tuple[FrameFile, ...]:
        files, self._files = tuple(self._files), []
        return files

    def _shown_names(self, number: int) -> tuple[str, ...]:
        """Keep the pictures that stand for the clip, where they are new."""
        pair = self._task.sights.shown
        if pair is not None and pair is not self._shown_pair:
            self._shown_pair = pair
            self._shown = self._task.parts.keep_shown(number, pair)
        return self._shown
