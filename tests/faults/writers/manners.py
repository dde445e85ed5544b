"""Slow and rude ways to write a file: each ends with one whole picture."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from auditor import Input, make_input

PIECES = 5


@dataclass(frozen=True)
class Written:
    """A file that was written.

    Attributes:
        made: what lay there in the end; named as below ``in/``.
        manner: how it was written.
        ended: wall clock before which nobody may take it; see `Desk.ends`.
        stalled: longest time for which nothing told the daemon that more would come.
    """

    made: Input
    manner: str
    ended: float
    stalled: float


class Desk:
    """What one writer has: a picture, a place for it, and its pauses.

    Args:
        inbox: where the file is to appear.
        scratch: where pictures are made.
        settle: seconds that the daemon waits for a file to rest.
        mark: of the picture; also its name.
        seed: of the pauses.

    Attributes:
        ended: wall clock just before the last handle was closed, where the file may
            be taken from then on; 0: it must rest afterwards, too.
    """

    def __init__(
        self, inbox: Path, scratch: Path, settle: float, mark: int, seed: int = 0
    ) -> None:
        self.ended = 0.0
        self.settle = settle
        self.target = inbox / f"w{mark:05d}.png"
        self.chance = random.Random(seed * 1_000_003 + mark)
        self.older = self._make(scratch / "older" / self.target.name, mark, seed=1)
        self.made = self._make(scratch / self.target.name, mark, seed=2)
        self.source = scratch / self.target.name
        self.content = self.source.read_bytes()
        self.stalled = 0.0
        self._touched = time.monotonic()

    @staticmethod
    def _make(path: Path, mark: int, seed: int) -> Input:
        path.parent.mkdir(exist_ok=True)
        return make_input(path, mark, side=64, seed=seed)

    def touched(self) -> None:
        """Note that the file has just changed."""
        now = time.monotonic()
        self.stalled = max(self.stalled, now - self._touched)
        self._touched = now

    def began(self) -> None:
        """Note that the file has just appeared."""
        self._touched = time.monotonic()

    def ends(self) -> None:
        """Note that a file which has rested long enough is closed at once.

        Who notes it afterwards may be kept waiting meanwhile, and be late.
        """
        self.ended = time.time()

    def blink(self) -> None:
        """Rest for much less than a file must rest: a busy machine adds to it."""
        time.sleep(self.chance.uniform(0.01, 0.1) * self.settle)

    def nap(self) -> None:
        """Rest for longer than a file must rest."""
        time.sleep(self.chance.uniform(1.1, 1.7) * self.settle)

    def pieces(self) -> Iterator[bytes]:
        """Yield the content, piece by piece."""
        size = len(self.content) // PIECES + 1
        for start in range(0, len(self.content), size):
            yield self.content[start : start + size]

    def older_content(self) -> bytes:
        """Return another whole picture with the same mark."""
        return (self.source.parent / "older" / self.source.name).read_bytes()

    def write_older(self) -> None:
        """Write another picture under the name, whole."""
        self.began()
        self.target.write_bytes(self.older_content())


def append(desk: Desk) -> None:
    """Keep the file open and write now and then: the open handle alone tells."""
    with desk.target.open("xb", buffering=0) as file:
        for piece in desk.pieces():
            file.write(piece)
            desk.nap()
        desk.ends()


def reopen(desk: Desk) -> None:
    """Open, append a piece and close, five times."""
    desk.began()
    for number, piece in enumerate(desk.pieces()):
        with desk.target.open("ab" if number else "xb") as file:
            file.write(piece)
        desk.touched()
        desk.blink()


def reserve(desk: Desk) -> None:
    """Give the file its size at once, fill it in two goes, closed in between."""
    half = len(desk.content) // 2
    with desk.target.open("xb") as file:
        file.truncate(len(desk.content) + 80_000)
        file.write(desk.content[:half])
    time.sleep(1.3 * desk.settle)
    with desk.target.open("r+b") as file:
        file.seek(half)
        file.write(desk.content[half:])
        file.truncate(len(desk.content))


def truncate(desk: Desk) -> None:
    """Write a whole picture, then write another one into the same file."""
    desk.write_older()
    desk.blink()
    with desk.target.open("wb", buffering=0) as file:
        desk.touched()
        for piece in desk.pieces():
            file.write(piece)
            desk.nap()
        desk.ends()


def rename_over(desk: Desk) -> None:
    """Write a whole picture, then rename another one over it."""
    desk.write_older()
    part = desk.target.with_name(desk.target.name + ".part")
    part.write_bytes(desk.content)
    desk.blink()
    part.rename(desk.target)
    desk.touched()


def replace(desk: Desk) -> None:
    """Write a whole picture, remove it and write another one of that name."""
    desk.write_older()
    desk.blink()
    desk.target.unlink()
    reopen(desk)


def outlive(desk: Desk) -> None:
    """Open a whole picture again just when it has rested, and write another into it.

    Opened in time, the claim must be given back; too late, the older one was dropped.
    """
    desk.write_older()
    time.sleep(desk.settle + desk.chance.uniform(-0.02, 0.08))
    try:
        handle = os.open(desk.target, os.O_WRONLY)
    except FileNotFoundError:
        desk.made = desk.older
        return
    with os.fdopen(handle, "wb", buffering=0) as file:
        desk.blink()
        file.write(desk.content)
        file.truncate()


def hidden(desk: Desk) -> None:
    """Write under a name that is no drop yet, slowly, then rename."""
    part = desk.target.with_name(desk.target.name + ".part")
    with part.open("xb", buffering=0) as file:
        for piece in desk.pieces():
            file.write(piece)
            desk.blink()
    part.rename(desk.target)


RUDE: dict[str, Callable[[Desk], None]] = {
    "append": append,
    "reopen": reopen,
    "reserved tail": reserve,
    "truncate and rewrite": truncate,
    "rename over": rename_over,
    "replaced before the claim": replace,
    "outlives the claim": outlive,
    "hidden until whole": hidden,
}
"""Every manner under its name."""
