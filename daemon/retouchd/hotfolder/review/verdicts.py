"""One turn of review: what commands ask, what people moved, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from retouchd.errors import RetouchdError
from retouchd.hotfolder.handout import Staged
from retouchd.hotfolder.places import Places
from retouchd.hotfolder.review.desk import Desk, Wanted, facts_of
from retouchd.hotfolder.review.moved import Moved, VerdictFolders
from retouchd.hotfolder.work import Asked, Pace, Signals, Work
from retouchd.intake.scan import LeftInPlace
from retouchd.ledger.jobs import Journal
from retouchd.ledger.reviews import Reviews
from retouchd.ledger.verdicts import Opinion
from retouchd.log import get_logger
from retouchd.settings import Review

log = get_logger()


class Verdicts:
    """Decides what is to be decided; used by the one thread of a hot folder.

    Args:
        places: the open hot folder.
        journal: of all hot folders.
        pace: how patient it is.
        work: holds what commands ask.
        signals: what other threads ask for.
        times: what a verdict costs that nobody timed.
    """

    def __init__(
        self,
        places: Places,
        journal: Journal,
        pace: Pace,
        work: Work,
        signals: Signals,
        times: Review,
    ) -> None:
        self._database = journal.database
        self._desk = Desk(places, journal)
        self._folders = VerdictFolders(places, Reviews(journal.database), pace.settle)
        self._pace = pace
        self._work = work
        self._signals = signals
        self._times = times
        self._next_look = 0.0
        self._answers: list[Callable[[str], None]] = []

    @property
    def left(self) -> tuple[LeftInPlace, ...]:
        """What lies in the verdict folders and decides nothing."""
        return self._folders.left

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked, and nothing moved that was not looked at yet."""
        return not (self._work.asked or self._folders.waiting)

    def due(self, now: float) -> list[Staged]:
        """Decide what is due; return what is to be handed out.

        Raises:
            OSError: the share failed; what is noted is rolled forward later.
        """
        staged: list[Staged] = []
        while self._work.asked:
            staged += self._asked(self._work.asked.popleft())
        if self._signals.moved.is_set() or now >= min(self._times_to_look(now)):
            self._signals.moved.clear()
            for moved in self._folders.look(now):
                staged += self._moved(moved)
            self._next_look = now + self._pace.rescan_review
        return staged

    def next_due(self, now: float) -> list[float]:
        """Return when (monotonic clock) something is to be done here."""
        if self._work.asked or self._signals.moved.is_set():
            return [now]
        return self._times_to_look(now)

    def _times_to_look(self, now: float) -> list[float]:
        settled = self._folders.next_look(now)
        return [self._next_look, *([] if settled is None else [settled])]

    @contextmanager
    def answered(self) -> Iterator[None]:
        """Tell those who asked what came of it once their files were moved."""
        said = "the share failed; it is noted and goes on when the share is back"
        try:
            yield
            said = ""
        finally:
            answers, self._answers = self._answers, []
            for answer in answers:
                answer(said)

    def _asked(self, asked: Asked) -> Iterator[Staged]:
        wanted: Wanted = asked.wanted
        try:
            staged = self._desk.decide(wanted)
        except (RetouchdError, OSError) as error:
            asked.answer({"error": str(error)})
            return
        facts = facts_of(staged)
        self._answers.append(
            lambda error: asked.answer({"error": error} if error else facts)
        )
        yield staged

    def _moved(self, moved: Moved) -> Iterator[Staged]:
        opinion = Opinion(
            moved.word, moved.reviewer, seconds=self._times.estimate(moved.word)
        )
        wanted = Wanted(moved.job, opinion, found=moved.found, aside=moved.aside)
        try:
            yield self._desk.decide(wanted)
        except RetouchdError as error:
            if self._database.broken:
                raise
            self._folders.refuse(moved, error.message)
            log.warning("verdict_refused", job=moved.job, error=str(error))
