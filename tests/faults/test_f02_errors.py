"""F2: an error, or success reported as one, from every durable call in turn."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.bench import Bench, Shape
from harness.review import EVERY_CASE_OF_BOTH, Case
from harness.shim import Arm, How, Method
from harness.sweep import Sweep, sample

pytestmark = [pytest.mark.timeout(3600), pytest.mark.needs("cc")]

FAULTS: tuple[tuple[How, str], ...] = (
    ("fail", "EIO"),
    ("fail", "ENOSPC"),
    ("fail", "EROFS"),
    ("fail", "ESTALE"),
    ("fail", "EXDEV"),
    ("fail", "EEXIST"),
    ("done but fail", "EIO"),
)


@pytest.mark.parametrize("case", EVERY_CASE_OF_BOTH, ids=str)
def test_error_from_each_durable_call(
    make_bench: Callable[[Shape, Method, str], Bench],
    sweep: Sweep,
    figures: Callable[..., None],
    is_long: bool,
    case: Case,
) -> None:
    """P1, P2, P3: one failing call delays its folder; the daemon goes on by itself."""
    bench = make_bench(case.shape, case.method, case.kind)
    points = len(bench.live().calls)
    cases = [(at, how, error) for at in range(1, points + 1) for how, error in FAULTS]

    for at, how, error in sample(cases, 1.0 if is_long else 0.015, seed=str(case)):

        def check(at: int = at, how: How = how, error: str = error) -> None:
            bench.reset()
            life = bench.live(Arm(at, how, error))
            assert life.status in ("idle", "ended"), life.status
            bench.recover()
            bench.judge_exact()
            bench.must_be_at_rest()

        sweep.run(check, at=at, how=how, error=error)

    figures("F2", errors=sweep.cases, points=points, case=str(case))
    sweep.must_be_right()
