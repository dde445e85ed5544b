"""The one thread of a hot folder: a share that hangs stops nobody else."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from retouchd.errors import (
    LedgerError,
    LostRootError,
    RetouchdError,
    RootInUseError,
    StorageError,
)
from retouchd.hotfolder.allowance import Allowance
from retouchd.hotfolder.cycle import Cycle
from retouchd.hotfolder.ears import listen
from retouchd.hotfolder.faults import is_full, share_down
from retouchd.hotfolder.notices import Notices
from retouchd.hotfolder.owner import Patience
from retouchd.hotfolder.ownership import Ownership
from retouchd.hotfolder.places import Places
from retouchd.hotfolder.review.desk import Wanted
from retouchd.hotfolder.surroundings import Surroundings
from retouchd.hotfolder.takein import TakeIn
from retouchd.hotfolder.work import (
    Asked,
    Decision,
    Pace,
    Signals,
    Work,
    pace_for,
)
from retouchd.intake.mounts import mount_of
from retouchd.intake.watch import Method, Watcher, method_for
from retouchd.ledger.held import Word
from retouchd.ledger.identity import ledger_identity
from retouchd.log import get_logger
from retouchd.rules.schema import Rule
from retouchd.settings import HotFolder, Intake
from retouchd.values import Outcome

log = get_logger()

LONGEST_WAIT = 12
"""A folder that is full again and again waits so many times as long, at most."""


class HotFolderLoop:
    """Runs one hot folder in a thread of its own, which alone touches the share.

    Attributes:
        folder: its settings.
        method: how changes are noticed; known once the share was seen.
        progress: when (monotonic clock) the thread last began something.
        has_looked: whether it was recovered and its inbox looked at.
        is_idle: whether everything that lay in ``in/`` was finished.
        is_down: whether it cannot work now, whatever the reason.
        waiting: files seen in ``in/`` that are not claimed yet.
        oldest_wait: seconds since the oldest of them was first seen.
        scans: looks through the inbox since the start.
    """

    def __init__(self, folder: HotFolder, intake: Intake, around: Surroundings) -> None:
        self.folder = folder
        self._intake = intake
        self._around = around
        self._patience = Patience(intake.heartbeat_seconds, intake.takeover_seconds)
        identity = ledger_identity(around.journal.database.path)
        self._ownership = Ownership(identity, self._patience, takeover=around.takeover)
        self._work = Work(sequence=around.journal.count(folder.name))
        self._signals = Signals(paused=around.board.is_paused(folder.name))
        self._notices = Notices(folder, around.board, self._signals)
        self._wait = intake.return_seconds
        self.method: Method = "scan"
        self.progress = time.monotonic()
        self.has_looked = False
        self.is_idle = False
        self.is_down = False
        self.waiting = 0
        self.oldest_wait = 0.0
        self.scans = 0
        self.thread = threading.Thread(
            target=self._live, name=f"folder-{folder.name}", daemon=True
        )

    @property
    def name(self) -> str:
        """Name of the hot folder."""
        return self.folder.name

    @property
    def is_paused(self) -> bool:
        """Whether a person asked it to take nothing in."""
        return self._signals.paused

    def rules(self) -> tuple[Rule, ...]:
        """Return its rules as they are now; called from any thread."""
        return self._around.rules("")

    def allow(self, allowance: Allowance) -> None:
        """Keep to *allowance* from now on; called from any thread."""
        self._signals.allowance = allowance
        self.wake()

    def start(self) -> None:
        """Begin with recovery, then take in."""
        self.thread.start()

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

    def decide(
        self, job: str, word: Word, answer: Callable[[Mapping[str, Any]], None]
    ) -> None:
        """Let this folder's thread carry out a person's word on a held job.

        Args:
            job: its id.
            word: see `held.decide`.
            answer: told what came of it, from the folder's thread.
        """
        self._work.decisions.append(Decision(job, word, answer))
        self._signals.alarm.set()

    def judge(
        self, wanted: Wanted, answer: Callable[[Mapping[str, Any]], None]
    ) -> None:
        """Let this folder's thread carry out a verdict; *answer* as for `decide`."""
        self._work.asked.append(Asked(wanted, answer))
        self._signals.alarm.set()

    def owns(self, job: str) -> bool:
        """Whether *job* was submitted from here."""
        return job in self._work.running

    def pause(self, *, paused: bool) -> None:
        """Stop or go on taking in; what was claimed is finished in any case."""
        self._signals.paused = paused
        self._around.board.set_paused(self.folder.name, paused=paused)
        self._notices.publish()
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
        self.thread.join(timeout)

    def _live(self) -> None:
        try:
            while not self._signals.stopping.is_set():
                self.progress = time.monotonic()
                self._live_until_trouble()
                self.progress = time.monotonic()
                self._signals.stopping.wait(self._wait)
        except LostRootError as error:
            self.is_down = True
            self._notices.trouble("taken over", error)
        except LedgerError:
            # Nothing can be noted any more; the main thread ends it all.
            if self._around.journal.database.broken is None:
                log.exception("ledger_refused", hot_folder=self.name)
            return
        if not self.is_down:
            self._notices.publish("stopped")

    def _live_until_trouble(self) -> None:
        try:
            self._live_while_share_is_up()
        except (LedgerError, LostRootError):
            raise
        except RetouchdError as error:
            self._note_trouble(error)
        except OSError as error:
            self._note_trouble(share_down(self.folder, error))
        except Exception as error:  # a fault of ours must be seen, not silent
            log.exception("folder_raised", hot_folder=self.folder.name)
            self._note_trouble(RetouchdError(f"retouchd made a mistake: {error}"))

    def _live_while_share_is_up(self) -> None:
        places = Places.open(self.folder, self._ownership, time.monotonic())
        mount = mount_of(self.folder.path)
        self.method = method_for(mount, self._intake.watch)
        self._notices.opened(places, mount, self.method)
        watcher = None
        try:
            watcher = listen(self.folder, self._intake, self._signals, self.method)
            if watcher is None:
                self.method = self._notices.watched_by = "scan"
            pace = pace_for(self.folder, self._intake, mount, self.method)
            self._work_on(places, watcher, pace)
        except OSError:
            # A folder of ours that is gone may mean that we are not the owner any more.
            places.require()
            raise
        finally:
            if watcher:
                watcher.stop()
            places.close()

    def _work_on(self, places: Places, watcher: Watcher | None, pace: Pace) -> None:
        journal = self._around.journal
        take_in = TakeIn(places, journal, pace.settle, self._intake.ignore)
        cycle = Cycle(
            places,
            journal,
            take_in,
            pace,
            self._work,
            self._signals,
            self._around.submit,
            self._around.rules,
            self._around.guide,
            self._around.times,
        )
        cycle.recover()
        self.is_down = False
        self._notices.publish()
        while not cycle.is_over:
            if watcher and not watcher.hears:
                raise StorageError(
                    "the inbox was mounted or made anew",
                    hint="nothing to do: it is opened again",
                    file=self.folder.inbox,
                )
            self._turn(cycle, take_in)
        with contextlib.suppress(OSError):  # the next daemon then has to wait, no more
            places.owner.release()

    def _turn(self, cycle: Cycle, take_in: TakeIn) -> None:
        self.progress = time.monotonic()
        scans = cycle.scans
        cycle.turn()
        self.scans += cycle.scans - scans
        self.has_looked = True
        self.waiting = take_in.waiting
        self.oldest_wait = take_in.oldest_wait(time.monotonic())
        self.is_idle = cycle.is_idle
        self.is_down = bool(cycle.shortage)
        self._notices.turned(cycle.left, cycle.shortage)
        if not self.is_down:
            self._wait = self._intake.return_seconds
        cycle.rest()

    def _note_trouble(self, error: RetouchdError) -> None:
        """Say why nothing is done now, and choose when to try again."""
        self.is_down = True
        usual = self._intake.return_seconds
        if isinstance(error, RootInUseError):
            self._wait = min(usual, self._patience.beat)
            self._notices.trouble("in use elsewhere", error)
        elif is_full(error):
            # Room that comes and goes must not make the worker run in vain.
            self._wait = min(2 * self._wait, LONGEST_WAIT * usual)
            self._notices.trouble("waiting for space", error)
        else:
            self._wait = usual
            self._notices.trouble("share down", error)
