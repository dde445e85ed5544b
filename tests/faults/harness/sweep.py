"""Runs many cases of one test and says all that went wrong, each with its replay."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from harness.replay import Replay

T = TypeVar("T")

SEED = 4


@dataclass
class Sweep:
    """The cases of one test.

    Attributes:
        replay: tells how to run one of them again, and which one was asked for.
        facts: what all of them have in common.
        cases: how many were run.
        wrong: what failed, and how.
    """

    replay: Replay
    facts: dict[str, object]
    cases: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def is_asked_for(self) -> bool:
        """Whether no other test's case was asked for by ``--replay``."""
        asked = self.replay.asked
        return all(asked.get(key, str(v)) == str(v) for key, v in self.facts.items())

    def run(self, check: Callable[[], None], **case: object) -> None:
        """Run one case unless another was asked for; go on when it fails."""
        asked = self.replay.asked
        if any(str(value) != asked.get(key, str(value)) for key, value in case.items()):
            return
        self.cases += 1
        try:
            with self.replay(**self.facts, **case):
                check()
        except AssertionError as error:
            self.wrong.append(f"{case}: {error}")

    def must_be_right(self) -> None:
        """Raise when a case failed.

        Raises:
            AssertionError: with every failing case.
        """
        summary = f"{len(self.wrong)} of {self.cases} cases of {self.facts}"
        assert not self.wrong, "\n".join([summary, *self.wrong])


def sample(cases: Iterable[T], share: float, seed: int | str = SEED) -> Sequence[T]:
    """Return a seeded part of *cases*, in their order; all of them for a share of 1.

    Tests of several kinds seed it by the kind: small parts then differ, and together
    reach more.
    """
    listed = list(cases)
    count = max(1, round(len(listed) * share))
    chosen = random.Random(seed).sample(range(len(listed)), count)
    return [listed[number] for number in sorted(chosen)]
