"""F5: a consumer that takes every result away at once, while the daemon is killed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from auditor import Consumer
from harness.bench import EVERY_CASE, Bench, Shape
from harness.shim import KILLS, Arm, How, Method
from harness.sweep import Sweep, sample

pytestmark = [pytest.mark.timeout(3600), pytest.mark.needs("cc")]


@pytest.mark.parametrize(("shape", "method"), EVERY_CASE, ids=str)
def test_greedy_consumer_gets_each_result_once(
    make_bench: Callable[[Shape, Method], Bench],
    sweep: Sweep,
    figures: Callable[..., None],
    is_long: bool,
    shape: Shape,
    method: Method,
) -> None:
    """P3: a result that is gone again is not delivered a second time, nor given up."""
    bench = make_bench(shape, method)
    points = len(bench.live().calls)
    cases = [(at, how) for at in range(1, points + 1) for how in KILLS]
    case = f"{shape} {method}"
    held = 0

    for at, how in sample(cases, 1.0 if is_long else 0.1, seed=case):

        def check(at: int = at, how: How = how) -> None:
            nonlocal held
            bench.reset()
            with Consumer(bench.root / "out", take=True) as consumer:
                bench.live(Arm(at, how))
                bench.recover()
            verdict = bench.judge_exact(consumer.deliveries)
            assert (verdict.lost, verdict.duplicated, verdict.half) == ((), (), ())
            held += verdict.held
            bench.must_be_at_rest()

        sweep.run(check, at=at, how=how)

    figures("F5", kills=sweep.cases, points=points, held=held, case=case)
    sweep.must_be_right()
    # Only a link leaves a moment in which nobody can tell whether it was made.
    assert held == 0 or method == "link"
