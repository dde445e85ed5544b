"""F6: eight seeded bugs; a harness that misses one is blind."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from harness.bench import THREE_JOBS, Bench
from harness.mutants import MUTANTS, ONLY_POWER_CUTS_SHOW
from harness.shim import KILLS, Arm, How
from harness.sweep import sample

pytestmark = [pytest.mark.timeout(1800), pytest.mark.long]

SHOWN_BY_KILLS = sorted(set(MUTANTS) - set(ONLY_POWER_CUTS_SHOW))


def _cases(bench: Bench, mutant: str) -> list[tuple[int, How]]:
    """Return every point and way in an order that finds a bug soon.

    The bug alone must break nothing: only what happens to the daemon shows it.
    """
    bench.reset()
    life = bench.live(mutant=mutant)
    assert life.status == "idle"
    bench.judge_exact()
    points = len(life.calls)
    cases = [(at, how) for at in range(1, points + 1) for how in KILLS]
    mixed = sample(cases, 0.3)
    return [*mixed, *(case for case in cases if case not in mixed)]


def _first_caught(
    cases: Iterable[tuple[int, How]],
    break_it: Callable[[int, How], None],
    judge: Callable[[], None],
) -> tuple[int, str]:
    """Return how many cases it took until one failed, and what that one said."""
    tried = 0
    for at, how in cases:
        tried += 1
        break_it(at, how)
        try:
            judge()
        except AssertionError as error:
            return tried, f"{how} call {at}: {error}".splitlines()[0]
    pytest.fail(f"none of {tried} cases noticed the bug: the harness is blind")


def _recover(bench: Bench, mutant: str) -> None:
    bench.recover(mutant=mutant)
    bench.judge_exact()


@pytest.mark.needs("cc")
@pytest.mark.parametrize("mutant", SHOWN_BY_KILLS)
def test_kills_show(
    make_bench: Callable[..., Bench], figures: Callable[..., None], mutant: str
) -> None:
    """A daemon with this bug fails F1."""
    bench = make_bench(THREE_JOBS, "rename")
    cases = _cases(bench, mutant)

    def kill(at: int, how: How) -> None:
        bench.reset()
        bench.live(Arm(at, how), mutant=mutant)
        bench.intrude()

    tried, text = _first_caught(cases, kill, lambda: _recover(bench, mutant))

    figures("F6", mutant=mutant, cases=tried, caught=text)


@pytest.mark.needs("root", "cc", "mkfs.ext4")
@pytest.mark.parametrize("mutant", ONLY_POWER_CUTS_SHOW)
def test_power_cuts_show(
    make_cabinet: Callable[..., object], figures: Callable[..., None], mutant: str
) -> None:
    """A daemon with this bug fails F3."""
    cabinet = make_cabinet(THREE_JOBS, "rename")
    bench = cabinet.bench
    cases = _cases(bench, mutant)

    def cut(at: int, how: How) -> None:
        cabinet.reset()
        cabinet.live_and_cut(at, how, mutant=mutant)

    tried, text = _first_caught(cases, cut, lambda: _recover(bench, mutant))

    figures("F6", mutant=mutant, cases=tried, caught=text)
