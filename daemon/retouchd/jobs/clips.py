"""One clip as a story: every frame through the steps, once; sound and times kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from retouchd.delivery.provenance import source_type_of
from retouchd.errors import InputError
from retouchd.jobs.attempts import Attempts
from retouchd.jobs.clip_sights import ClipSights
from retouchd.jobs.clip_sums import ClipSums
from retouchd.jobs.handing_in import hand_in
from retouchd.jobs.meter import CpuShares, Reading, measured
from retouchd.jobs.outputs import Frame, render_still, staged
from retouchd.jobs.story import Story
from retouchd.jobs.tried import Tried
from retouchd.media.clips.opening import ClipFrame, read_facts
from retouchd.media.clips.rewriting import Rewriting, WantedClip, WrittenClip
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Output, Rule
from retouchd.rules.templates import container_of, format_of
from retouchd.values import Picture, Rendition

Begin = Callable[[str, float, float], None]
"""Told what begins, its megapixels, and how many seconds each of them may take."""

TELL_SECONDS = 1.0
"""How often the progress is told."""

SECONDS_PER_MEGAPIXEL = 30.0
"""To decode and encode a frame, at the very most; those of the steps come on top."""


class ClipJob:
    """Makes the outputs of one clip.

    Args:
        story: of the job, inspected and with its rule; learns what was made and used.
        rule: that rule.
        shelf: the models.
        shares: measures the work.
        begin: told of the progress.
    """

    def __init__(
        self, story: Story, rule: Rule, shelf: Shelf, shares: CpuShares, begin: Begin
    ) -> None:
        assert story.inspection is not None  # noqa: S101  (inspected, see above)
        self._story = story
        self._rule = rule
        self._shelf = shelf
        self._shares = shares
        self._begin = begin
        self._regions = (*story.inspection.regions, *story.order.regions)
        self._header = story.inspection.header
        self._path = story.order.drop.path
        self._sums = ClipSums()
        self._sights = ClipSights(self._header.seconds, has_gates=bool(rule.gates))
        self._told = 0.0

    def run(self, looked: Reading) -> None:
        """Rewrite the clip.

        Args:
            looked: what the inspection used; it counts as part of decoding.

        Raises:
            InputError: it cannot be edited, or not be written as the rule wants it.
            StepError, ModelError: a step failed.
        """
        self._sums.read(looked, bytes_in=self._path.stat().st_size)
        stage = self._story.order.stages["out"]
        wanted = self._wanted(stage)
        written = self._written(wanted)
        self._settle()
        with measured(self._shares) as reading:
            shown = self._sights.shown
            assert shown is not None  # noqa: S101  (a clip has a frame)
            results = self._results(wanted, written, shown[1])
            hand_in(self._story, self._rule, results, shown)
        made = sum(rendition.bytes for rendition in self._story.renditions)
        self._sums.wrote(reading, bytes_out=made)
        self._story.step_runs += self._sums.runs()
        left_out = dict.fromkeys(one for clip in written for one in clip.left_out)
        self._story.notes += [f"left out of the result: {one}" for one in left_out]

    def _written(self, wanted: dict[int, WantedClip]) -> list[WrittenClip]:
        """Write the clips; after an error nothing is left of them."""
        rewriting = self._opened(list(wanted.values()))
        try:
            self._rewrite(rewriting)
            with measured(self._shares) as reading:
                written = rewriting.finish()
        except BaseException:
            rewriting.abandon()
            for one in wanted.values():
                one.path.unlink(missing_ok=True)
            raise
        self._sums.wrote(reading)
        return written

    def _wanted(self, stage: Path) -> dict[int, WantedClip]:
        """Return the clips that the rule wants, by the number of the output."""
        wanted = {}
        for number, output in enumerate(self._rule.outputs):
            name = _named(output, self._path)
            container = container_of(name)
            if container is not None:
                path = stage.with_name(f"{stage.name}-{number}{Path(name).suffix}")
                encoding = output.clip_encoding(container)
                wanted[number] = WantedClip(path, encoding, output.size, output.enlarge)
            elif not format_of(name):
                raise InputError(
                    f"retouchd does not write clips like {name}",
                    hint="let the rule name an output such as {stem}.mp4",
                    file=self._path,
                )
        if not wanted:
            raise InputError(
                f"the rule {self._rule.rule} writes stills, and this is a clip",
                hint="give the rule an output such as {stem}.mp4, or let it say "
                "match: {kind: still}",
                file=self._path,
            )
        return wanted

    def _opened(self, wanted: list[WantedClip]) -> Rewriting:
        with measured(self._shares) as reading:
            facts = read_facts(self._path, self._header.format)
            rewriting = Rewriting(
                self._path,
                self._header.format,
                facts,
                wanted,
                edits=bool(self._rule.steps or self._rule.gates),
            )
        self._sums.read(reading)
        return rewriting

    def _rewrite(self, rewriting: Rewriting) -> None:
        frames = rewriting.frames()
        size = self._header.megapixels
        number = 0
        while True:
            with measured(self._shares) as reading:
                frame = next(frames, None)
                before = self._picture(rewriting, frame)
            if frame is None:
                return
            number += 1
            self._tell(number)
            self._sums.read(reading, size)
            after = self._edited(before, frame) if before else None
            with measured(self._shares) as reading:
                rewriting.write(frame, after if rewriting.needs_pixels else None)
            self._sums.wrote(reading, size)

    def _picture(self, rewriting: Rewriting, frame: ClipFrame | None) -> Picture | None:
        """Return *frame* as pixels where the steps, or people, want to see them."""
        if frame is None:
            return None
        if not rewriting.needs_pixels and not self._sights.is_wanted(_seconds(frame)):
            return None
        return replace(rewriting.picture(frame), regions=self._regions)

    def _edited(self, before: Picture, frame: ClipFrame) -> Picture:
        """Run all steps on one frame; at some places in the clip the gates too."""
        at = _seconds(frame)
        is_judged = self._sights.is_due(at)
        rule = self._rule
        if not is_judged:
            rule = rule.model_copy(update={"gates": (), "escalate": None})
        own = replace(self._story, rule=rule, step_runs=[], gate_runs=[], notes=[])
        attempts = Attempts(
            own, rule, before, self._shelf, self._shares, lambda *_: None
        )
        tried = attempts.first()
        self._sums.did(own.step_runs)
        news = [note for note in own.notes if note not in self._story.notes]
        self._story.notes += news
        assert tried.picture is not None  # noqa: S101  (of an attempt just made)
        pair = before, tried.picture
        if is_judged or self._sights.worst is None:
            self._sights.judged(tried, pair, at)
        self._sights.saw(pair, at)
        return tried.picture

    def _tell(self, number: int) -> None:
        now = time.monotonic()
        if now - self._told < TELL_SECONDS:
            return
        self._told = now
        each = SECONDS_PER_MEGAPIXEL + sum(
            step.seconds_per_megapixel for _, step in self._rule.steps
        )
        word = f"frame {number} of {max(number, self._header.frames)}"
        self._begin(word, self._header.megapixels, each)

    def _settle(self) -> None:
        worst = self._sights.worst or Tried(1, ())
        self._story.gate_runs += worst.gate_runs
        self._story.settle(replace(worst, steps=self._sums.of(worst.steps)), 1, "")

    def _results(
        self,
        wanted: dict[int, WantedClip],
        written: list[WrittenClip],
        shown: Picture,
    ) -> tuple[Rendition, ...]:
        """Name what was written and force it to disk; stills show one frame."""
        story = self._story
        assert story.inspection is not None  # noqa: S101  (inspected, see above)
        types = source_type_of(story.source_types)
        frame = Frame.of(story.order, self._rule, story.inspection, story.tier, types)
        clips = dict(zip(wanted, written, strict=True))
        stage = story.order.stages["out"]
        made = []
        for number, output in enumerate(self._rule.outputs):
            clip = clips.get(number)
            if clip is None:
                made.append(render_still(shown, frame, number, output, stage))
                continue
            size = clip.width, clip.height
            name = str(frame.name(output, *size))
            made.append(staged(clip.path, number, output, name, size, shown))
        return tuple(made)


def _named(output: Output, source: Path) -> str:
    """Return the name of *output* as far as its ending goes."""
    return output.name.replace("{ext}", source.suffix.lstrip("."))


def _seconds(frame: ClipFrame) -> float:
    return float(frame.time or 0.0)
