"""F1: SIGKILL before and after every durable call, and again during recovery."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from harness.bench import EVERY_CASE, Bench, Shape
from harness.shim import KILLS, Arm, How, Method
from harness.sweep import Sweep, sample

pytestmark = [pytest.mark.timeout(3600), pytest.mark.needs("cc")]

every_case = pytest.mark.parametrize(("shape", "method"), EVERY_CASE, ids=str)


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


@every_case
def test_kill_at_each_durable_call(
    make_bench: Callable[[Shape, Method], Bench],
    sweep: Sweep,
    figures: Callable[..., None],
    is_long: bool,
    shape: Shape,
    method: Method,
) -> None:
    """P1, P2, P3: killed anywhere, everything is delivered exactly once."""
    bench = make_bench(shape, method)
    points = len(bench.live().calls)
    cases = [(at, how) for at in range(1, points + 1) for how in KILLS]

    for at, how in sample(cases, 1.0 if is_long else 0.2):

        def check(at: int = at, how: How = how) -> None:
            bench.reset()
            bench.live(Arm(at, how))
            bench.intrude()
            bench.recover()
            bench.judge_exact()
            bench.must_be_at_rest()

        sweep.run(check, at=at, how=how)

    figures("F1", kills=sweep.cases, points=points, case=f"{shape} {method}")
    sweep.must_be_right()


def _second_kills(bench: Bench, at: int, how: How) -> Iterator[tuple[int, How]]:
    """Yield each point of the recovery from a kill, while the caller kills there."""
    bench.reset()
    bench.live(Arm(at, how))
    points = len(bench.recover()[0].calls)
    yield from ((again, then) for again in range(1, points + 1) for then in KILLS)


@every_case
def test_kill_again_during_recovery(
    make_bench: Callable[[Shape, Method], Bench],
    sweep: Sweep,
    figures: Callable[..., None],
    is_long: bool,
    shape: Shape,
    method: Method,
) -> None:
    """P1, P2, P3: a recovery that is killed is recovered from like any other life."""
    bench = make_bench(shape, method)
    points = len(bench.live().calls)
    asked = int(sweep.replay.asked.get("at", 0))
    firsts = (
        [asked] if asked else sample(range(1, points + 1), 1.0 if is_long else 0.06)
    )

    for at in firsts:
        seconds = list(_second_kills(bench, at, "kill after"))
        for again, then in sample(seconds, 1.0 if is_long or asked else 0.06, seed=at):

            def check(at: int = at, again: int = again, then: How = then) -> None:
                bench.reset()
                bench.live(Arm(at, "kill after"))
                bench.live(Arm(again, then))
                bench.recover()
                bench.judge_exact()
                bench.must_be_at_rest()

            sweep.run(check, at=at, again=again, then=then)

    figures("F1", second_kills=sweep.cases, case=f"{shape} {method}")
    sweep.must_be_right()
