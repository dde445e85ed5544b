"""A stream in a thread of its own: in order, never far ahead, ended with its reader."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

import pytest

from retouchd.jobs.clips.ahead import Ahead


def test_keeps_the_order_and_comes_to_an_end() -> None:
    """Everything arrives once."""
    ahead = Ahead((n * n for n in range(50)), 3, "test")

    assert list(ahead) == [n * n for n in range(50)]
    assert list(ahead) == []


def test_is_never_far_ahead() -> None:
    """Memory does not grow where the reader is slow."""
    made = []

    def items() -> Generator[int, None, None]:
        for n in range(100):
            made.append(n)
            yield n

    ahead = Ahead(items(), 2, "test")
    for n in range(5):
        assert next(ahead) == n
        time.sleep(0.02)
        assert len(made) <= n + 1 + 2
    ahead.close()


def test_what_goes_wrong_is_raised_where_it_is_read() -> None:
    """Items that were made before come first."""

    def items() -> Generator[int, None, None]:
        yield 1
        raise ValueError("broken")

    ahead = Ahead(items(), 4, "test")

    assert next(ahead) == 1
    with pytest.raises(ValueError, match="broken"):
        next(ahead)


def test_closing_ends_a_whole_chain() -> None:
    """Threads, and what their streams hold open, go with the last reader."""
    ended = []

    def first() -> Generator[int, None, None]:
        try:
            yield from range(1000)
        finally:
            ended.append("first")

    def second(source: Ahead[int]) -> Generator[int, None, None]:
        try:
            yield from source
        finally:
            source.close()
            ended.append("second")

    ahead = Ahead(second(Ahead(first(), 2, "first-ahead")), 2, "second-ahead")
    next(ahead)
    during = _threads_ahead()

    ahead.close()

    assert during == {"first-ahead", "second-ahead"}
    assert ended == ["first", "second"]
    assert _threads_ahead() == set()


def _threads_ahead() -> set[str]:
    """Name those of this test: threads of others come and go meanwhile."""
    names = {thread.name for thread in threading.enumerate()}
    return {name for name in names if name.endswith("-ahead")}
