"""One job as a story: inspect, choose the rule, decode, steps, gates, outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from retouchd.delivery.place import sha256_of
from retouchd.delivery.provenance import source_type_of
from retouchd.errors import InputError, RetouchdError
from retouchd.gate import Attempt, Stage
from retouchd.inspect import Limits, inspect
from retouchd.jobs.budget import MemoryBudget, estimated_need
from retouchd.jobs.limits import (
    DECODE_SECONDS,
    ENCODE_SECONDS,
    GATE_SECONDS,
    READ_SECONDS,
    StepLimits,
    megapixels_of,
)
from retouchd.jobs.messages import Begun
from retouchd.jobs.meter import CpuShares, Reading, measured
from retouchd.jobs.order import Order
from retouchd.jobs.outputs import Frame, render_outputs
from retouchd.jobs.story import Story
from retouchd.log import get_logger
from retouchd.media.still import decode
from retouchd.models.shelf import Shelf
from retouchd.rules.match import choose, why_not
from retouchd.rules.schema import Rule
from retouchd.step import Tools
from retouchd.timestamps import utc
from retouchd.values import Inspection, Outcome, Picture, StepRun

log = get_logger()


class Runner:
    """Runs orders; safe to use from several threads at once.

    Args:
        shelf: the models.
        limits: what a dropped file may claim of itself.
        budget: memory that all jobs of this worker share.
        progress: told of each step as it begins.
        step_limits: how long steps may take.
    """

    def __init__(
        self,
        shelf: Shelf,
        limits: Limits,
        budget: MemoryBudget,
        progress: Callable[[Begun], None] = lambda _: None,
        step_limits: StepLimits | None = None,
    ) -> None:
        self._shelf = shelf
        self._limits = limits
        self._budget = budget
        self._progress = progress
        self._step_limits = step_limits or StepLimits()
        self._shares = CpuShares()

    def run(self, order: Order) -> Outcome:
        """Do what *order* asks; every error becomes part of the outcome."""
        story = Story(order)
        try:
            self._tell(story)
        except RetouchdError as error:
            return story.failure(
                error.message,
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

    def _begin(self, story: Story, step: str, megapixels: float, each: float) -> None:
        """Tell that *step* begins, and its limit: *each* seconds per megapixel."""
        seconds = self._step_limits.seconds(megapixels, each)
        self._progress(Begun(story.order.job, step, seconds, megapixels))

    def _tell(self, story: Story) -> None:
        order = story.order
        size = _megabytes(order.drop.path)
        seconds = self._step_limits.reading_seconds(size, READ_SECONDS)
        self._progress(Begun(order.job, "inspect", seconds))
        with measured(self._shares) as reading:
            story.inspection = inspection = inspect(order.drop, self._limits)
            story.notes += inspection.warnings
            story.rule = rule = self._choose_rule(order, inspection)
            # Here, where a LUT that is gone becomes part of the outcome.
            story.rule_hash = rule.rule_hash
            story.sha256 = sha256_of(order.drop.path)
        self._progress(Begun(order.job, "wait for memory"))
        with self._budget.admit(estimated_need(inspection.header, rule)):
            before = self._decode(story, reading)
            after = self._apply_steps(story, before)
            if rule.gates:
                self._judge(story, before, after)
            self._render(story, after)

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
                bytes_in=path.stat().st_size,
                started_at=utc(looked.started_at),
            )
        )
        return replace(picture, regions=inspection.regions)

    def _apply_steps(self, story: Story, picture: Picture) -> Picture:
        assert story.rule is not None  # noqa: S101  (set by the only caller)
        for word, step in story.rule.steps:
            largest = megapixels_of(step, picture)
            self._begin(story, word, largest, step.seconds_per_megapixel)
            tools = Tools(self._shelf, story.tier)
            with measured(self._shares) as reading:
                result = step.apply(picture, tools)
                story.notes += tools.notes
                if result is not picture:
                    story.source_types.append(step.source_type)
                # Here and not later, so that the step's cost is booked on the step.
                result = result.with_image(result.image.copy_memory())
            if word in story.rule.watched:
                story.stages.append(Stage(word, picture, result, tools.mask))
            story.step_runs.append(_step_run(word, picture, result, tools, reading))
            picture = result
        return picture

    def _judge(self, story: Story, before: Picture, after: Picture) -> None:
        assert story.rule is not None  # noqa: S101  (set by the only caller)
        self._begin(story, "gates", after.megapixels, GATE_SECONDS)
        attempt = Attempt(before, after, tuple(story.stages))
        with measured(self._shares) as reading:
            story.gate_runs += [gate.judge(attempt) for _, gate in story.rule.gates]
        story.stages.clear()  # the pictures in them are not needed any more
        story.step_runs.append(
            StepRun(
                step="gates",
                wall_ms=reading.wall_ms,
                cpu_s=reading.cpu_s,
                megapixels_in=after.megapixels,
                megapixels_out=after.megapixels,
                started_at=utc(reading.started_at),
            )
        )

    def _render(self, story: Story, picture: Picture) -> None:
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
            story.renditions = render_outputs(
                picture, frame, story.order.stages[story.destination]
            )
        story.step_runs.append(
            StepRun(
                step="encode",
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


def _megabytes(file: Path) -> float:
    """Return the size of *file*; 0 where the inspection will say that it is gone."""
    try:
        return file.stat().st_size / 1e6
    except OSError:
        return 0.0


def _step_run(
    word: str, before: Picture, after: Picture, tools: Tools, reading: Reading
) -> StepRun:
    """Book one step with the models it used."""
    sessions = list(dict.fromkeys(tools.used))
    device = sessions[-1].device if sessions else "cpu"
    model_seconds = sum(session.take_seconds() for session in sessions)
    return StepRun(
        step=word,
        model="+".join(session.manifest.name for session in sessions),
        model_sha256=sessions[-1].manifest.sha256 if sessions else "",
        tier=sessions[-1].manifest.tier if sessions else "",
        device=device,
        wall_ms=reading.wall_ms,
        cpu_s=reading.cpu_s,
        gpu_s=model_seconds if device.startswith("cuda") else 0.0,
        model_s=model_seconds,
        megapixels_in=before.megapixels,
        megapixels_out=after.megapixels,
        started_at=utc(reading.started_at),
    )


def _number_of(error: RetouchdError) -> int:
    """Return what the operating system said below *error*; 0 where it said nothing."""
    own = getattr(error, "errno", 0) or getattr(error.__cause__, "errno", 0)
    return int(own or 0)
