"""The one thread of a hot folder: a share that hangs stops nobody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from retouchd.errors import RetouchdError, StorageError
from retouchd.hotfolder.cycle import Cycle
from retouchd.hotfolder.places import Places, share_down
from retouchd.hotfolder.takein import TakeIn
from retouchd.hotfolder.work import Pace, Signals, Work
from retouchd.intake.mounts import Mount, mount_of
from retouchd.intake.scan import LeftInPlace
from retouchd.intake.watch import Method, Watcher, method_for
from retouchd.jobs.order import Order
from retouchd.ledger.folders import Board, FolderState
from retouchd.ledger.jobs import Journal
from retouchd.log import get_logger
from retouchd.rules.schema import Rule
from retouchd.settings import HotFolder, Intake
from retouchd.values import Outcome

log = get_logger()

RETURN_SECONDS = 5.0
"""How often a share that is away is looked for."""


@dataclass(frozen=True)
class Surroundings:
    """What a hot folder needs of the daemon around it.

    Attributes:
        journal: of all hot folders.
        board: where people read how each hot folder is.
        submit: gives an order to the worker pool.
        rules: returns the present rules of this hot folder.
    """

    journal: Journal
    board: Board
    submit: Callable[[Order], None]
    rules: Callable[[], tuple[Rule, ...]]


class HotFolderLoop:
    """Runs one hot folder in a thread of its own until it is stopped."""

    def __init__(self, folder: HotFolder, intake: Intake, around: Surroundings) -> None:
        self.folder = folder
        self._intake = intake
        self._around = around
        mount = mount_of(folder.path)
        self.method: Method = method_for(mount, intake.watch)
        self._pace = _pace(folder, intake, mount, self.method)
        self._work = Work(sequence=around.journal.count(folder.name))
        self._signals = Signals(paused=around.board.is_paused(folder.name))
        self._left: tuple[LeftInPlace, ...] = ()
        self.progress = time.monotonic()
        self.has_looked = False
        self.is_idle = False
        self.is_down = False
        self._thread = threading.Thread(
            target=self._live, name=f"folder-{folder.name}", daemon=True
        )

    def start(self) -> None:
        """Begin with recovery, then take in."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the inbox soon; called from any thread."""
        self._signals.changed.set()
        self._signals.alarm.set()

    def accept(self, outcome: Outcome) -> None:
        """Take over the outcome of a job; called from the pool's thread."""
        self._work.outcomes.append(outcome)
        self._signals.alarm.set()

    def run_errand(self, errand: Callable[[Places], None]) -> None:
        """Let this folder's thread do *errand*: only it touches the share."""
        self._work.errands.append(errand)
        self._signals.alarm.set()

    def owns(self, job: str) -> bool:
        """Whether *job* was submitted from here."""
        return job in self._work.running

    def pause(self, *, paused: bool) -> None:
        """Stop or go on taking in; what was claimed is finished in any case."""
        self._signals.paused = paused
        self._around.board.set_paused(self.folder.name, paused=paused)
        self._publish()
        self.wake()

    def drain(self) -> None:
        """Take nothing more in."""
        self._signals.draining = True

    def stop(self) -> None:
        """Ask the thread to hand out what is finished and end."""
        self._signals.stopping.set()
        self._signals.alarm.set()

    def join(self, timeout: float) -> None:
        """Wait for the thread; one that hangs in a dead share is left behind."""
        self._thread.join(timeout)

    def _live(self) -> None:
        while not self._signals.stopping.is_set():
            try:
                self._live_while_share_is_up()
            except RetouchdError as error:
                self._note_down(error)
            except OSError as error:
                self._note_down(share_down(self.folder, error))
            except Exception as error:  # a fault of ours must be seen, not silent
                log.exception("folder_raised", hot_folder=self.folder.name)
                self._note_down(RetouchdError(f"retouchd made a mistake: {error}"))
            self.progress = time.monotonic()
            self._signals.stopping.wait(RETURN_SECONDS)
        if not self.is_down:
            self._publish("stopped")

    def _live_while_share_is_up(self) -> None:
        places = Places.open(self.folder)
        take_in = TakeIn(
            places, self._around.journal, self._pace.settle, self._intake.ignore
        )
        cycle = Cycle(
            places,
            self._around.journal,
            take_in,
            self._pace,
            self._work,
            self._signals,
            self._around.submit,
            self._around.rules,
        )
        watcher = self._watch()
        try:
            cycle.recover()
            self.is_down = False
            self._publish()
            while not cycle.is_over:
                if watcher and not watcher.hears:
                    raise StorageError(
                        "the inbox was mounted or made anew",
                        hint="nothing to do: it is opened again",
                        file=self.folder.inbox,
                    )
                self._turn(cycle, take_in)
        finally:
            if watcher:
                watcher.stop()
            places.close()

    def _turn(self, cycle: Cycle, take_in: TakeIn) -> None:
        self.progress = time.monotonic()
        cycle.turn()
        self.has_looked = True
        if take_in.left != self._left:
            self._left = take_in.left
            self._publish()
        self.is_idle = cycle.is_idle
        cycle.rest()

    def _watch(self) -> Watcher | None:
        if self.method == "scan":
            return None
        try:
            return Watcher(self.folder.inbox, self.wake, self._overflowed)
        except OSError as error:
            log.warning(
                "inotify_unavailable",
                hot_folder=self.folder.name,
                error=str(error),
                hint="raise fs.inotify.max_user_watches; the folder is scanned instead",
            )
            self.method = "scan"
            self._pace = Pace(self._pace.settle, self._intake.rescan_seconds_network)
            return None

    def _overflowed(self) -> None:
        log.warning("events_lost", hot_folder=self.folder.name)
        self.wake()

    def _note_down(self, error: RetouchdError) -> None:
        self.is_down = True
        log.error("share_down", hot_folder=self.folder.name, error=str(error))
        self._publish("share down", str(error))

    def _publish(self, state: str = "", reason: str = "") -> None:
        watching = "paused" if self._signals.paused else "watching"
        self._around.board.publish(
            FolderState(
                name=self.folder.name,
                path=str(self.folder.path),
                watched_by=self.method,
                state=state or watching,
                reason=reason,
                left_in_place=tuple((one.name, one.reason) for one in self._left),
            ),
            time.time(),
        )


def _pace(folder: HotFolder, intake: Intake, mount: Mount, method: Method) -> Pace:
    """Choose the times for *mount*; without events the scan must come more often."""
    settle = (
        intake.settle_seconds_network if mount.is_network else intake.settle_seconds
    )
    if folder.settle_seconds is not None:
        settle = folder.settle_seconds
    rescan = (
        intake.rescan_seconds if method == "inotify" else intake.rescan_seconds_network
    )
    return Pace(settle, rescan)
