"""F1: SIGKILL before and after every durable call, and again during recovery."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from harness.atlas import Atlas
from harness.bench import EVERY_CASE, Bench, Shape
from harness.review import EVERY_CASE_OF_BOTH, Case
from harness.shim import KILLS, Arm, How, Method
from harness.sweep import Sweep, sample

pytestmark = [pytest.mark.timeout(3600), pytest.mark.needs("cc")]

every_case = pytest.mark.parametrize(("shape", "method"), EVERY_CASE, ids=str)
every_case_of_both = pytest.mark.parametrize("case", EVERY_CASE_OF_BOTH, ids=str)


KNOWN_CALLS = {
    ("3x1", "rename"): 35,
    ("3x1", "link"): 45,
    ("3x1", "reserve"): 43,
    ("1x3", "rename"): 30,
    ("1x3", "link"): 38,
    ("1x3", "reserve"): 36,
}
"""Durable calls of one life, those of the journal left out: they share commits."""

LEAST_JOURNAL_CALLS = 6

MOST_MISSED = 0.05
MOST_MISSED_OF_A_FEW = 0.5
"""Share of the second kills that may not come about; a sample has more bad luck."""


@every_case
def test_durable_calls_are_the_known_ones(
    make_bench: Callable[[Shape, Method], Bench], shape: Shape, method: Method
) -> None:
    """A call that came or went is a new point to think about: review it, then note it.

    The journal's own calls must be seen too, or a static SQLite hides them.
    """
    bench = make_bench(shape, method)
    bench.reset()

    seen = bench.seen(bench.live().calls)

    journal = {name: seen[name] for name in seen if name.endswith("journal")}
    calls = sum(seen.values()) - sum(journal.values())
    table = "\n".join(f"{seen[name]} {name}" for name in sorted(seen))
    assert sum(journal.values()) >= LEAST_JOURNAL_CALLS, table
    assert calls == KNOWN_CALLS.get((str(shape), method)), (
        f"review this: {calls}\n{table}"
    )


@every_case_of_both
def test_kill_at_each_durable_call(
    make_bench: Callable[[Shape, Method, str], Bench],
    sweep: Sweep,
    figures: Callable[..., None],
    is_long: bool,
    case: Case,
) -> None:
    """P1, P2, P3: killed anywhere, everything is delivered exactly once."""
    bench = make_bench(case.shape, case.method, case.kind)
    points = len(bench.live().calls)
    cases = [(at, how) for at in range(1, points + 1) for how in KILLS]

    for at, how in sample(cases, 1.0 if is_long else 0.1, seed=str(case)):

        def check(at: int = at, how: How = how) -> None:
            bench.reset()
            bench.live(Arm(at, how))
            bench.intrude()
            bench.recover()
            bench.judge_exact()
            bench.must_be_at_rest()

        sweep.run(check, at=at, how=how)

    figures("F1", kills=sweep.cases, points=points, case=str(case))
    sweep.must_be_right()


@every_case_of_both
def test_kill_again_during_recovery(
    make_bench: Callable[[Shape, Method, str], Bench],
    sweep: Sweep,
    figures: Callable[..., None],
    is_long: bool,
    case: Case,
) -> None:
    """P1, P2, P3: a recovery that is killed is recovered from like any other life.

    Kills that leave the same state on disk (see `harness.states`) have one recovery, so
    the second kills are made once per state. All first kills, and a part of the second
    ones, show that equal states are recovered from by the same calls to the same end.
    """
    atlas = Atlas(make_bench(case.shape, case.method, case.kind))
    share = 1.0 if is_long or sweep.replay.asked else 0.025
    points = len(atlas.bench.live().calls)

    for first in sample(_kills(points), share, seed=str(case)):
        sweep.run(partial(atlas.kill, first), at=first.at, how=first.how)
    firsts = sweep.cases
    recovered = {one: way for one, way in atlas.ways.items() if one in atlas.points}
    for state, first in recovered.items():
        for second in sample(_kills(atlas.points[state]), share, seed=first.at):
            kills = {"at": first.at, "how": first.how}
            kills |= {"again": second.at, "then": second.how}
            sweep.run(partial(atlas.kill_again, state, second), **kills)

    pairs = sum(2 * atlas.points[one] * atlas.found[one] for one in recovered)
    figures(
        "F1",
        first_kills=firsts,
        states_after_them=len(atlas.ways),
        second_kills=sweep.cases - firsts,
        pairs=pairs,
        missed=atlas.missed,
        states=len(atlas.sequels),
        case=str(case),
    )
    sweep.must_be_right()
    most = MOST_MISSED if is_long else MOST_MISSED_OF_A_FEW
    assert atlas.missed <= most * sweep.cases, f"{atlas.missed} kills missed"


def _kills(points: int) -> list[Arm]:
    return [Arm(at, how) for at in range(1, points + 1) for how in KILLS]
