"""The one thread of a hot folder: a share that hangs stops nobody else."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from retouchd.errors import HeldError, RetouchdError
from retouchd.hotfolder.handout import Handout, Staged
from retouchd.hotfolder.places import Places, require_marker, share_down
from retouchd.hotfolder.recovery import recover
from retouchd.hotfolder.takein import CLAIMS_AT_ONCE, TakeIn
from retouchd.intake.claim import claimed_path, is_moving
from retouchd.intake.mounts import mount_of
from retouchd.intake.scan import Fingerprint
from retouchd.intake.watch import Method, Watcher, method_for
from retouchd.jobs.runner import Order
from retouchd.ledger.folders import Board, FolderState
from retouchd.ledger.jobs import Entry, Journal
from retouchd.log import get_logger
from retouchd.rules.schema import Rule
from retouchd.settings import HotFolder, Intake
from retouchd.values import DESTINATIONS, Drop, Outcome

log = get_logger()

IN_FLIGHT_LIMIT = 2 * CLAIMS_AT_ONCE
"""Claimed drops that are not yet done; the rest stays visible in ``in/``."""

GROUP_SECONDS = 1.0
"""How long a result may wait for others to share its commit while jobs still run."""

BOOK_SECONDS = 5.0
"""How long a delivered job may wait for others before it is booked."""

TRIES = 2
"""How often a job runs whose file may just not have been complete."""


@dataclass(frozen=True)
class Surroundings:
    """What a hot folder needs of the daemon around it.

    Attributes:
        submit: gives an order to the worker pool.
        rules: returns the present rules of this hot folder.
    """

    journal: Journal
    board: Board
    submit: Callable[[Order], None]
    rules: Callable[[], tuple[Rule, ...]]


@dataclass
class _Work:
    """Jobs on their way, by where they are; touched by the folder's thread only."""

    running: dict[str, Entry] = field(default_factory=dict)
    second_looks: list[tuple[float, Entry]] = field(default_factory=list)
    staged: list[Staged] = field(default_factory=list)
    failing: list[tuple[Entry, Outcome]] = field(default_factory=list)
    tries: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return (
            len(self.running)
            + len(self.second_looks)
            + len(self.staged)
            + len(self.failing)
        )


class HotFolderLoop:
    """Runs one hot folder in a thread of its own until it is stopped."""

    def __init__(self, folder: HotFolder, intake: Intake, around: Surroundings) -> None:
        self.folder = folder
        self._around = around
        self._ignored = intake.ignore
        mount = mount_of(folder.path)
        self.method: Method = method_for(mount, intake.watch)
        network = self.method == "scan" and mount.is_network
        self._rescan_seconds = (
            intake.rescan_seconds_network if network else intake.rescan_seconds
        )
        default = intake.settle_seconds_network if network else intake.settle_seconds
        self._settle_seconds = (
            default if folder.settle_seconds is None else folder.settle_seconds
        )
        self.paused = around.board.is_paused(folder.name)
        self.progress = time.monotonic()
        self._outcomes: deque[Outcome] = deque()
        self._alarm = threading.Event()
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._work = _Work()
        self._idle = self._draining = False
        self.is_down = False
        self._errands: deque[Callable[[Places], None]] = deque()
        self._sequence = around.journal.count(folder.name)
        self._next_scan = self._oldest_result = self._oldest_unbooked = 0.0
        self._thread = threading.Thread(
            target=self._live, name=f"folder-{folder.name}", daemon=True
        )

    def start(self) -> None:
        """Begin with recovery, then take in."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the inbox soon; called from any thread."""
        self._changed.set()
        self._alarm.set()

    def accept(self, outcome: Outcome) -> None:
        """Take over the outcome of a job; called from the pool's thread."""
        self._outcomes.append(outcome)
        self._alarm.set()

    def run_errand(self, errand: Callable[[Places], None]) -> None:
        """Let this folder's thread do *errand*: only it touches the share."""
        self._errands.append(errand)
        self._alarm.set()

    def owns(self, job: str) -> bool:
        """Whether *job* was submitted from here."""
        return job in self._work.running

    @property
    def is_idle(self) -> bool:
        """Whether everything that lay in ``in/`` was taken, handed out and booked."""
        return self._idle

    def drain(self) -> None:
        """Take nothing more in."""
        self._draining = True

    def stop(self) -> None:
        """Ask the thread to hand out what is finished and end."""
        self._stopping.set()
        self._alarm.set()

    def join(self, timeout: float) -> None:
        """Wait for the thread; one that hangs in a dead share is left behind."""
        self._thread.join(timeout)

    def _live(self) -> None:
        while not self._stopping.is_set():
            self.is_down = False
            try:
                self._live_while_share_is_up()
            except RetouchdError as error:
                self._down(error)
            except OSError as error:
                self._down(share_down(self.folder, error))
            except Exception:  # a fault of ours must be seen, not end in silence
                log.exception("folder_raised", hot_folder=self.folder.name)
                self._publish("fault", "see the log")
            self.is_down = not self._stopping.is_set()
            self._stopping.wait(min(self._rescan_seconds, 5.0))

    def _down(self, error: RetouchdError) -> None:
        self._publish("share down", str(error))
        log.error("share_down", hot_folder=self.folder.name, error=str(error))

    def _live_while_share_is_up(self) -> None:
        places = Places.open(self.folder)
        handout = Handout(places, self._around.journal)
        take_in = TakeIn(
            places, self._around.journal, self._settle_seconds, self._ignored
        )
        watcher = self._watch()
        try:
            self._recover(places)
            self._publish("watching")
            while not self._is_over(handout):
                self._turn(places, take_in, handout)
        finally:
            if watcher:
                watcher.stop()
            places.close()

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
            self.method, self._rescan_seconds = "scan", 5.0
            return None

    def _overflowed(self) -> None:
        log.warning("events_lost", hot_folder=self.folder.name)
        self.wake()

    def _recover(self, places: Places) -> None:
        """Go by the journal alone; only what the worker still has is remembered."""
        busy = frozenset(self._work.running)
        found = recover(places, self._around.journal, time.time(), busy)
        self._work.second_looks.clear()
        self._work.staged = found.to_deliver
        self._work.failing = found.to_quarantine
        for entry in found.to_run:
            self._run(entry, places)

    def _is_over(self, handout: Handout) -> bool:
        """Whether a stop was asked for and everything finished is handed out."""
        open_ends = self._outcomes or self._work.staged or self._work.failing
        return self._stopping.is_set() and not open_ends and not handout.unbooked

    def _turn(self, places: Places, take_in: TakeIn, handout: Handout) -> None:
        """Do what is due, then sleep until something else is."""
        now = time.monotonic()
        self.progress = now
        if self._is_scan_due(take_in, now):
            self._take_in(places, take_in, now)
        while self._errands:
            self._errands.popleft()(places)
        self._look_again(places, now)
        self._hand_out(places, handout, now)
        self._idle = not (len(self._work) or handout.unbooked or take_in.waiting)
        if not self._outcomes:
            self._alarm.wait(self._time_to_sleep(take_in, handout))
        self._alarm.clear()

    def _is_scan_due(self, take_in: TakeIn, now: float) -> bool:
        if self.paused or self._draining:
            return False
        if len(self._work) >= IN_FLIGHT_LIMIT:
            return False
        look = take_in.next_look(now)
        due = now >= self._next_scan or (look is not None and now >= look)
        return due or self._changed.is_set()

    def _take_in(self, places: Places, take_in: TakeIn, now: float) -> None:
        self._changed.clear()
        require_marker(self.folder)
        rules = self._around.rules()
        wait = max((rule.sidecar.wait for rule in rules), default=0.0)
        room = min(CLAIMS_AT_ONCE, IN_FLIGHT_LIMIT - len(self._work))
        left_before = take_in.left
        for entry in take_in.take(now, wait, room):
            self._run(entry, places)
        if take_in.left != left_before:
            self._publish("watching", left=take_in)
        # A first sight needs a second look, a full batch leaves ready files behind.
        more = take_in.waiting and room == CLAIMS_AT_ONCE
        soon = min(self._settle_seconds / 2, 0.5) if more else self._rescan_seconds
        self._next_scan = now + max(soon, 0.05)

    def _run(self, entry: Entry, places: Places) -> None:
        """Give a claimed drop to the worker."""
        self._work.running[entry.job] = entry
        tries = self._work.tries.setdefault(entry.job, 0) + 1
        self._work.tries[entry.job] = tries
        self._sequence += 1
        claim = places.claim_folder(entry.job)
        drop = Drop(
            hot_folder=self.folder.name,
            name=entry.source,
            path=claimed_path(claim, entry.source),
            members=tuple(claimed_path(claim, name) for name in entry.members),
        )
        stages = {
            word: places.stage_for(word) / f"{entry.job}-{tries}"
            for word in DESTINATIONS
        }
        self._around.submit(
            Order(
                entry.job,
                drop,
                self._around.rules(),
                stages,
                sequence=self._sequence,
            )
        )

    def _look_again(self, places: Places, now: float) -> None:
        due = [entry for at, entry in self._work.second_looks if at <= now]
        self._work.second_looks = [
            (at, entry) for at, entry in self._work.second_looks if at > now
        ]
        for entry in due:
            self._around.journal.again(entry.job, time.time(), "looked at once more")
            self._run(entry, places)

    def _hand_out(self, places: Places, handout: Handout, now: float) -> None:
        if self._outcomes and self._is_group_complete(now):
            self._stage(places, handout, now)
        if self._work.failing:
            failing, self._work.failing = self._work.failing, []
            for entry, outcome in failing:
                handout.quarantine(entry, outcome)
        while self._work.staged:
            self._deliver(self._work.staged[0], handout)
            self._work.staged.pop(0)
        if not handout.unbooked:
            self._oldest_unbooked = now
        elif self._is_time_to_book(handout, now):
            handout.book()

    def _is_group_complete(self, now: float) -> bool:
        """Commit at once when nothing else runs; else let results gather a moment."""
        self._oldest_result = self._oldest_result or now
        all_here = len(self._outcomes) >= len(self._work.running)
        full = len(self._outcomes) >= CLAIMS_AT_ONCE
        late = now - self._oldest_result >= GROUP_SECONDS
        return all_here or full or late or self._stopping.is_set()

    def _is_time_to_book(self, handout: Handout, now: float) -> bool:
        nothing_runs = not self._work.running and not self._outcomes
        full = handout.unbooked >= CLAIMS_AT_ONCE
        late = now - self._oldest_unbooked >= BOOK_SECONDS
        return nothing_runs or full or late or self._stopping.is_set()

    def _stage(self, places: Places, handout: Handout, now: float) -> None:
        self._oldest_result = 0.0
        good: list[tuple[Entry, Outcome]] = []
        bad: list[tuple[Entry, Outcome]] = []
        while self._outcomes:
            outcome = self._outcomes.popleft()
            entry = self._work.running.pop(outcome.job)
            if self._wants_second_look(entry, outcome, places):
                self._work.second_looks.append((now + self._settle_seconds, entry))
            else:
                (bad if outcome.error else good).append((entry, outcome))
        staged, refused = handout.stage(good) if good else ([], [])
        self._work.staged += staged
        if bad or refused:
            handout.fail([*bad, *refused])

    def _wants_second_look(
        self, entry: Entry, outcome: Outcome, places: Places
    ) -> bool:
        """Whether the file may not have been complete when it was read."""
        picture = claimed_path(places.claim_folder(entry.job), entry.source)
        settled = Fingerprint(entry.size, entry.mtime_ns, 0, entry.inode)
        may_try = self._work.tries[entry.job] < TRIES
        return may_try and (outcome.retryable or is_moving(picture, settled))

    def _deliver(self, job: Staged, handout: Handout) -> None:
        try:
            handout.deliver(job)
        except HeldError as error:
            self._around.journal.held(job.entry.job, time.time(), str(error))
            log.warning("held", job=job.entry.job, error=str(error))

    def _time_to_sleep(self, take_in: TakeIn, handout: Handout) -> float:
        now = time.monotonic()
        due = [self._next_scan] if not self.paused else [now + self._rescan_seconds]
        look = take_in.next_look(now)
        if look is not None and not self.paused:
            due.append(look)
        due += [at for at, _ in self._work.second_looks]
        if self._outcomes:
            due.append(self._oldest_result + GROUP_SECONDS)
        if handout.unbooked:
            due.append(self._oldest_unbooked + BOOK_SECONDS)
        return max(0.01, min(due) - now)

    def pause(self, *, paused: bool) -> None:
        """Stop or go on taking in; what was claimed is finished in any case."""
        self.paused = paused
        self._around.board.set_paused(self.folder.name, paused=paused)
        self._publish("paused" if paused else "watching")
        self.wake()

    def _publish(
        self, state: str, reason: str = "", left: TakeIn | None = None
    ) -> None:
        entries: Sequence[tuple[str, str]] = (
            [(one.name, one.reason) for one in left.left] if left else ()
        )
        self._around.board.publish(
            FolderState(
                name=self.folder.name,
                path=str(self.folder.path),
                watched_by=self.method,
                state=state,
                reason=reason,
                left_in_place=tuple(entries),
            ),
            time.time(),
        )
