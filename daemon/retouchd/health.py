"""Judges whether the daemon is well, and tells the service manager and people."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from retouchd.errors import LedgerError, RetouchdError
from retouchd.ledger.database import Database
from retouchd.ledger.folders import Board
from retouchd.log import get_logger
from retouchd.ops.notify import Notifier

log = get_logger()

ALIVE_SECONDS = 5.0
"""How often the service manager hears that all is well; it waits for 60."""

COMMIT_SECONDS = 30.0
"""A commit that takes longer hangs: the disk of the ledger does not answer."""

HANG_SECONDS = 30.0
"""A folder that is busy with one thing for longer is looked at closely."""

QUIET_SECONDS = 10.0
"""A thread that then uses no processor time for so long waits for its share."""

STUCK_SECONDS = 300.0
"""A folder's thread that waits so long for another part of ours waits for ever."""


class Folder(Protocol):
    """What is asked of a hot folder's loop; each answer comes at once.

    Attributes:
        name: of the hot folder.
        thread: its one thread, which was started.
        has_looked: whether it was recovered and its inbox looked at.
        is_down: whether its share is known to be away.
        progress: when (monotonic clock) its thread last began something.
    """

    has_looked: bool
    is_down: bool
    progress: float

    thread: threading.Thread

    @property
    def name(self) -> str: ...  # noqa: D102  (see the class)


class Health:
    """Looks at every part once per beat.

    Args:
        notifier: tells the service manager.
        database: of the ledger.
        board: where people read how each hot folder is.
        is_pool_alive: whether orders are still served.
        folders: the loops of all hot folders.
        rescan: the longest time in seconds for which an idle folder may sleep.

    Attributes:
        hanging: names of hot folders whose share does not answer.
    """

    def __init__(
        self,
        notifier: Notifier,
        database: Database,
        board: Board,
        is_pool_alive: Callable[[], bool],
        folders: Sequence[Folder],
        rescan: float,
    ) -> None:
        self._notifier = notifier
        self._database = database
        self._board = board
        self._is_pool_alive = is_pool_alive
        self._folders = folders
        self._stuck_seconds = STUCK_SECONDS + 2 * rescan
        self._told_at = 0.0
        self._is_ready = False
        self._quiet: dict[str, tuple[int, float]] = {}
        self.hanging: frozenset[str] = frozenset()

    def beat(self, now: float) -> None:
        """Look at all parts, and tell the service manager when it is time.

        Args:
            now: seconds of the monotonic clock.

        Raises:
            LedgerError: nothing may be claimed or finished any more.
            RetouchdError: no worker can be kept alive.
        """
        self._database.require_health()
        if not self._is_pool_alive():
            raise RetouchdError(
                "the worker process keeps dying",
                hint="run `retouchd doctor`; the log tells the exit codes",
            )
        self._require_threads()
        self._look_for_hanging_shares(now)
        self._tell(now)

    def is_away(self, folder: Folder) -> bool:
        """Whether nothing can be expected of *folder* for now."""
        return folder.is_down or self._hangs(folder)

    def _hangs(self, folder: Folder) -> bool:
        return folder.name in self.hanging

    def _require_threads(self) -> None:
        for one in self._folders:
            # A share that is lost to another daemon ends its thread, and says so.
            if not (one.thread.is_alive() or one.is_down):
                raise LedgerError(
                    "the ledger refused what a folder had to note; see the log",
                    hint="the daemon is started anew and goes on from the ledger",
                    hot_folder=one.name,
                )

    def _tell(self, now: float) -> None:
        if not self._is_ready and self._are_all_looked_at():
            self._is_ready = True
            self._notifier.ready()
        if now - self._told_at < ALIVE_SECONDS:
            return
        self._told_at = now
        if not self._is_ready:
            self._notifier.starting()
        elif self._is_everything_moving(now):
            self._notifier.alive()

    def _are_all_looked_at(self) -> bool:
        return all(one.has_looked or self.is_away(one) for one in self._folders)

    def _is_everything_moving(self, now: float) -> bool:
        """Whether writer and folders get on; a dead share is no fault of ours."""
        if self._database.stalled_seconds > COMMIT_SECONDS:
            return False
        return all(
            now - one.progress < self._stuck_seconds or self._hangs(one)
            for one in self._folders
        )

    def _look_for_hanging_shares(self, now: float) -> None:
        """Find threads that do nothing but wait for a file.

        A call to a share whose server is away may never return.
        """
        before, self._quiet = self._quiet, {}
        for one in self._folders:
            if now - one.progress > HANG_SECONDS and not waits_for_us(one.thread):
                ticks = _cpu_ticks(one.thread)
                known, since = before.get(one.name, (ticks, now))
                self._quiet[one.name] = (ticks, since if ticks == known else now)
        hanging = frozenset(
            name
            for name, (_, since) in self._quiet.items()
            if now - since >= QUIET_SECONDS
        )
        if hanging != self.hanging:
            self._announce(hanging - self.hanging, self.hanging - hanging)
            self.hanging = hanging

    def _announce(self, new: Iterable[str], gone: Iterable[str]) -> None:
        for name in new:
            log.error("share_hangs", hot_folder=name)
            seconds = HANG_SECONDS + QUIET_SECONDS
            reason = f"the share has not answered for {seconds:g} s"
            self._board.note_hanging(name, reason, time.time())
        for name in gone:
            log.info("share_answers", hot_folder=name)
            self._board.note_answering(name, time.time())


def waits_for_us(thread: threading.Thread) -> bool:
    """Whether *thread* waits for another thread of ours, and not for the kernel."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001  (documented)
    return frame is None or frame.f_code.co_filename == threading.__file__


def _cpu_ticks(thread: threading.Thread) -> int:
    """Return the processor time that *thread* has used.

    Source: proc(5), ``/proc/PID/task/TID/stat``, fields utime and stime.
    """
    try:
        task = Path(f"/proc/self/task/{thread.native_id}/stat")
        stat = task.read_text(encoding="utf-8")
    except OSError:  # it has just ended
        return 0
    # The name of the thread is in brackets and may hold blanks and brackets itself.
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
