"""One job as a story: inspect, choose the rule, decode, steps, gates, outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from retouchd.delivery.place import sha256_of
from retouchd.delivery.provenance import source_type_of
from retouchd.errors import InputError, RetouchdError
from retouchd.inspect import Limits, inspect
from retouchd.jobs.budget import MemoryBudget, estimated_need
from retouchd.jobs.meter import CpuShares, Reading, measured
from retouchd.jobs.order import Order
from retouchd.jobs.outputs import Frame, render_outputs
from retouchd.log import get_logger
from retouchd.media.still import decode
from retouchd.models.shelf import Shelf
from retouchd.rules.match import choose, why_not
from retouchd.rules.schema import Rule
from retouchd.step import Tools
from retouchd.timestamps import utc
from retouchd.values import (
    Destination,
    GateRun,
    Inspection,
    Outcome,
    Picture,
    Rendition,
    StepRun,
    Tier,
)

log = get_logger()


@dataclass
class _Story:
    """What is known of a job so far; turned into its outcome at the end."""

    order: Order
    sha256: str = ""
    inspection: Inspection | None = None
    rule: Rule | None = None
    step_runs: list[StepRun] = field(default_factory=list)
    gate_runs: list[GateRun] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    source_types: list[str] = field(default_factory=list)
    renditions: tuple[Rendition, ...] = ()

    @property
    def tier(self) -> Tier:
        """The tier at which this attempt runs."""
        return self.order.tier or (self.rule.tier if self.rule else "draft")

    def outcome(self) -> Outcome:
        """Freeze the story."""
        rule = self.rule
        return Outcome(
            job=self.order.job,
            rule=rule.rule if rule else "",
            rule_hash=rule.rule_hash if rule else "",
            sha256=self.sha256,
            tier=self.tier,
            goal=(rule.goal if rule else "") or "",
            inspection=self.inspection,
            renditions=self.renditions,
            step_runs=tuple(self.step_runs),
            gate_runs=tuple(self.gate_runs),
            destination=self.destination,
            notes=tuple(self.notes),
        )

    @property
    def destination(self) -> Destination:
        """Whether a person has to look at the result first."""
        if self.rule is None:
            return "out"
        failed = any(not run.passed for run in self.gate_runs)
        return self.rule.review.destination(failed, self.sha256)


class Runner:
    """Runs orders; safe to use from several threads at once.

    Args:
        shelf: the models.
        limits: what a dropped file may claim of itself.
        budget: memory that all jobs of this worker share.
        progress: told the word of each step as it begins.
    """

    def __init__(
        self,
        shelf: Shelf,
        limits: Limits,
        budget: MemoryBudget,
        progress: Callable[[str, str], None] = lambda _job, _step: None,
    ) -> None:
        self._shelf = shelf
        self._limits = limits
        self._budget = budget
        self._progress = progress
        self._shares = CpuShares()

    def run(self, order: Order) -> Outcome:
        """Do what *order* asks; every error becomes part of the outcome."""
        story = _Story(order)
        try:
            self._tell(story)
        except RetouchdError as error:
            return _failed(story, error.message, error.hint, retry=error.retryable)
        except OSError as error:
            return _failed(
                story,
                f"reading or writing failed: {error.strerror or error}",
                "look for free space and permissions of the hot folder",
                retry=True,
            )
        except MemoryError:
            return _failed(story, "there was not enough memory", retry=True)
        except Exception as error:  # the one broad net: a file must not stop others
            log.exception("job_raised", job=order.job)
            return _failed(
                story,
                f"retouchd made a mistake: {type(error).__name__}: {error}",
                "this is a fault of the program; report it with the log",
            )
        return story.outcome()

    def _tell(self, story: _Story) -> None:
        order = story.order
        with measured(self._shares) as reading:
            story.inspection = inspection = inspect(order.drop, self._limits)
            story.notes += inspection.warnings
            story.rule = rule = self._choose_rule(order, inspection)
            story.sha256 = sha256_of(order.drop.path)
        with self._budget.admit(estimated_need(inspection.header, rule)):
            before = self._decode(story, reading)
            after = self._apply_steps(story, before)
            story.gate_runs += [g.judge(before, after) for _, g in rule.gates]
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

    def _decode(self, story: _Story, looked: Reading) -> Picture:
        """Decode the drop; the time of the inspection counts as part of it."""
        inspection = story.inspection
        assert inspection is not None  # noqa: S101  (set by the only caller)
        path = story.order.drop.path
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

    def _apply_steps(self, story: _Story, picture: Picture) -> Picture:
        assert story.rule is not None  # noqa: S101  (set by the only caller)
        for word, step in story.rule.steps:
            self._progress(story.order.job, word)
            tools = Tools(self._shelf, story.tier)
            with measured(self._shares) as reading:
                result = step.apply(picture, tools)
                story.notes += tools.notes
                if result is not picture:
                    story.source_types.append(step.source_type)
                # Here and not later, so that the step's cost is booked on the step.
                result = result.with_image(result.image.copy_memory())
            story.step_runs.append(_step_run(word, picture, result, tools, reading))
            picture = result
        return picture

    def _render(self, story: _Story, picture: Picture) -> None:
        assert story.rule is not None  # noqa: S101  (set by the only caller)
        assert story.inspection is not None  # noqa: S101  (set by the only caller)
        self._progress(story.order.job, "encode")
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


def _failed(
    story: _Story, error: str, hint: str = "", *, retry: bool = False
) -> Outcome:
    return replace(
        story.outcome(), renditions=(), error=error, hint=hint, retryable=retry
    )
