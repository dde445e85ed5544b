"""CPU time is given out without loss, and to whom it belongs."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from retouchd.jobs.meter import (
    UNFINISHED,
    CpuShares,
    Reading,
    Stopwatch,
    measured,
    with_unfinished,
)
from retouchd.media.vips import pyvips
from retouchd.values import Outcome, StepRun

_BLOCK = bytes(1 << 20)


def _hash() -> None:
    """Work in the own thread alone, as ONNX Runtime does; about 0.25 s."""
    for _ in range(400):
        hashlib.sha256(_BLOCK).digest()


@pytest.fixture(scope="module")
def encode() -> Callable[[], None]:
    """Work in a thread of libvips, about 0.25 s; the own thread sleeps."""
    noise = pyvips.Image.gaussnoise(2000, 1500, seed=1).cast("uchar")
    picture = noise.bandjoin([1, 2]).copy_memory()
    return lambda: picture.write_to_buffer(".png") and None


def _used_by(
    shares: CpuShares, *works: Callable[[], None]
) -> tuple[list[float], float]:
    """Run *works* side by side; return what each was given and what all used."""
    given = [0.0] * len(works)
    together = threading.Barrier(len(works))

    def run(number: int) -> None:
        together.wait()
        with measured(shares) as reading:
            works[number]()
        given[number] = reading.cpu_s

    threads = [
        threading.Thread(target=run, args=(number,)) for number in range(len(works))
    ]
    before = time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given, time.process_time() - before


def test_each_work_gets_its_own_time_and_no_other(encode: Callable[[], None]) -> None:
    """P8: one that computes, beside one for which libvips does and one that waits.

    Even shares would move a tenth of all and more from one to the other.
    """
    own: list[float] = []

    def compute() -> None:
        before = time.thread_time()
        _hash()
        own.append(time.thread_time() - before)

    beside_libvips, used = _used_by(CpuShares(), compute, encode)
    beside_waiting, _ = _used_by(CpuShares(), compute, lambda: time.sleep(0.2))

    assert sum(beside_libvips) == pytest.approx(used, rel=0.02)
    assert beside_libvips[0] == pytest.approx(own[0], abs=0.06 * used)
    assert beside_waiting[0] == pytest.approx(own[1], rel=0.06)
    assert beside_waiting[1] < 0.06 * own[1]


def test_shares_and_the_rest_add_up_to_the_process(
    encode: Callable[[], None],
) -> None:
    """P8: what belongs to no work is told beside, and nothing is told twice."""
    shares = CpuShares()
    with measured(shares):
        pass
    before, beside = time.process_time(), shares.beside

    _hash()
    given, _ = _used_by(shares, encode, _hash)
    with measured(shares) as last:
        pass

    counted = sum(given) + last.cpu_s + shares.beside - beside
    assert counted == pytest.approx(time.process_time() - before, rel=0.02)
    assert shares.beside - beside > 0.05


def test_reading_is_filled_after_an_error() -> None:
    """P8: work that fails costs too."""
    shares = CpuShares()
    with pytest.raises(ValueError, match="x"), measured(shares) as reading:
        raise ValueError(f"x{_hash()}")

    assert reading.cpu_s >= 0.03
    assert reading.wall_ms >= 30
    assert shares.take() == pytest.approx(reading.cpu_s)
    assert shares.take() == 0


def test_what_no_step_tells_is_booked_as_unfinished() -> None:
    """P8: a step that raised leaves no run of its own, but its seconds count."""
    outcome = Outcome("job", step_runs=(StepRun("decode", cpu_s=0.5),), attempts=2)

    made = with_unfinished(outcome, 2.0, 0.25)

    assert made.step_runs[0] == outcome.step_runs[0]
    [run] = made.step_runs[1:]
    assert (run.step, run.attempt, run.cpu_s, run.gpu_s) == (UNFINISHED, 2, 1.5, 0.25)
    assert with_unfinished(outcome, 0.5, 0.0) is outcome


def test_measuring_costs_next_to_nothing() -> None:
    """A job measures about ten pieces of work: two hundred are a part of one of them.

    The yardstick takes a quarter of a second and slows down with the machine.
    """
    shares = CpuShares()
    begun = time.thread_time()
    _hash()
    hashed = time.thread_time()
    for _ in range(200):
        with measured(shares):
            pass

    assert time.thread_time() - hashed < (hashed - begun) / 5


def test_waiting_for_others_is_not_measured() -> None:
    """A step of a clip is booked what it does, not how long its input takes."""
    readings: list[Reading] = []
    watch = Stopwatch(CpuShares(), readings.append)
    took: list[float] = []

    def slow() -> Iterator[int]:
        begun = time.thread_time()
        _hash()
        took.append(time.thread_time() - begun)
        yield 1

    with watch.running():
        taken = list(watch.waiting_for(slow()))

    assert taken == [1]
    assert sum(one.cpu_s for one in readings) < took[0] / 4
    assert sum(one.wall_ms for one in readings) < 1000 * took[0] / 2
