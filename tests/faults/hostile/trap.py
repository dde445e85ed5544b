"""One configuration that must be refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Trap:
    """One configuration that must be refused.

    Attributes:
        name: what it tries.
        write: puts it into a folder with ``rules`` and ``models``.
        place: how the complaint names file and line, such as ``sample.yaml:3``.
        words: what the complaint says besides.
    """

    name: str
    write: Callable[[Path], object]
    place: str
    words: str
