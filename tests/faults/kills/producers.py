"""Programs that fill an inbox while things break: some quick, some slow and rude."""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from auditor import Input, make_input

PIECES = 5
"""A slow producer writes a file in so many pieces."""

SLOW_MARKS = 1 << 23
"""Marks from here on are those of slow producers."""

BURST = 40
"""A quick producer drops at most so many files at once."""

MANNERS = ("held open", "reopened", "renamed")
"""How slow producers write: one handle with long pauses, a new handle for each piece
with short ones, or under a name that is no drop yet."""


@dataclass(frozen=True)
class Written:
    """A file that a slow producer has written.

    Attributes:
        manner: one of `MANNERS`.
        ended: wall clock just before its content was whole under its last name: who
            asks the clock afterwards may be kept waiting meanwhile, and be late.
    """

    made: Input
    manner: str
    ended: float

    def rested_at(self, settle: float) -> float:
        """Wall clock before which nobody may take it.

        One that was held open has rested by then; only its writer was still there.
        """
        return self.ended if self.manner == "held open" else self.ended + settle


class Producers:
    """Threads that drop pictures, each with a mark of its own, into one inbox.

    Args:
        inbox: where they drop.
        scratch: where pictures are made first, on the same file system.
        settle: seconds that the daemon waits for a file to rest.
        seed: of pauses and manners.

    Attributes:
        inputs: everything that was dropped whole.
        slow: those among them that were written slowly.
    """

    def __init__(
        self, inbox: Path, scratch: Path, settle: float, seed: int = 0
    ) -> None:
        self.inputs: list[Input] = []
        self.slow: list[Written] = []
        self._inbox = inbox
        self._scratch = scratch
        self._settle = settle
        self._chance = random.Random(seed)
        self._marks = itertools.count(1)
        self._slow_marks = itertools.count(SLOW_MARKS)
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="producer")
        self._running: list[Future[None]] = []
        scratch.mkdir(exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._threads.shutdown()

    def drop(self, count: int) -> None:
        """Move *count* whole pictures in at once, as `mv` does."""
        for mark in itertools.islice(self._marks, count):
            made = make_input(self._scratch / f"quick-{mark:06d}.png", mark, side=24)
            (self._scratch / made.name).rename(self._inbox / made.name)
            self.inputs.append(made)

    def drop_quickly(self, total: int, allowed: Callable[[], float]) -> None:
        """Begin to drop *total* pictures in bursts, never more than *allowed* so far.

        Once the producers are told to finish, the rest comes at once.
        """
        self._running.append(self._threads.submit(self._quickly, total, allowed))

    def _quickly(self, total: int, allowed: Callable[[], float]) -> None:
        dropped = 0
        while dropped < total:
            room = total if self._stop.is_set() else min(total, int(allowed()))
            burst = min(room - dropped, self._chance.randint(1, BURST))
            if burst > 0:
                self.drop(burst)
                dropped += burst
            self._stop.wait(self._chance.uniform(0.02, 0.2))

    def drop_slowly(self, writers: int = 1) -> None:
        """Begin to write one picture after the other, in *writers* threads."""
        for number in range(writers):
            self._running.append(self._threads.submit(self._slowly, number))

    def _slowly(self, number: int) -> None:
        for manner in itertools.islice(itertools.cycle(MANNERS), number, None):
            if self._stop.is_set():
                return
            self._write(manner)

    def _write(self, manner: str) -> None:
        mark = next(self._slow_marks)
        made = make_input(self._scratch / f"slow-{mark}.png", mark, side=48)
        content = (self._scratch / made.name).read_bytes()
        (self._scratch / made.name).unlink()
        target = self._inbox / made.name
        pieces = _pieces(content)
        if manner == "held open":
            ended = self._hold_open(target, pieces)
        elif manner == "reopened":
            ended = self._reopen(target, pieces)
        else:
            part = target.with_name(target.name + ".part")
            self._reopen(part, pieces)
            ended = time.time()
            part.rename(target)
        self.slow.append(Written(made, manner, ended))
        self.inputs.append(made)

    def _hold_open(self, target: Path, pieces: Iterator[bytes]) -> float:
        """Rest longer than the daemon waits; only the open handle tells of a writer.

        Returns:
            wall clock just before it is closed.
        """
        with target.open("xb", buffering=0) as file:
            for piece in pieces:
                file.write(piece)
                time.sleep(self._chance.uniform(0, self._settle))
            time.sleep(1.5 * self._settle)
            return time.time()

    def _reopen(self, target: Path, pieces: Iterator[bytes]) -> float:
        """Append piece by piece; a file that was taken away meanwhile is an error.

        Pauses are much shorter than the daemon waits: a busy machine adds to them.

        Returns:
            wall clock just before the last piece is written.
        """
        ended = time.time()
        target.write_bytes(next(pieces))
        for piece in pieces:
            time.sleep(self._chance.uniform(0, self._settle / 10))
            handle = os.open(target, os.O_WRONLY | os.O_APPEND)
            ended = time.time()
            os.write(handle, piece)
            os.close(handle)
        return ended

    def finish(self) -> None:
        """Let each producer end; raise what one of them met."""
        self._stop.set()
        for producer in self._running:
            producer.result()


def _pieces(content: bytes) -> Iterator[bytes]:
    size = len(content) // PIECES + 1
    for start in range(0, len(content), size):
        yield content[start : start + size]
