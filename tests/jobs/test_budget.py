"""Memory is given out within its limit."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from retouchd.errors import InputError
from retouchd.jobs.budget import MemoryBudget, estimated_need
from retouchd.steps.erase import Erase
from retouchd.steps.resize import Resize
from retouchd.values import Header

HEADER = Header("png", "still", 100, 50, 3, 8, 1, has_alpha=False)


def test_budget_is_never_exceeded() -> None:
    """Jobs that do not fit beside the others wait for them."""
    budget = MemoryBudget(10)
    lock, used, most = threading.Lock(), 0, 0

    def work() -> None:
        nonlocal used, most
        for _ in range(20):
            with budget.admit(4):
                with lock:
                    used += 4
                    most = max(most, used)
                time.sleep(0.0005)
                with lock:
                    used -= 4

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert (most, used) == (8, 0)


def test_job_larger_than_the_budget_runs_alone() -> None:
    """A job that needs more than there is runs when nothing else does."""
    budget = MemoryBudget(10)
    entered = threading.Event()

    def small() -> None:
        with budget.admit(1):
            entered.set()

    thread = threading.Thread(target=small)
    with budget.admit(20):
        thread.start()
        beside = entered.wait(0.05)
    thread.join(60)

    assert (beside, entered.is_set()) == (False, True)


def test_job_far_above_the_budget_is_refused() -> None:
    """P7: a picture that would end the worker is refused, with its need in words."""
    budget = MemoryBudget(10**9)

    with pytest.raises(InputError, match=r"about 2\.1 GB"), budget.admit(2_100_000_000):
        raise AssertionError


def test_budget_comes_back_after_an_error() -> None:
    """A job that raises gives its share back."""
    budget = MemoryBudget(10)
    with pytest.raises(ValueError, match="x"), budget.admit(10):
        raise ValueError("x")

    with budget.admit(10):
        pass


def test_need_counts_the_frames_that_a_step_holds(order: Any) -> None:
    """Those of a clip: a still has no others."""
    rules = [order().rules[0], order("b", ("erase", Erase())).rules[0]]
    clip = replace(HEADER, kind="clip", width=1920, height=1080)

    plain, erasing = (estimated_need(clip, rule) for rule in rules)

    assert 1920 * 1080 * 3 * 24 < erasing - plain < 500e6
    assert estimated_need(HEADER, rules[0]) == estimated_need(HEADER, rules[1])


def test_need_follows_the_largest_picture(order: Any) -> None:
    """The estimate knows what steps enlarge, AVIF and 16 bits, before any pixel."""
    plain = estimated_need(HEADER, order().rules[0])

    twice = order("b", ("resize", Resize(factor=2))).rules[0]
    avif = order("c", output="{stem}.avif").rules[0]

    assert plain >= 100 * 50 * 4
    assert estimated_need(HEADER, twice) in {plain, 4 * plain}
    assert estimated_need(HEADER, avif) > 2 * plain
