"""What is known of a job while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from retouchd.gate import Earlier
from retouchd.jobs.escalation import is_free
from retouchd.jobs.order import Order
from retouchd.jobs.review_aids import why_shown
from retouchd.jobs.tried import Tried, said
from retouchd.rules.schema import Rule
from retouchd.settings import Then
from retouchd.values import (
    TIERS,
    Destination,
    GateRun,
    Inspection,
    Outcome,
    Region,
    Rendition,
    StepRun,
    Tier,
)


@dataclass
class Story:
    """What is known of a job so far; turned into its outcome at the end.

    Attributes:
        earlier: deliveries that gates may compare with.
        inherited_runs: see ``Outcome``.
        kept: the attempt that is delivered, without its pictures.
        attempts: how many were made.
        reasons: why a person looks, beside what the gates say.
    """

    order: Order
    earlier: Earlier | None = None
    sha256: str = ""
    inspection: Inspection | None = None
    rule: Rule | None = None
    rule_hash: str = ""
    step_runs: list[StepRun] = field(default_factory=list)
    inherited_runs: list[StepRun] = field(default_factory=list)
    gate_runs: list[GateRun] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    kept: Tried = field(default_factory=lambda: Tried(1, ()))
    attempts: int = 1
    reasons: list[str] = field(default_factory=list)
    renditions: tuple[Rendition, ...] = ()

    @property
    def draft_only(self) -> bool:
        """Whether the budget is spent and leaves drafts, of one attempt."""
        return self._once_spent == "draft only"

    @property
    def over_budget(self) -> bool:
        """Whether the budget is spent and leaves nothing: the job has to wait."""
        return self._once_spent == "hold"

    @property
    def _once_spent(self) -> Then | None:
        if self.rule is None or self.order.spent is None:
            return None
        return self.rule.once_spent(self.order.spent)

    @property
    def wanted(self) -> Tier:
        """The tier at which the first attempt is to run."""
        if self.draft_only:
            return "draft"
        return self.order.tier or (self.rule.tier if self.rule else "draft")

    @property
    def tier(self) -> Tier:
        """The highest tier in the attempt that is kept."""
        tiers = {done.run.tier for done in self.kept.steps}
        used = [tier for tier in TIERS if tier in tiers]
        return used[-1] if used else self.wanted

    @property
    def source_types(self) -> list[str]:
        """IPTC DigitalSourceTypes of the steps that made the result."""
        return [done.source_type for done in self.kept.steps if done.source_type]

    def regions_at(self, frame: int) -> tuple[Region, ...]:
        """Return the tagged areas of a frame, counted from 0; a still has one."""
        tagged = self.inspection.regions_at(frame) if self.inspection else ()
        return (*tagged, *self.order.regions)

    def settle(self, best: Tried, made: int, why_no_more: str) -> None:
        """Take over the attempt to deliver, and why there was none after it.

        Args:
            best: that attempt.
            made: how many there were.
            why_no_more: empty where no other was asked for.
        """
        self.attempts = made
        self.kept = replace(best.result_only(), picture=None)
        if made > 1:
            failed = ", ".join(said(run) for run in best.failed) or "all gates passed"
            self.notes.append(f"kept attempt {best.number} of {made}: {failed}")
        if best.failed and why_no_more:
            self.notes.append(f"no further attempt: {why_no_more}")
            self.reasons.append(why_no_more)
        if best.failed and self.draft_only:
            self.reasons.append("the budget is spent: there is no second attempt")
        self._miss_tiers()

    def _miss_tiers(self) -> None:
        """Say which steps ran below the tier that was asked for."""
        wanted = self.wanted
        for done in self.kept.steps:
            is_below = TIERS.index(done.tier) < TIERS.index(wanted)
            if is_free(done.step) and done.run.model and is_below:
                missing = f"there is no {wanted} model for {done.word} here"
                self.notes.append(f"{missing}: it ran at {done.tier}")
                self.reasons.append(f"{missing}: it ran at {done.tier}")

    @property
    def destination(self) -> Destination:
        """Whether a person has to look at the result first."""
        if self.rule is None:
            return "out"
        is_doubtful = bool(self.kept.failed or self.reasons)
        return self.rule.review.destination(is_doubtful, self.sha256)

    @property
    def why_a_person_looks(self) -> str:
        """Say it, as far as the words of the gates do not; empty: they do."""
        if self.rule is None or self.destination == "out":
            return ""
        usual = "" if self.reasons else why_shown(self.rule.review, self.kept.gate_runs)
        return "; ".join(filter(None, [usual, *dict.fromkeys(self.reasons)]))

    @property
    def _review_reason(self) -> str:
        if self.destination == "out":
            return ""
        failed = [f"{said(run)}: {run.detail}" for run in self.kept.failed]
        return "; ".join(filter(None, [*failed, self.why_a_person_looks]))

    @property
    def _told_inspection(self) -> Inspection | None:
        """What others need of it: tracks may be large, and are done with."""
        return self.inspection and replace(self.inspection, moving=())

    def outcome(self) -> Outcome:
        """Freeze the story."""
        rule = self.rule
        return Outcome(
            job=self.order.job,
            rule=rule.rule if rule else "",
            rule_hash=self.rule_hash,
            sha256=self.sha256,
            tier=self.tier,
            goal=rule.goal if rule else "",
            attempts=self.attempts,
            kept_attempt=self.kept.number,
            inspection=self._told_inspection,
            renditions=self.renditions,
            step_runs=tuple(self.step_runs),
            inherited_runs=tuple(self.inherited_runs),
            gate_runs=tuple(self.gate_runs),
            destination=self.destination,
            review_reason=self._review_reason,
            notes=tuple(self.notes),
            over_budget=self.over_budget,
        )

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
            over_budget=False,
            error=error,
            hint=hint,
            retryable=retry,
            errno=number,
        )
