"""What is known of a job while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from retouchd.gate import Stage
from retouchd.jobs.order import Order
from retouchd.rules.schema import Rule
from retouchd.values import (
    Destination,
    GateRun,
    Inspection,
    Outcome,
    Rendition,
    StepRun,
    Tier,
)


@dataclass
class Story:
    """What is known of a job so far; turned into its outcome at the end."""

    order: Order
    sha256: str = ""
    inspection: Inspection | None = None
    rule: Rule | None = None
    rule_hash: str = ""
    step_runs: list[StepRun] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
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
            rule_hash=self.rule_hash,
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

    def failure(
        self, error: str, hint: str = "", *, retry: bool = False, number: int = 0
    ) -> Outcome:
        """Freeze the story of a job that failed.

        Args:
            error: what happened.
            hint: what to do about it.
            retry: whether the same may succeed later.
            number: the error number of the operating system; 0: none.
        """
        return replace(
            self.outcome(),
            renditions=(),
            error=error,
            hint=hint,
            retryable=retry,
            errno=number,
        )
