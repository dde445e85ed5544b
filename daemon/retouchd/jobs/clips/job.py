"""One clip as a story: every frame through the steps, part by part, then joined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial

from retouchd.errors import InputError, ModelError, StepError
from retouchd.gate import FinishedClip
from retouchd.jobs.climbing import Begin
from retouchd.jobs.clips.equipment import Equipment
from retouchd.jobs.clips.finishing import Made, hand_in_clip, learn_length
from retouchd.jobs.clips.flow import Flow, Footage, Progress
from retouchd.jobs.clips.frame_files import FrameFiles
from retouchd.jobs.clips.making import Making, Task
from retouchd.jobs.clips.parts import Part, Parts, Plan
from retouchd.jobs.clips.planning import key_of, plan_clip
from retouchd.jobs.clips.preparing import prepared
from retouchd.jobs.clips.probing import (
    chosen_by_trial,
    first_choice,
    judged_pictures,
    may_climb,
)
from retouchd.jobs.clips.results import (
    frame_of,
    joined,
    reopened,
    wanted_clips,
)
from retouchd.jobs.clips.sights import ClipSights
from retouchd.jobs.clips.stages import Carried, StepStage, Workshop
from retouchd.jobs.clips.sums import DECODE, ENCODE, GATES, ClipSums, added
from retouchd.jobs.clips.telling import Telling
from retouchd.jobs.clips.witness import Witness
from retouchd.jobs.meter import Reading, measured
from retouchd.jobs.sources import bytes_of, frame_numbers
from retouchd.jobs.story import Story
from retouchd.media.clips.joining import WrittenClip
from retouchd.media.clips.opening import Clip, ClipFacts, opened
from retouchd.media.clips.segments import Segments
from retouchd.media.clips.shots import Shots
from retouchd.media.clips.wanted import WantedClip
from retouchd.rules.schema import Rule
from retouchd.values import GateRun, StepRun


class ClipJob:
    """Makes the outputs of one clip.

    Args:
        story: of the job, inspected and with its rule; learns what was made and used.
        rule: that rule.
        equipment: of the worker.
        begin: told of the progress.
    """

    def __init__(
        self, story: Story, rule: Rule, equipment: Equipment, begin: Begin
    ) -> None:
        assert story.inspection is not None  # noqa: S101  (inspected, see above)
        self._story = story
        self._rule = rule
        self._equipment = equipment
        self._begin = begin
        self._header = story.inspection.header
        self._path = story.order.drop.path
        self._sums = ClipSums(word for word, _ in rule.steps)
        self._sights = ClipSights(
            self._header.seconds, has_gates=bool(rule.picture_gates)
        )
        self._witness = Witness(rule.clip_gates)
        folder = story.order.stages["out"].parent
        key = key_of(story, equipment)
        self._parts = Parts(folder, story.order.job, key)
        self._files = FrameFiles(
            rule,
            self._parts.frame_stage,
            self._path.suffix.lstrip("."),
            frame_numbers(story.order.drop, self._header),
        )
        self._inherited: dict[str, StepRun] = {}
        self._attempts = 1
        self._telling = Telling(rule, self._header, begin)

    def run(self, looked: Reading) -> None:
        """Rewrite the clip.

        Args:
            looked: what the inspection used; it counts as part of decoding.

        Raises:
            InputError: it cannot be edited, or not be written as the rule wants it.
            StepError, ModelError: a step failed.
        """
        self._sums.time(DECODE, looked)
        read = bytes_of(self._story.order.drop)
        self._sums.add(DECODE, StepRun(DECODE, bytes_in=read))
        try:
            self._make()
        except (InputError, StepError, ModelError):
            self._parts.clear()
            raise
        finally:
            self._story.step_runs += [
                replace(run, attempt=self._attempts) for run in self._sums.runs()
            ]
            self._story.inherited_runs += self._inherited.values()

    def _make(self) -> None:
        """Make what is missing of the parts, join them, hand the results in."""
        stage = self._story.order.stages["out"]
        wanted = wanted_clips(self._rule, self._path, stage, self._equipment.encoder)
        outputs = tuple(wanted.values())
        with measured(self._equipment.shares) as reading:
            edits = any((self._rule.steps, self._has_eyes, self._files.wanted))
            facts, has_pixels = prepared(self._story, self._rule, outputs, edits=edits)
        self._sums.time(DECODE, reading)
        plan = self._parts.plan() or self._planned(facts)
        self._attempts = plan.choice.attempts
        parts = self._made(facts, plan, outputs, has_pixels=has_pixels)
        with measured(self._equipment.shares) as reading:
            turn = 0 if has_pixels else facts.turn
            files = [self._parts.files_of(part) for part in parts]
            written = joined(outputs, files, lambda: self._opened(facts), turn)
        self._sums.time(ENCODE, reading)
        found = dict(zip(wanted, written, strict=True))
        verdicts = (*parts[-1].verdicts, *self._verdicts(facts, written))
        shown = self._sights.shown
        assert shown is not None  # noqa: S101  (a clip has a frame)
        learn_length(self._story, parts[-1], facts.rate)
        self._hand_in(Made(parts, plan.choice, found, verdicts, shown, self._files))

    def _hand_in(self, made: Made) -> None:
        with measured(self._equipment.shares) as reading:
            hand_in_clip(self._story, self._rule, made, self._sums)
        self._sums.time(ENCODE, reading)
        size = sum(rendition.bytes for rendition in self._story.renditions)
        self._sums.add(ENCODE, StepRun(ENCODE, bytes_out=size))

    @property
    def _has_eyes(self) -> bool:
        """Whether any gate looks at frames."""
        return bool(self._rule.picture_gates) or self._witness.has_eyes

    def _planned(self, facts: ClipFacts) -> Plan:
        """Look through the clip and keep how it is to be made."""
        equipment, story = self._equipment, self._story
        choice = first_choice(story, self._rule, equipment.shelf)
        if may_climb(story, self._rule):
            with self._opened(facts) as clip:
                seconds = self._header.seconds
                pictures = judged_pictures(clip, seconds, story.regions_at)
                choice = chosen_by_trial(
                    story, self._rule, pictures, equipment.climber, self._begin
                )
        with measured(equipment.shares) as reading:
            plan = plan_clip(
                lambda: self._opened(facts),
                self._rule,
                self._parts,
                choice,
                equipment.least_frames,
            )
        self._sums.time(DECODE, reading)
        return plan

    def _opened(self, facts: ClipFacts) -> AbstractContextManager[Clip]:
        return opened(self._path, self._header.format, facts)

    def _made(
        self,
        facts: ClipFacts,
        plan: Plan,
        outputs: tuple[WantedClip, ...],
        *,
        has_pixels: bool,
    ) -> list[Part]:
        """Return all parts: those that an earlier run has left, and new ones."""
        done = self._parts.finished()
        last = done[-1] if done else None
        if last:
            self._take_up(last)
            if last.segment == len(plan.segments):
                return done
        shares = self._equipment.shares
        with self._opened(facts) as clip, self._workshop() as workshop:
            stages = self._stages(workshop, plan, last)
            footage = Footage(
                clip,
                Segments(plan.segments),
                Shots(plan.shots),
                self._story.regions_at,
                needs_pixels=has_pixels,
            )
            progress = self._done_before(last)
            flow = Flow(footage, stages, progress, self._sights, self._sums, shares)
            return Making(self._task(footage, outputs, stages), done).run(flow)

    @contextmanager
    def _workshop(self) -> Iterator[Workshop]:
        shelf, shares = self._equipment.shelf, self._equipment.shares
        threads = self._equipment.threads
        with ThreadPoolExecutor(threads, "frame") as pool:
            yield Workshop(shelf, shares, self._sums, pool, threads, self._telling.tell)

    def _take_up(self, last: Part) -> None:
        """Go on behind the part that an earlier run finished last."""
        self._telling.frames = last.frames
        self._sights.go_on(
            last.at,
            last.verdicts,
            self._parts.shown(last),
            is_final=last.is_shown_for_good,
        )
        self._witness.recall(self._carried(last)[len(self._rule.steps) :])
        self._inherited = last.earlier
        if last.daemon != self._story.order.daemon:
            # Nobody else tells what a daemon used that was killed.
            self._inherited = added(last.earlier, last.runs)
        self._story.notes.append(f"went on behind frame {last.frames}")

    def _done_before(self, last: Part | None) -> Progress:
        if last is None:
            return Progress()
        return Progress(last.segment + 1, last.shot, tuple(self._carried(last)))

    def _carried(self, last: Part) -> list[Carried]:
        """Return what steps, and after them the gates, knew at the end of *last*."""
        count = len(self._rule.steps) + len(self._rule.clip_gates)
        return self._parts.carried(last, count)

    def _stages(
        self, workshop: Workshop, plan: Plan, last: Part | None
    ) -> tuple[StepStage, ...]:
        return tuple(
            StepStage(
                place,
                word,
                step,
                plan.choice.tiers[place],
                workshop,
                is_watched=word in self._rule.watched,
                is_watched_throughout=word in self._rule.watched_throughout,
                measures=self._parts.measures(place),
                has_changed=last is not None and place in last.changed,
                notes=list(last.notes_of.get(word, ())) if last else [],
            )
            for place, (word, step) in enumerate(self._rule.steps)
        )

    def _task(
        self,
        footage: Footage,
        outputs: tuple[WantedClip, ...],
        stages: tuple[StepStage, ...],
    ) -> Task:
        return Task(
            footage=footage,
            wanted=outputs,
            rule=self._rule,
            stages=stages,
            files=self._files,
            like=lambda types: frame_of(self._story, self._rule, types),
            parts=self._parts,
            sights=self._sights,
            witness=self._witness,
            sums=self._sums,
            shares=self._equipment.shares,
            earlier=self._story.earlier,
            daemon=self._story.order.daemon,
            inherited=self._inherited,
            told=self._telling.count,
        )

    def _verdicts(
        self, facts: ClipFacts, written: Sequence[WrittenClip]
    ) -> tuple[GateRun, ...]:
        """Let the gates that judge the whole clip do so."""
        if not self._rule.clip_gates:
            return ()
        self._telling.tell_gates()
        results = tuple(partial(reopened, one) for one in written)
        with measured(self._equipment.shares) as reading:
            clip = FinishedClip(lambda: self._opened(facts), results)
            verdicts = self._witness.verdicts(clip)
        self._sums.time(GATES, reading)
        return verdicts
