"""The working day of a hot folder while its share is up, turn by turn."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from retouchd.errors import HeldError
from retouchd.hotfolder.handout import Handout, Staged
from retouchd.hotfolder.places import Places, require_marker
from retouchd.hotfolder.recovery import recover
from retouchd.hotfolder.takein import CLAIMS_AT_ONCE, TakeIn
from retouchd.hotfolder.work import Pace, Signals, Work
from retouchd.intake.claim import claimed_path, is_moving
from retouchd.intake.scan import Fingerprint
from retouchd.jobs.order import Order
from retouchd.ledger.entries import Entry
from retouchd.ledger.jobs import Journal
from retouchd.log import get_logger
from retouchd.rules.schema import Rule
from retouchd.values import DESTINATIONS, Drop, Outcome

log = get_logger()

IN_FLIGHT_LIMIT = 2 * CLAIMS_AT_ONCE
"""Claimed drops that are not yet done; the rest stays visible in ``in/``.

More are taken in when a whole batch has room: one by one, each would cost a scan and
two commits.
"""

GROUP_SECONDS = 2.0
"""How long a result may wait for others to share its commit while jobs still run."""

BOOK_SECONDS = 15.0
"""How long a delivered job may wait for others before it is booked."""

SHORTEST_LOOK_SECONDS = 0.05
"""Least time between two scans, however many events ask for one."""

SCAN_SHARE = 0.2
"""Largest share of the thread's time that scans of a huge inbox may take."""

TRIES = 2
"""How often a job runs whose file may just not have been complete."""


class Cycle:
    """Takes in, runs and hands out while the share is up.

    Args:
        places: the open hot folder.
        journal: of all hot folders.
        take_in: its inbox.
        pace: how patient it is.
        work: jobs that the worker may still have from before.
        signals: what other threads ask for.
        submit: gives an order to the worker pool.
        rules: returns the present rules of this hot folder.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (the parts that one turn connects)
        self,
        places: Places,
        journal: Journal,
        take_in: TakeIn,
        pace: Pace,
        work: Work,
        signals: Signals,
        submit: Callable[[Order], None],
        rules: Callable[[], tuple[Rule, ...]],
    ) -> None:
        self._places = places
        self._journal = journal
        self._take_in = take_in
        self._handout = Handout(places, journal)
        self._pace = pace
        self._work = work
        self._signals = signals
        self._submit = submit
        self._rules = rules
        self._second_looks: list[tuple[float, Entry]] = []
        self._staged: list[Staged] = []
        self._failing: list[tuple[Entry, Outcome]] = []
        self._next_scan = 0.0
        self._no_scan_before = 0.0
        self._oldest_result = 0.0
        self._oldest_unbooked = 0.0

    def recover(self) -> None:
        """Go by the journal alone; only what the worker still has is remembered."""
        busy = frozenset(self._work.running)
        found = recover(self._places, self._journal, time.time(), busy)
        self._staged = found.to_deliver
        self._failing = found.to_quarantine
        for entry in found.to_run:
            self._run(entry)

    @property
    def is_over(self) -> bool:
        """Whether a stop was asked for and everything finished is handed out."""
        return self._signals.stopping.is_set() and not (
            self._work.outcomes
            or self._staged
            or self._failing
            or self._handout.unbooked
        )

    @property
    def is_idle(self) -> bool:
        """Whether everything that lay in ``in/`` was taken, handed out and booked."""
        return not (self._jobs or self._handout.unbooked or self._take_in.waiting)

    @property
    def _jobs(self) -> int:
        waiting = len(self._second_looks) + len(self._staged) + len(self._failing)
        return len(self._work.running) + waiting

    @property
    def _has_room(self) -> bool:
        return self._jobs + CLAIMS_AT_ONCE <= IN_FLIGHT_LIMIT

    def turn(self) -> None:
        """Do what is due now.

        Raises:
            OSError: the share failed; the journal knows where everything stands.
            StorageError: the share is not mounted any more.
        """
        now = time.monotonic()
        if self._is_scan_due(now):
            self._scan(now)
        while self._work.errands:
            self._work.errands.popleft()(self._places)
        self._look_again(now)
        self._hand_out(now)

    def rest(self) -> None:
        """Sleep until something is due or another thread asks for something."""
        if not self._work.outcomes or self._oldest_result:
            self._signals.alarm.wait(self._time_to_sleep())
        self._signals.alarm.clear()

    def _is_scan_due(self, now: float) -> bool:
        if not (self._signals.takes_in and self._has_room):
            return False
        if now < self._no_scan_before:
            return False
        look = self._take_in.next_look(now)
        is_time = now >= self._next_scan or (look is not None and now >= look)
        return is_time or self._signals.changed.is_set()

    def _scan(self, now: float) -> None:
        self._signals.changed.clear()
        require_marker(self._places.folder)
        wait = max((rule.sidecar.wait for rule in self._rules()), default=0.0)
        taken = self._take_in.take(now, wait, CLAIMS_AT_ONCE)
        for entry in taken:
            self._run(entry)
        # A batch that was cut short leaves settled files behind.
        is_cut = len(taken) == CLAIMS_AT_ONCE
        pause = SHORTEST_LOOK_SECONDS if is_cut else self._pace.rescan
        self._next_scan = now + pause
        end = time.monotonic()
        rest = max(SHORTEST_LOOK_SECONDS, (end - now) * (1 / SCAN_SHARE - 1))
        self._no_scan_before = end + rest

    def _run(self, entry: Entry) -> None:
        """Give a claimed drop to the worker."""
        work, places = self._work, self._places
        work.running[entry.job] = entry
        work.tries[entry.job] = work.tries.get(entry.job, 0) + 1
        work.sequence += 1
        claim = places.claim_folder(entry.job)
        drop = Drop(
            hot_folder=places.folder.name,
            name=entry.source,
            path=claimed_path(claim, entry.source),
            members=tuple(claimed_path(claim, name) for name in entry.members),
        )
        # A killed daemon's worker may write for a moment yet; never into our files.
        stem = f"{entry.job}-{os.getpid()}-{work.tries[entry.job]}"
        stages = {word: places.stage_for(word) / stem for word in DESTINATIONS}
        self._submit(
            Order(entry.job, drop, self._rules(), stages, sequence=work.sequence)
        )

    def _look_again(self, now: float) -> None:
        """Run once more what may not have been complete the first time."""
        due = [entry for at, entry in self._second_looks if at <= now]
        self._second_looks = [one for one in self._second_looks if one[0] > now]
        for entry in due:
            self._journal.again(entry.job, time.time(), "looked at once more")
            self._run(entry)

    def _hand_out(self, now: float) -> None:
        if self._work.outcomes and self._is_group_complete(now):
            self._stage(now)
        while self._failing:
            self._handout.quarantine(*self._failing[0])
            self._failing.pop(0)
        while self._staged:
            self._deliver(self._staged[0])
            self._staged.pop(0)
        if not self._handout.unbooked:
            self._oldest_unbooked = now
        elif self._is_time_to_book(now):
            self._handout.book()

    def _is_group_complete(self, now: float) -> bool:
        """Commit at once when nothing else runs; else let results gather a moment."""
        self._oldest_result = self._oldest_result or now
        return (
            len(self._work.outcomes) >= min(len(self._work.running), CLAIMS_AT_ONCE)
            or now - self._oldest_result >= GROUP_SECONDS
            or self._signals.stopping.is_set()
        )

    def _is_time_to_book(self, now: float) -> bool:
        return (
            not (self._work.running or self._work.outcomes)
            or self._handout.unbooked >= CLAIMS_AT_ONCE
            or now - self._oldest_unbooked >= BOOK_SECONDS
            or self._signals.stopping.is_set()
        )

    def _stage(self, now: float) -> None:
        self._oldest_result = 0.0
        good: list[tuple[Entry, Outcome]] = []
        bad: list[tuple[Entry, Outcome]] = []
        while self._work.outcomes:
            outcome = self._work.outcomes.popleft()
            entry = self._work.running.pop(outcome.job)
            if self._wants_second_look(entry, outcome):
                for made in outcome.renditions:
                    made.stage.unlink(missing_ok=True)
                self._second_looks.append((now + self._pace.settle, entry))
                continue
            self._work.tries.pop(entry.job)
            (bad if outcome.error else good).append((entry, outcome))
        if good:
            staged, refused = self._handout.stage(good)
            self._staged += staged
            bad += refused
        if bad:
            self._handout.fail(bad)

    def _wants_second_look(self, entry: Entry, outcome: Outcome) -> bool:
        """Whether the file may not have been complete when it was read."""
        claim = self._places.claim_folder(entry.job)
        picture = claimed_path(claim, entry.source)
        settled = Fingerprint(entry.size, entry.mtime_ns, 0, entry.inode)
        may_try = self._work.tries[entry.job] < TRIES
        return may_try and (outcome.retryable or is_moving(picture, settled))

    def _deliver(self, job: Staged) -> None:
        try:
            self._handout.deliver(job)
        except HeldError as error:
            self._journal.held(job.entry.job, time.time(), str(error))
            log.warning("held", job=job.entry.job, error=str(error))

    def _time_to_sleep(self) -> float:
        now = time.monotonic()
        due = [now + self._pace.rescan]
        if self._signals.takes_in and self._has_room:
            looks = [self._next_scan, self._take_in.next_look(now)]
            if self._signals.changed.is_set():
                looks.append(now)
            soonest = min(look for look in looks if look is not None)
            due.append(max(soonest, self._no_scan_before))
        due += [at for at, _ in self._second_looks]
        if self._work.outcomes:
            due.append(self._oldest_result + GROUP_SECONDS)
        if self._handout.unbooked:
            due.append(self._oldest_unbooked + BOOK_SECONDS)
        return max(0.0, min(due) - now)
