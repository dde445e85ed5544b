"""One job as a story: inspect, choose the rule, decode, steps, gates, outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from retouchd.delivery.provenance import source_type_of
from retouchd.errors import InputError, RetouchdError
from retouchd.gate import Earlier
from retouchd.inspect import Limits, inspect
from retouchd.jobs.budget import MemoryBudget, estimated_need
from retouchd.jobs.climbing import Climber
from retouchd.jobs.clips.equipment import Equipment
from retouchd.jobs.clips.job import ClipJob
from retouchd.jobs.handing_in import hand_in
from retouchd.jobs.limits import (
    DECODE_SECONDS,
    ENCODE_SECONDS,
    READ_SECONDS,
    StepLimits,
)
from retouchd.jobs.messages import Begun
from retouchd.jobs.meter import CpuShares, Reading, measured
from retouchd.jobs.order import Order
from retouchd.jobs.outputs import Frame, render_outputs
from retouchd.jobs.sources import as_ruled, bytes_of, digest_of, sentence
from retouchd.jobs.story import Story
from retouchd.log import get_logger
from retouchd.media.clips.encoding import Encoder
from retouchd.media.clips.segments import LEAST_FRAMES
from retouchd.media.fingerprint_file import FingerprintFile
from retouchd.media.still import decode
from retouchd.models.shelf import Shelf
from retouchd.rules.match import choose, why_not
from retouchd.rules.schema import Rule
from retouchd.timestamps import utc
from retouchd.values import Drop, Inspection, Outcome, Picture, StepRun

log = get_logger()


class Runner:
    """Runs orders; safe to use from several threads at once.

    Args:
        shelf: the models.
        limits: what a dropped file may claim of itself.
        budget: memory that all jobs of this worker share.
        progress: told of each step as it begins.
        step_limits: how long steps may take.
        shares: divides the CPU time between the jobs.
        fingerprints: file that tells what earlier deliveries look like.
        threads: how many frames of a clip a step may do at a time.
        least_frames: of a part of a clip.
        encoder: what encodes clips.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (a worker's whole equipment)
        self,
        shelf: Shelf,
        limits: Limits,
        budget: MemoryBudget,
        progress: Callable[[Begun], None] = lambda _: None,
        step_limits: StepLimits | None = None,
        shares: CpuShares | None = None,
        fingerprints: Path | None = None,
        threads: int = 1,
        least_frames: int = LEAST_FRAMES,
        encoder: Encoder = "software",
    ) -> None:
        self._shelf = shelf
        self._limits = limits
        self._budget = budget
        self._progress = progress
        self._step_limits = step_limits or StepLimits()
        self._shares = shares or CpuShares()
        self._climber = Climber(shelf, self._shares)
        self._clips = Equipment(
            shelf, self._shares, self._climber, threads, least_frames, encoder
        )
        self._fingerprints = FingerprintFile(fingerprints) if fingerprints else None

    def run(self, order: Order) -> Outcome:
        """Do what *order* asks; every error becomes part of the outcome."""
        story = Story(order, self._earlier(order))
        try:
            self._tell(story)
        except RetouchdError as error:
            return story.failure(
                sentence(error, order.drop),
                error.hint,
                retry=error.retryable,
                number=_number_of(error),
            )
        except OSError as error:
            return story.failure(
                f"reading or writing failed: {error.strerror or error}",
                "look for free space and permissions of the hot folder",
                retry=True,
                number=error.errno or 0,
            )
        except MemoryError:
            return story.failure("there was not enough memory", retry=True)
        except Exception as error:  # the one broad net: a file must not stop others
            log.exception("job_raised", job=order.job)
            return story.failure(
                f"retouchd made a mistake: {type(error).__name__}: {error}",
                "this is a fault of the program; report it with the log",
            )
        return story.outcome()

    def _earlier(self, order: Order) -> Earlier | None:
        if self._fingerprints is None:
            return None
        return Earlier(self._fingerprints, order.drop.hot_folder, order.job)

    def _begin(self, story: Story, step: str, megapixels: float, each: float) -> None:
        """Tell that *step* begins, and its limit: *each* seconds per megapixel."""
        seconds = self._step_limits.seconds(megapixels, each)
        self._progress(Begun(story.order.job, step, seconds, megapixels))

    def _tell(self, story: Story) -> None:
        order = story.order
        size = _megabytes(order.drop)
        seconds = self._step_limits.reading_seconds(size, READ_SECONDS)
        self._progress(Begun(order.job, "inspect", seconds))
        with measured(self._shares) as reading:
            story.inspection = inspection = inspect(order.drop, self._limits)
            story.notes = [*inspection.warnings]
            story.rule = rule = self._choose_rule(order, inspection)
            story.inspection = inspection = as_ruled(inspection, rule)
            story.notes = [*inspection.warnings]
            # Here, where a LUT that is gone becomes part of the outcome.
            story.rule_hash = rule.rule_hash
            story.sha256 = digest_of(order.drop)
        if story.over_budget:
            return
        self._progress(Begun(order.job, "wait for memory"))
        with self._budget.admit(estimated_need(inspection.header, rule)):
            if inspection.header.kind != "still":
                self._finish_clip(story, rule, reading)
                return
            story.notes += _unjudged(rule)
            before = self._decode(story, reading)
            begin = partial(self._begin, story)
            after = self._climber.best_attempt(story, rule, before, begin)
            self._render(story, before, after)

    @staticmethod
    def _choose_rule(order: Order, inspection: Inspection) -> Rule:
        rule = choose(order.rules, order.drop.name, inspection)
        if rule is None:
            raise InputError(
                "no rule of this hot folder takes this file:\n"
                + why_not(order.rules, order.drop.name, inspection),
                hint="change the file or the rule, then drop it again",
            )
        return rule

    def _finish_clip(self, story: Story, rule: Rule, looked: Reading) -> None:
        begin = partial(self._begin, story)
        ClipJob(story, rule, self._clips, begin).run(looked)

    def _decode(self, story: Story, looked: Reading) -> Picture:
        """Decode the drop; the time of the inspection counts as part of it."""
        inspection = story.inspection
        assert inspection is not None  # noqa: S101  (set by the only caller)
        path = story.order.drop.path
        size = inspection.header.megapixels
        seconds = self._step_limits.reading_seconds(size, DECODE_SECONDS)
        self._progress(Begun(story.order.job, "decode", seconds, size))
        with measured(self._shares) as reading:
            picture = decode(path, inspection.header)
        story.step_runs.append(
            StepRun(
                step="decode",
                wall_ms=looked.wall_ms + reading.wall_ms,
                cpu_s=looked.cpu_s + reading.cpu_s,
                megapixels_in=inspection.header.megapixels,
                megapixels_out=picture.megapixels,
                bytes_in=bytes_of(story.order.drop),
                started_at=utc(looked.started_at),
            )
        )
        return replace(picture, regions=story.regions_at(0))

    def _render(self, story: Story, before: Picture, picture: Picture) -> None:
        assert story.rule is not None  # noqa: S101  (set by the only caller)
        assert story.inspection is not None  # noqa: S101  (set by the only caller)
        self._begin(story, "encode", picture.megapixels, ENCODE_SECONDS)
        frame = Frame.of(
            story.order,
            story.rule,
            story.inspection,
            story.tier,
            source_type_of(story.source_types),
        )
        with measured(self._shares) as reading:
            stage = story.order.stages[story.destination]
            results = render_outputs(picture, frame, stage)
            hand_in(story, story.rule, results, (before, picture))
        story.step_runs.append(
            StepRun(
                step="encode",
                attempt=story.kept.number,
                wall_ms=reading.wall_ms,
                cpu_s=reading.cpu_s,
                megapixels_in=picture.megapixels,
                megapixels_out=sum(
                    made.width * made.height / 1e6 for made in story.renditions
                ),
                bytes_out=sum(made.bytes for made in story.renditions),
                started_at=utc(reading.started_at),
            )
        )


def _unjudged(rule: Rule) -> list[str]:
    """Say which gates of *rule* do not judge a still."""
    return [
        f"{word} judges clips: this still was not judged by it"
        for word, gate in rule.gates
        if gate in rule.clip_gates
    ]


def _megabytes(drop: Drop) -> float:
    """Return the size of *drop*; 0 where the inspection will say that it is gone."""
    try:
        return bytes_of(drop) / 1e6
    except OSError:
        return 0.0


def _number_of(error: RetouchdError) -> int:
    """Return what the operating system said below *error*; 0 where it said nothing."""
    own = getattr(error, "errno", 0) or getattr(error.__cause__, "errno", 0)
    return int(own or 0)
