"""What a hot folder's thread shares with others; it outlives a share's absence."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from retouchd.hotfolder.places import Places
from retouchd.ledger.entries import Entry
from retouchd.values import Outcome


@dataclass(frozen=True)
class Pace:
    """How patient a hot folder is.

    Attributes:
        settle: seconds that a file must be quiet.
        rescan: seconds between two full looks when nothing hints at a change.
    """

    settle: float
    rescan: float


@dataclass
class Work:
    """Jobs on their way, by where they are.

    It outlives a share that goes away: the worker's jobs come back in any case. Only
    ``outcomes`` and ``errands`` are filled by other threads.
    """

    running: dict[str, Entry] = field(default_factory=dict)
    outcomes: deque[Outcome] = field(default_factory=deque)
    errands: deque[Callable[[Places], None]] = field(default_factory=deque)
    tries: dict[str, int] = field(default_factory=dict)
    sequence: int = 0


@dataclass
class Signals:
    """What other threads ask of a hot folder's thread."""

    alarm: threading.Event = field(default_factory=threading.Event)
    changed: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)
    draining: bool = False
    paused: bool = False

    @property
    def takes_in(self) -> bool:
        """Whether new drops are wanted."""
        return not (self.paused or self.draining or self.stopping.is_set())
