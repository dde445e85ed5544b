"""Results that wait for a person, and the person's word on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor import Delivery, Verdict, deliveries_in
from auditor.consumer import files_below
from harness.bench import EVERY_CASE, MAY_BE_HELD, Bench, Shape
from harness.shim import Method

WORDS = ("approve", "reject", "approve")
"""What is said of the first drop, the second, and the third."""

ENDS = {"approve": ("out", "done"), "reject": ("rejected", "rejected")}
"""By word: the folder in which the results rest, and the state of the job."""

JOBS = """
SELECT source_name, state,
  (SELECT count(*) FROM reviews WHERE job_id = jobs.id),
  (SELECT count(*) FROM job_charges WHERE job_id = jobs.id AND category = 'people')
FROM jobs ORDER BY source_name
"""


class ReviewBench(Bench):
    """A hot folder in which a person moved results into the folders of verdicts.

    What is broken is the life of the daemon that finds them there. Of a job with more
    results only the first was moved; the others follow.
    """

    more_rule = "review: {when: always}\n"

    def _happened(self) -> None:
        self._must_be_idle(self.live())
        review = self.root / "review"
        for one, word in zip(self.inputs, WORDS, strict=False):
            (review / one.name).rename(review / word / one.name)

    def judge(self, deliveries: Sequence[Delivery] | None = None) -> Verdict:
        """Judge as ever, and see each result where its word sends it, booked once.

        Raises:
            AssertionError: something is not as it was decided.
        """
        verdict = super().judge(deliveries)
        held = 0
        for row, one, word in zip(self.rows(JOBS), self.inputs, WORDS, strict=False):
            name, state, said, paid = row
            folder, end = ENDS[word]
            assert name == one.name
            assert (said, paid) == (1, 1), f"{name}: {said} verdicts, {paid} paid"
            held += state == "held"
            if state != "held":
                assert state == end, f"{name}: {word}, but {state}"
                places = self._places_of_results(one.mark)
                assert places == [folder] * self.shape.outputs, f"{name}: {places}"
        left = files_below(self.root / "review")
        assert held or not left, f"left in review/: {left}"
        return verdict

    def judge_exact(
        self,
        deliveries: Sequence[Delivery] | None = None,
        *,
        may_be_held: int | None = None,
    ) -> Verdict:
        """Likewise; the original of a held decision lies in ``done/``, not in a claim.

        Raises:
            AssertionError: likewise.
        """
        verdict = super().judge_exact(deliveries, may_be_held=may_be_held)
        most = MAY_BE_HELD[self.method] if may_be_held is None else may_be_held
        held = [name for name, state, *_ in self.rows(JOBS) if state == "held"]
        assert len(held) <= most, f"held: {held}"
        return verdict

    def _places_of_results(self, mark: int) -> list[str]:
        found = [one.path for one in deliveries_in(self.root) if one.mark == mark]
        return [Path(path).relative_to(self.root).parts[0] for path in found]


KINDS: dict[str, type[Bench]] = {"results": Bench, "decisions": ReviewBench}
"""What is handed out in the life that is broken."""


@dataclass(frozen=True)
class Case:
    """What is handed out, of which drops, and how the file system moves it."""

    kind: str
    shape: Shape
    method: Method

    def __str__(self) -> str:
        return f"{self.kind}-{self.shape}-{self.method}"


EVERY_CASE_OF_BOTH = [
    Case(kind, shape, method) for kind in KINDS for shape, method in EVERY_CASE
]
