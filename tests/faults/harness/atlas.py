"""The states that kills leave, the way to each, and what was seen to follow from it."""

from __future__ import annotations

import difflib
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.bench import MAY_BE_HELD, Bench
from harness.shim import Arm, Call
from harness.states import digest_of, renamed, state_of
from harness.sweep import SEED

TRIES = 5
"""Commits are shared as they happen to meet, so a life may be a call shorter."""

SHARE_OF_KNOWN = 0.05
"""So many of the known states are recovered from once more."""


@dataclass(frozen=True)
class Sequel:
    """What an unharmed recovery from a state did, and where it ended.

    Attributes:
        calls: its durable calls in order but for the journal's, which share commits
            as they happen to meet.
        end: the state that it left.
    """

    calls: tuple[str, ...]
    end: str


@dataclass
class Atlas:
    """Finds the states that kills leave, and recovers from each.

    Attributes:
        ways: by state, the kill that leads there from a fresh drop.
        found: by state, how many kills led there.
        sequels: by state, what a recovery did.
        points: by state, how many durable calls a recovery made, the journal's too.
        missed: kills that did not come about in any of ``TRIES``: the call was not
            made, or the state is one that only a rare meeting of commits leaves.
    """

    bench: Bench
    ways: dict[str, Arm] = field(default_factory=dict)
    found: Counter[str] = field(default_factory=Counter)
    sequels: dict[str, Sequel] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)
    missed: int = 0
    luck: random.Random = field(default_factory=lambda: random.Random(SEED))

    def kill(self, arm: Arm) -> None:
        """Drop afresh, kill, and recover; note the state in between.

        Raises:
            AssertionError: see `recover`.
        """
        tries = (self._die_afresh(arm) for _ in range(TRIES))
        state = next(filter(None, tries), "")
        if not state:
            self.missed += 1
            return
        self.ways.setdefault(state, arm)
        self.found[state] += 1
        self.recover(state, kills=1)

    def kill_again(self, state: str, arm: Arm) -> None:
        """Go to *state*, kill its recovery, and recover if that leads to a new state.

        Some known ones are recovered from too, to see that they are the same.

        Raises:
            AssertionError: see `recover`.
        """
        left = self._die_twice(state, arm)
        self.missed += not left
        is_known = left in self.sequels
        if left and (not is_known or self.luck.random() < SHARE_OF_KNOWN):
            self.recover(left, kills=2)

    def _die_twice(self, state: str, arm: Arm) -> str:
        for _ in range(TRIES):
            is_there = self._die_afresh(self.ways[state]) == state
            if is_there and (left := self._die(arm)):
                return left
        return ""

    def _die_afresh(self, arm: Arm) -> str:
        self.bench.reset()
        return self._die(arm)

    def _die(self, arm: Arm) -> str:
        """Name the state that a killed life leaves; empty: it ended before."""
        return self._state() if self.bench.live(arm).status == "killed" else ""

    def recover(self, state: str, kills: int) -> None:
        """Recover from *state*, which is on disk now, and see that all is right.

        Each of *kills* may have left one job to a person, where two steps hand out.

        Raises:
            AssertionError: it is not, or an equal state had another sequel.
        """
        lives = self.bench.recover()
        calls = [call for life in lives for call in life.calls]
        sequel = Sequel(self._written(calls), self._state())
        self.bench.judge_exact(may_be_held=kills * MAY_BE_HELD[self.bench.method])
        self.bench.must_be_at_rest()
        first = self.sequels.setdefault(state, sequel)
        assert sequel == first, _difference(sequel, first)
        self.points[state] = max(self.points.get(state, 0), len(lives[0].calls))

    def _state(self) -> str:
        return digest_of(state_of(self.bench.root, self.bench.state))

    def _written(self, calls: Iterable[Call]) -> tuple[str, ...]:
        root = str(self.bench.root)
        seen = [" ".join([call.name, *call.paths]) for call in calls]
        lines = [line.replace(root, "ROOT") for line in seen if root in line]
        return tuple(renamed("\n".join(lines)).splitlines())


def _difference(one: Sequel, other: Sequel) -> str:
    changes = difflib.unified_diff(other.calls, one.calls, lineterm="", n=1)
    ends = f"ends {other.end} and {one.end}"
    return "\n".join([f"equal states recovered differently: {ends}", *changes])
