"""What a hot folder's thread shares with others; it outlives a share's absence."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from retouchd.hotfolder.allowance import FREE, Allowance
from retouchd.hotfolder.places import Places
from retouchd.hotfolder.review.desk import Wanted
from retouchd.intake.mounts import Mount, mount_of
from retouchd.intake.watch import Method, method_for
from retouchd.ledger.entries import Entry
from retouchd.ledger.held import Word
from retouchd.settings import HotFolder, Intake
from retouchd.values import Outcome


@dataclass(frozen=True)
class Pace:
    """How patient a hot folder is.

    Attributes:
        settle: seconds that a file must be quiet.
        rescan: seconds between two full looks when nothing hints at a change.
        retry: seconds between two looks for space.
        reserve_bytes: how much must stay free for anything to be taken in.
        rescan_review: as ``rescan``, for what people move in ``review/``.
    """

    settle: float
    rescan: float
    retry: float = 5.0
    reserve_bytes: int = 0
    rescan_review: float = 5.0


def pace_for(folder: HotFolder, intake: Intake, mount: Mount, method: Method) -> Pace:
    """Choose the times for *mount*; without events it is scanned more often."""
    is_network = mount.is_network
    settle = intake.settle_seconds_network if is_network else intake.settle_seconds
    if folder.settle_seconds is not None:
        settle = folder.settle_seconds
    is_heard = method == "inotify"
    rescan = intake.rescan_seconds if is_heard else intake.rescan_seconds_network
    reserve = int(intake.reserve_mb * 1e6)
    hears_review = method_for(mount_of(folder.review), intake.watch) == "inotify"
    rescan_review = (
        intake.rescan_seconds
        if is_heard and hears_review
        else intake.rescan_seconds_network
    )
    return Pace(settle, rescan, intake.return_seconds, reserve, rescan_review)


@dataclass(frozen=True)
class Decision:
    """What a person said of a held job, and whom to tell what came of it."""

    job: str
    word: Word
    answer: Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Asked:
    """What a command asks of a reviewed job, and whom to tell what came of it."""

    wanted: Wanted
    answer: Callable[[Mapping[str, Any]], None]


@dataclass
class Work:
    """Jobs on their way, by where they are.

    It outlives a share that goes away: the worker's jobs come back in any case. Only
    ``outcomes``, ``errands``, ``decisions`` and ``asked`` are filled by other threads.

    Attributes:
        tries: how often each running job was looked at.
        allowed: under which allowance each running job was begun.
        setbacks: how often the share failed under a job, though it proved healthy.
        runs: orders given so far; no two write to files of the same name.
        sequence: drops so far, for the names of results.
    """

    running: dict[str, Entry] = field(default_factory=dict)
    outcomes: deque[Outcome] = field(default_factory=deque)
    errands: deque[Callable[[Places], None]] = field(default_factory=deque)
    decisions: deque[Decision] = field(default_factory=deque)
    asked: deque[Asked] = field(default_factory=deque)
    tries: dict[str, int] = field(default_factory=dict)
    allowed: dict[str, Allowance] = field(default_factory=dict)
    setbacks: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    sequence: int = 0


@dataclass
class Signals:
    """What other threads ask of a hot folder's thread.

    Attributes:
        changed: something may have come into ``in/``.
        moved: somebody may have moved something in ``review/``.
        allowance: what its budget lets it do.
    """

    alarm: threading.Event = field(default_factory=threading.Event)
    changed: threading.Event = field(default_factory=threading.Event)
    moved: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)
    draining: bool = False
    paused: bool = False
    allowance: Allowance = FREE

    @property
    def takes_in(self) -> bool:
        """Whether new drops are wanted."""
        unwanted = self.paused or self.draining or self.stopping.is_set()
        return not (unwanted or self.allowance.holds)
