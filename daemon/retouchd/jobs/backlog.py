"""Every order of the pool: waiting, running, suspected, and for how long."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from retouchd.jobs.messages import Begun
from retouchd.jobs.order import Order

FAULTS_PER_JOB = 2
"""A job that cost so many workers, by their death or by hanging, is given up."""


@dataclass(frozen=True)
class Watch:
    """A step that runs, and when (monotonic clock) it counts as hanging."""

    begun: Begun
    until: float


class Backlog:
    """Accounts for every order; used by the pool's thread and by those that submit.

    After a worker died the jobs that it had begun are suspects: they run one at a time,
    before all others, so that the one which kills is found. A job that hangs is known,
    so it simply runs once more, at the end of the queue.

    Args:
        clock: seconds, never set back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[Order] = deque()
        self._suspects: deque[Order] = deque()
        self._running: dict[str, Order] = {}
        self._watches: dict[str, Watch] = {}
        self._deaths: dict[str, int] = {}
        self._overruns: dict[str, int] = {}
        self._sent_back: set[str] = set()
        self._draining = False

    def __len__(self) -> int:
        """Count the jobs that are waiting or running."""
        with self._lock:
            return len(self._waiting) + len(self._suspects) + len(self._running)

    @property
    def is_busy(self) -> bool:
        """Whether a worker has orders."""
        with self._lock:
            return bool(self._running)

    @property
    def is_drained(self) -> bool:
        """Whether a stop was asked for and nothing runs any more."""
        with self._lock:
            return self._draining and not self._running

    def running(self) -> dict[str, str]:
        """Return the step that each running job is at."""
        with self._lock:
            return {job: self._step(job) for job in self._running}

    def _step(self, job: str) -> str:
        return self._watches[job].begun.step if job in self._watches else ""

    def add(self, order: Order) -> None:
        """Queue *order*."""
        with self._lock:
            self._waiting.append(order)

    def drain(self) -> None:
        """Forget what waits; what runs goes on."""
        with self._lock:
            self._draining = True
            self._waiting.clear()
            self._suspects.clear()

    def abandon(self) -> None:
        """Forget everything."""
        self.drain()
        with self._lock:
            self._running.clear()
            self._watches.clear()

    def take(self, places: int) -> list[Order]:
        """Choose the orders that run next; a suspect only when nothing else runs.

        Args:
            places: jobs that may run side by side.
        """
        with self._lock:
            if self._suspects or any(job in self._deaths for job in self._running):
                alone = not self._running and self._suspects
                chosen = [self._suspects.popleft()] if alone else []
            else:
                free = min(places - len(self._running), len(self._waiting))
                chosen = [self._waiting.popleft() for _ in range(free)]
            self._running |= {order.job: order for order in chosen}
            return chosen

    def begin(self, begun: Begun) -> None:
        """Note the step that a job is at, and when it must be over."""
        until = self._clock() + begun.seconds if begun.seconds else float("inf")
        with self._lock:
            if begun.job in self._running:
                self._watches[begun.job] = Watch(begun, until)

    def settle(self, job: str) -> None:
        """Forget *job*: it has its outcome."""
        with self._lock:
            self._running.pop(job, None)
            self._watches.pop(job, None)
            self._deaths.pop(job, None)
            self._overruns.pop(job, None)
            self._sent_back.discard(job)

    def send_back(self, job: str) -> None:
        """Queue a running *job* again, first of all: its worker cannot reach it."""
        with self._lock:
            if order := self._running.pop(job, None):
                self._sent_back.add(job)
                self._requeue([order])

    def was_sent_back(self, job: str) -> bool:
        """Whether a worker was already replaced for *job*."""
        with self._lock:
            return job in self._sent_back

    def next_deadline(self) -> float:
        """When (monotonic clock) the first running step counts as hanging."""
        with self._lock:
            return min(
                (one.until for one in self._watches.values()), default=float("inf")
            )

    def overdue(self) -> Begun | None:
        """Return a step that hangs."""
        now = self._clock()
        with self._lock:
            late = [one.begun for one in self._watches.values() if one.until <= now]
            return late[0] if late else None

    def blame(self, job: str) -> Order | None:
        """Count an overrun of *job*, whose worker is gone; queue all that it had again.

        Returns:
            the order, when it overran once too often: it is not queued.
        """
        with self._lock:
            culprit = self._running.pop(job)
            self._requeue_the_innocent()
            self._overruns[job] = self._overruns.get(job, 0) + 1
            if self._faults(job) >= FAULTS_PER_JOB:
                return culprit
            if not self._draining:
                self._waiting.append(culprit)
            return None

    def excuse(self, job: str) -> Order:
        """Take *job*, which waits for its share, out; queue all others that ran."""
        with self._lock:
            order = self._running.pop(job)
            self._requeue_the_innocent()
            return order

    def strand(self, share: str) -> list[Order]:
        """Take out all orders of the hot folder *share* that have not begun.

        Returns:
            them; otherwise each would wait for the dead share in turn, and all others
            for them.
        """
        with self._lock:
            stranded = []
            for queue in (self._suspects, self._waiting):
                stranded += [one for one in queue if one.drop.hot_folder == share]
                rest = [one for one in queue if one.drop.hot_folder != share]
                queue.clear()
                queue.extend(rest)
            return stranded

    def share_of(self, job: str) -> str:
        """Return the hot folder of a running *job*; empty where it does not run."""
        with self._lock:
            return self._running[job].drop.hot_folder if job in self._running else ""

    def suspect(self) -> list[Order]:
        """Count a death for each job that had begun; queue all that ran again.

        Returns:
            the orders that had one too many: they are not queued.
        """
        with self._lock:
            begun = [self._running.pop(job) for job in self._watches]
            self._requeue_the_innocent()
            for order in begun:
                self._deaths[order.job] = self._deaths.get(order.job, 0) + 1
            guilty = [one for one in begun if self._faults(one.job) >= FAULTS_PER_JOB]
            if not self._draining:
                self._suspects.extend(one for one in begun if one not in guilty)
            return guilty

    def _faults(self, job: str) -> int:
        return self._deaths.get(job, 0) + self._overruns.get(job, 0)

    def _requeue_the_innocent(self) -> None:
        self._requeue(list(self._running.values()))
        self._running.clear()
        self._watches.clear()

    def _requeue(self, orders: list[Order]) -> None:
        """Put *orders* before all that wait; suspects of an earlier death stay such."""
        if self._draining:
            return
        for order in reversed(orders):
            queue = self._suspects if order.job in self._deaths else self._waiting
            queue.appendleft(order)
