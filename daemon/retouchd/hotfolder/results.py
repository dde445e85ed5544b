"""What comes back from the worker: staged, handed out and booked in groups."""

from __future__ import annotations

import errno
import time

from retouchd.errors import AWAY, FULL, HeldError, StorageError
from retouchd.hotfolder.allowance import Allowance
from retouchd.hotfolder.faults import VANISHED, setback
from retouchd.hotfolder.handout import Handout, Staged
from retouchd.hotfolder.places import Places
from retouchd.hotfolder.recovery import Unfinished, claim_of
from retouchd.hotfolder.takein import CLAIMS_AT_ONCE
from retouchd.hotfolder.work import Pace, Signals, Work
from retouchd.intake.claim import claimed_path, is_moving, is_unchanged
from retouchd.ledger.entries import Entry
from retouchd.ledger.jobs import Journal
from retouchd.log import get_logger
from retouchd.values import Outcome

log = get_logger()

GROUP_SECONDS = 2.0
"""How long a result may wait for others to share its commit while jobs still run."""

BOOK_SECONDS = 15.0
"""How long a delivered job may wait for others before it is booked."""

TRIES = 2
"""How often a job runs whose file may just not have been complete."""

SETBACKS = 3
"""After so many failures of a share that is healthy, it is the file that fails."""


class Results:
    """Hands out what the worker finished; used by the folder's one thread only.

    Args:
        places: the open hot folder.
        journal: of all hot folders.
        pace: how patient it is.
        work: jobs on their way.
        signals: what other threads ask for.
    """

    def __init__(
        self,
        places: Places,
        journal: Journal,
        pace: Pace,
        work: Work,
        signals: Signals,
    ) -> None:
        self._places = places
        self._journal = journal
        self._pace = pace
        self._work = work
        self._signals = signals
        self._handout = Handout(places, journal)
        self._second_looks: list[tuple[float, Entry]] = []
        self._over_budget: list[tuple[Allowance, Entry]] = []
        self._staged: list[Staged] = []
        self._failing: Unfinished = Unfinished()
        self._setback: StorageError | None = None
        self._oldest_result = 0.0
        self._oldest_unbooked = 0.0

    @property
    def jobs(self) -> int:
        """Jobs that came back and are neither handed out nor running again."""
        waiting = len(self._second_looks) + len(self._staged)
        return waiting + len(self._failing.to_quarantine)

    @property
    def is_settled(self) -> bool:
        """Whether everything finished is handed out and booked."""
        return not (
            self._work.outcomes
            or self._staged
            or self._failing.to_quarantine
            or self._handout.unbooked
        )

    @property
    def unbooked(self) -> int:
        """Jobs whose files lie in place but whose end is not yet in the books."""
        return self._handout.unbooked

    @property
    def gathers(self) -> bool:
        """Whether a result waits for others."""
        return bool(self._oldest_result)

    def go_on_with(self, found: Unfinished) -> None:
        """Take over what a start found staged or failing."""
        self._staged = found.to_deliver
        self._failing = found

    def deliver_later(self, job: Staged) -> None:
        """Hand *job* out with the next turn."""
        self._staged.append(job)

    def due_again(self, now: float) -> list[Entry]:
        """Return what is to run again.

        That is what may not have been complete the first time, and what waited for a
        budget that allows something else by now.
        """
        due = [entry for at, entry in self._second_looks if at <= now]
        self._second_looks = [one for one in self._second_looks if one[0] > now]
        for entry in due:
            self._journal.again(entry.job, time.time(), "looked at once more")
        return [*due, *self._within_budget()]

    def _within_budget(self) -> list[Entry]:
        now = self._signals.allowance
        due = [entry for then, entry in self._over_budget if then != now]
        self._over_budget = [one for one in self._over_budget if one[0] == now]
        for entry in due:
            self._journal.goes_on(
                entry.job, time.time(), "the budget allows something else"
            )
        return due

    def next_due(self) -> list[float]:
        """Return the times (monotonic clock) at which something is to be done here."""
        due = [at for at, _ in self._second_looks]
        if self._work.outcomes:
            due.append(self._oldest_result + GROUP_SECONDS)
        if self._handout.unbooked:
            due.append(self._oldest_unbooked + BOOK_SECONDS)
        return due

    def hand_out(self, now: float) -> None:
        """Do what is due now.

        Raises:
            OSError: the share failed; the journal knows where everything stands.
            StorageError: the same, or the worker found the share full or away.
            LostRootError: another daemon took the root over.
        """
        if self._work.outcomes and self._is_group_complete(now):
            self._stage(now)
        while self._failing.to_quarantine:
            self._handout.quarantine(*self._failing.to_quarantine[0])
            self._failing.to_quarantine.pop(0)
        while self._staged:
            self._places.owner.beat(time.monotonic())
            self._deliver(self._staged[0])
            self._staged.pop(0)
        if not self._handout.unbooked:
            self._oldest_unbooked = now
        elif self._is_time_to_book(now):
            self._handout.book()
        if self._setback is not None:
            raise self._setback

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
            or self._handout.has_ruled  # a person waits for it
            or now - self._oldest_unbooked >= BOOK_SECONDS
            or self._signals.stopping.is_set()
            or self._setback is not None
        )

    def _stage(self, now: float) -> None:
        # A worker that could not write may have been fenced off: no file is to blame.
        self._places.require()
        self._oldest_result = 0.0
        good: list[tuple[Entry, Outcome]] = []
        bad: list[tuple[Entry, Outcome]] = []
        while self._work.outcomes:
            outcome = self._work.outcomes.popleft()
            entry = self._work.running.pop(outcome.job)
            allowance = self._work.allowed.pop(outcome.job)
            if self._is_storage_at_fault(entry, outcome):
                self._set_back(outcome)
            elif self._wants_second_look(entry, outcome):
                self._look_again_at(entry, outcome, now)
            elif outcome.over_budget:
                self._wait_for_budget(entry, outcome, allowance)
            else:
                self._work.tries.pop(entry.job, None)
                self._work.setbacks.pop(entry.job, None)
                (bad if outcome.error else good).append((entry, outcome))
        if good:
            staged, refused = self._handout.stage(good)
            self._staged += staged
            bad += refused
        if bad:
            self._handout.fail(bad)

    def _look_again_at(self, entry: Entry, outcome: Outcome, now: float) -> None:
        for made in outcome.renditions:
            made.stage.unlink(missing_ok=True)
        self._journal.spent(outcome, time.time())
        self._second_looks.append((now + self._pace.settle, entry))

    def _wait_for_budget(
        self, entry: Entry, outcome: Outcome, allowance: Allowance
    ) -> None:
        """Leave the job claimed; it is looked at again when its budget is."""
        self._work.tries.pop(entry.job, None)
        self._journal.spent(outcome, time.time())
        self._journal.waits(
            entry.job, time.time(), f"the rule {outcome.rule} waits: {allowance.reason}"
        )
        self._over_budget.append((allowance, entry))

    def _is_storage_at_fault(self, entry: Entry, outcome: Outcome) -> bool:
        if outcome.errno in FULL or outcome.errno == errno.ECANCELED:
            return True
        is_away = outcome.errno in AWAY
        if outcome.errno in VANISHED:
            claim = self._places.claim_folder(entry.job)
            is_away = claimed_path(claim, entry.source).is_file()
        return is_away and self._work.setbacks[outcome.job] < SETBACKS

    def _set_back(self, outcome: Outcome) -> None:
        """Leave the job claimed; it runs again once the share has proved healthy."""
        # One that never began is not to blame, however often its share fails.
        self._work.setbacks[outcome.job] += outcome.errno != errno.ECANCELED
        self._work.tries.pop(outcome.job, None)
        for folder in set(self._places.stages.values()):
            for leftover in folder.glob(f"{outcome.job}-*"):
                leftover.unlink(missing_ok=True)
        if outcome.step_runs:
            self._journal.spent(outcome, time.time())
        log.warning("set_back", job=outcome.job, error=outcome.error)
        self._setback = setback(self._places.folder, outcome)

    def _wants_second_look(self, entry: Entry, outcome: Outcome) -> bool:
        """Whether the file may not have been complete when it was read."""
        if self._work.tries.get(entry.job, TRIES) >= TRIES:
            return False
        claim, folder = claim_of(entry), self._places.claim_folder(entry.job)
        picture = claimed_path(folder, entry.source)
        return (
            outcome.retryable
            or is_moving(picture, claim.fingerprint)
            or not all(
                is_unchanged(claimed_path(folder, name), settled)
                for name, settled in claim.sequence
            )
        )

    def _deliver(self, job: Staged) -> None:
        try:
            self._handout.deliver(job)
        except HeldError as error:
            self._journal.held(job.entry.job, time.time(), str(error))
            log.warning("held", job=job.entry.job, error=str(error))
