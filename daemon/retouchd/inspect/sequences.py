"""Which numbered files are frames of one sequence; names only, nothing is opened.

``shot_0001.png``, ``shot_0002.png`` and so on: one name, one ending, and a number as
the last thing before the ending. A camera names its stills in the same way, so that
names alone never make a sequence: a rule has to ask (``hotfolder/gathering.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path, PurePosixPath

from retouchd.values import Drop

_NUMBERED = re.compile(
    r"(?P<prefix>.*?)(?P<digits>[0-9]{1,9})(?P<ending>\.(?:png|jpe?g|tiff?|webp|avif))",
    re.IGNORECASE | re.DOTALL,
)
_BETWEEN = "._- "
"""Stands between the name of a sequence and the number; not part of either."""

END_MARKER = ".end"
"""Added to the name of a sequence: ``shot.end`` says that all frames are there."""

MOST_TOLD = 12
"""Missing numbers and runs of them that are named one by one."""


@dataclass(frozen=True)
class Numbered:
    """The parts of a frame's name.

    Attributes:
        prefix: all before the number.
        digits: the number as it is written.
        ending: with the dot.
    """

    prefix: str
    digits: str
    ending: str

    @property
    def number(self) -> int:
        """The number of the frame."""
        return int(self.digits)

    @property
    def series(self) -> tuple[str, str]:
        """The same for all frames of a sequence in one folder."""
        return self.prefix, self.ending.lower()

    @property
    def stem(self) -> str:
        """The name of the sequence; empty where frames are named by numbers alone."""
        return self.prefix.rstrip(_BETWEEN)


def numbered(name: str) -> Numbered | None:
    """Take the *name* of a file, without folders, apart; ``None``: it has no number."""
    found = _NUMBERED.fullmatch(name)
    return Numbered(**found.groupdict()) if found else None


def stem_of(name: str) -> str:
    """Return the name of the sequence with the frame *name*, a path with ``/``.

    Frames named by numbers alone are called after their folder.
    """
    path = PurePosixPath(name)
    parts = numbered(path.name)
    return (parts.stem if parts else "") or path.parent.name or path.stem


def in_order(names: Iterable[str]) -> list[str]:
    """Sort frames, given by paths with ``/``, by their numbers."""
    return sorted(names, key=lambda name: (_number(name), name))


def frames_among(source: str, others: Iterable[str]) -> tuple[str, ...]:
    """Return the frames of the sequence to which *source* belongs, in order.

    Args:
        source: path with ``/``.
        others: what was claimed or lies with it, likewise.

    Returns:
        *source* with the others of its series; empty: it is a still of its own.
    """
    own = numbered(PurePosixPath(source).name)
    if own is None:
        return ()
    folder = PurePosixPath(source).parent
    found = {source}
    for name in others:
        path = PurePosixPath(name)
        parts = numbered(path.name)
        if parts and path.parent == folder and parts.series == own.series:
            found.add(name)
    return tuple(in_order(found)) if len(found) > 1 else ()


def frames_of(drop: Drop) -> tuple[Path, ...]:
    """Return the frames of *drop* in order; empty: it is no sequence."""
    frames = frames_among(str(drop.path), map(str, drop.members))
    return tuple(map(Path, frames))


def numbers_of(frames: Sequence[Path]) -> tuple[str, ...]:
    """Return the numbers of *frames* as they are written."""
    parts = (numbered(frame.name) for frame in frames)
    return tuple(part.digits for part in parts if part)


def missing(numbers: Iterable[int]) -> str:
    """Name the numbers that are not there between the first and the last.

    Returns:
        such as ``3, 7-9``; empty: none is missing.
    """
    known = sorted(set(numbers))
    gaps = [(one + 1, other - 1) for one, other in pairwise(known) if other - one > 1]
    told = [f"{a}-{b}" if b > a else str(a) for a, b in gaps[:MOST_TOLD]]
    if len(gaps) > MOST_TOLD:
        rest = sum(b - a + 1 for a, b in gaps[MOST_TOLD:])
        told.append(f"and {rest} more")
    return ", ".join(told)


def doubled(names: Iterable[str]) -> tuple[str, ...]:
    """Return the first frames that share a number, such as ``1`` and ``01``."""
    for _, found in groupby(in_order(names), key=_number):
        same = tuple(found)
        if len(same) > 1:
            return same
    return ()


def _number(name: str) -> int:
    parts = numbered(PurePosixPath(name).name)
    return parts.number if parts else -1
