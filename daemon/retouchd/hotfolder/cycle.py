"""The working day of a hot folder while its share is up, turn by turn."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable

from retouchd.errors import RetouchdError
from retouchd.hotfolder.handout import Staged
from retouchd.hotfolder.held import decide
from retouchd.hotfolder.places import Places
from retouchd.hotfolder.recovery import recover
from retouchd.hotfolder.results import Results
from retouchd.hotfolder.retry import finish_sending
from retouchd.hotfolder.review.refining import refining_order
from retouchd.hotfolder.review.verdicts import Verdicts
from retouchd.hotfolder.space import shortage
from retouchd.hotfolder.takein import CLAIMS_AT_ONCE, TakeIn
from retouchd.hotfolder.work import Decision, Pace, Signals, Work
from retouchd.intake.claim import claimed_path
from retouchd.intake.scan import LeftInPlace
from retouchd.jobs.cost_guide import CostGuide
from retouchd.jobs.order import Order
from retouchd.ledger.entries import Entry
from retouchd.ledger.fixes import Fixes
from retouchd.ledger.jobs import Journal
from retouchd.rules.schema import Rule
from retouchd.settings import Review
from retouchd.values import DESTINATIONS, Drop

IN_FLIGHT_LIMIT = 2 * CLAIMS_AT_ONCE
"""Claimed drops that are not yet done; the rest stays visible in ``in/``.

More are taken in when a whole batch has room: one by one, each would cost a scan and
two commits.
"""

SHORTEST_LOOK_SECONDS = 0.05
"""Least time between two scans, however many events ask for one."""

LONGEST_REST_SECONDS = 10.0
"""Most time between a scan that took long and the next one."""

SCAN_SHARE = 0.2
"""Largest share of the thread's time that scans of a huge inbox may take."""

_THIS_DAEMON = secrets.token_hex(8)


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
        rules: returns the present rules of this hot folder for the name of a drop.
        guide: returns what work costs.
        times: what the verdicts of people cost that nobody timed.
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
        rules: Callable[[str], tuple[Rule, ...]],
        guide: Callable[[], CostGuide],
        times: Review,
    ) -> None:
        self._places = places
        self._journal = journal
        self._take_in = take_in
        self._results = Results(places, journal, pace, work, signals)
        self._verdicts = Verdicts(places, journal, pace, work, signals, times)
        self._pace = pace
        self._work = work
        self._signals = signals
        self._submit = submit
        self._rules = rules
        self._guide = guide
        self._fixes = Fixes(journal.database)
        self._parked: list[Entry] = []
        self._next_scan = 0.0
        self._no_scan_before = 0.0
        self._next_look_for_space = 0.0
        self.scans = 0
        self.shortage = ""

    def recover(self) -> None:
        """Go by the journal alone; only what the worker still has is remembered."""
        finish_sending(self._places, self._journal)
        busy = frozenset(self._work.running)
        found = recover(self._places, self._journal, time.time(), busy)
        self._results.go_on_with(found)
        self._parked = found.to_run

    @property
    def is_over(self) -> bool:
        """Whether a stop was asked for and everything finished is handed out."""
        return self._signals.stopping.is_set() and self._results.is_settled

    @property
    def is_idle(self) -> bool:
        """Whether everything that lay in ``in/`` was taken, handed out and booked."""
        waiting = self._take_in.waiting and not self._signals.allowance.holds
        is_reviewed = self._verdicts.is_idle
        unfinished = self._jobs or self._results.unbooked or waiting
        return is_reviewed and not unfinished

    @property
    def left(self) -> tuple[LeftInPlace, ...]:
        """What lies where people put it and is not taken, with the reasons."""
        return (*self._take_in.left, *self._verdicts.left)

    @property
    def _jobs(self) -> int:
        return len(self._work.running) + self._results.jobs + len(self._parked)

    @property
    def _has_room(self) -> bool:
        return self._jobs + CLAIMS_AT_ONCE <= IN_FLIGHT_LIMIT

    def turn(self) -> None:
        """Do what is due now.

        Raises:
            OSError: the share failed; the journal knows where everything stands.
            StorageError: the share is full or not mounted any more.
            LostRootError: another daemon took the root over.
        """
        now = time.monotonic()
        self._places.owner.beat(now)
        if self._parked and self._has_space(now):
            self._run_parked()
        if self._is_scan_due(now) and self._has_space(now):
            self._scan(now)
        while self._work.errands:
            self._work.errands.popleft()(self._places)
        while self._work.decisions:
            self._decide(self._work.decisions.popleft())
        for entry in self._results.due_again(now):
            self._run(entry)
        for staged in self._verdicts.due(now):
            self._results.deliver_later(staged)
        with self._verdicts.answered():
            self._results.hand_out(now)

    def rest(self) -> None:
        """Sleep until something is due or another thread asks for something."""
        if not self._work.outcomes or self._results.gathers:
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
        self._places.require()
        self.scans += 1
        taken = self._take_in.take(now, self._rules(""), CLAIMS_AT_ONCE)
        for entry in taken:
            self._run(entry)
        # A batch that was cut short leaves settled files behind.
        is_cut = len(taken) == CLAIMS_AT_ONCE
        pause = SHORTEST_LOOK_SECONDS if is_cut else self._pace.rescan
        self._next_scan = now + pause
        end = time.monotonic()
        rest = max(SHORTEST_LOOK_SECONDS, (end - now) * (1 / SCAN_SHARE - 1))
        # A share that hung for an hour is not to be left alone for four.
        self._no_scan_before = end + min(rest, LONGEST_REST_SECONDS)

    def _run(self, entry: Entry) -> None:
        """Give a claimed drop to the worker."""
        work, places = self._work, self._places
        work.running[entry.job] = entry
        work.tries[entry.job] = work.tries.get(entry.job, 0) + 1
        work.allowed[entry.job] = allowance = self._signals.allowance
        work.sequence += 1
        claim = places.claim_folder(entry.job)
        drop = Drop(
            hot_folder=places.folder.name,
            name=entry.source,
            path=claimed_path(claim, entry.source),
            members=tuple(claimed_path(claim, name) for name in entry.members),
        )
        # A killed daemon's worker may write for a moment yet; never into our files.
        work.runs += 1
        stem = f"{entry.job}-{os.getpid()}-{work.runs}"
        stages = {word: places.stage_for(word) / stem for word in DESTINATIONS}
        rules = self._rules(entry.source)
        may_try_again = any(rule.escalate for rule in rules)
        order = Order(
            entry.job,
            drop,
            rules,
            stages,
            sequence=work.sequence,
            spent=allowance.spent,
            guide=self._guide() if may_try_again else CostGuide(),
            daemon=_THIS_DAEMON,
        )
        if entry.parent:
            order = refining_order(order, self._fixes.recipe(entry.job), rules)
        self._submit(order)

    def _run_parked(self) -> None:
        entries, self._parked = self._parked, []
        for entry in entries:
            self._run(entry)

    def _has_space(self, now: float) -> bool:
        """Whether enough is free; while it is not, a look now and then will do."""
        if not self.shortage or now >= self._next_look_for_space:
            folders = sorted(set(self._places.stages.values()))
            self.shortage = shortage(folders, self._pace.reserve_bytes)
            self._next_look_for_space = now + self._pace.retry
        return not self.shortage

    def _decide(self, decision: Decision) -> None:
        try:
            goes_on = decide(self._places, self._journal, decision.job, decision.word)
        except (RetouchdError, OSError) as error:
            decision.answer({"error": str(error)})
            return
        if isinstance(goes_on, Staged):
            self._results.deliver_later(goes_on)
        else:
            self._parked.append(goes_on)
        decision.answer({"job": decision.job})

    def _time_to_sleep(self) -> float:
        now = time.monotonic()
        due = [now + self._pace.rescan, self._places.owner.next_beat]
        if self.shortage:
            due.append(self._next_look_for_space)
        elif self._parked:
            due.append(now)
        elif self._signals.takes_in and self._has_room:
            looks = [self._next_scan, self._take_in.next_look(now)]
            if self._signals.changed.is_set():
                looks.append(now)
            soonest = min(look for look in looks if look is not None)
            due.append(max(soonest, self._no_scan_before))
        due += (*self._results.next_due(), *self._verdicts.next_due(now))
        return max(0.0, min(due) - now)
