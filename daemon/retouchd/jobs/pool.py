"""Keeps one worker process alive and every order accounted for."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from retouchd.jobs.order import Order
from retouchd.jobs.worker import Begun, Finished, WorkerPlan, run_worker
from retouchd.log import get_logger
from retouchd.values import Outcome

log = get_logger()

DEATHS_PER_JOB = 2
"""A job during which the worker died this often is the one that kills it."""

DEATHS_IN_A_ROW = 5
"""Workers that die before they finish anything: a broken machine, not a bad file."""


class Pool:
    """Feeds orders to a worker process and hands every outcome to *on_outcome*.

    When the worker dies, a new one is spawned. The jobs that were in flight are
    suspects and run one at a time, so that the file which kills the worker is found
    and fails, and the others are delivered.

    Args:
        plan: what each worker is told.
        on_outcome: called from the pool's own thread; must not block.
    """

    def __init__(self, plan: WorkerPlan, on_outcome: Callable[[Outcome], None]) -> None:
        self._plan = plan
        self._on_outcome = on_outcome
        self._lock = threading.Lock()
        self._waiting: deque[Order] = deque()
        self._suspects: deque[Order] = deque()
        self._running: dict[str, Order] = {}
        self._steps: dict[str, str] = {}
        self._deaths: dict[str, int] = {}
        self._idle_deaths = 0
        self._draining = False
        self._served = 0
        self._wake_read, self._wake_write = os.pipe()
        self._context = multiprocessing.get_context("spawn")
        self.restarts = 0
        self.syncs = 0
        self._syncs_of_the_dead = 0
        self._process, self._link = self._spawn()
        self._thread = threading.Thread(target=self._serve, name="pool", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether orders are still served."""
        return self._thread.is_alive()

    @property
    def worker_pid(self) -> int:
        """Process id of the present worker."""
        return self._process.pid or 0

    @property
    def size(self) -> int:
        """Jobs that are waiting or running."""
        with self._lock:
            return len(self._waiting) + len(self._suspects) + len(self._running)

    def running(self) -> dict[str, str]:
        """Return the step that each running job is at."""
        with self._lock:
            return {job: self._steps.get(job, "") for job in self._running}

    def submit(self, order: Order) -> None:
        """Queue *order*; its outcome comes sooner or later, whatever happens."""
        with self._lock:
            self._waiting.append(order)
        self._wake()

    def stop(self) -> None:
        """Finish what runs, forget what waits (its claims stay), end the worker."""
        with self._lock:
            self._draining = True
            self._waiting.clear()
            self._suspects.clear()
        self._wake()
        self._thread.join()
        self._link.close()
        self._process.join(timeout=10)
        if self._process.is_alive():
            self._process.kill()

    def _wake(self) -> None:
        os.write(self._wake_write, b".")

    def _spawn(self) -> tuple[SpawnProcess, Connection]:
        mine, theirs = self._context.Pipe()
        process = self._context.Process(
            target=run_worker, args=(theirs, self._plan), name="retouchd-worker"
        )
        process.start()
        theirs.close()
        return process, mine

    def _serve(self) -> None:
        while not self._is_done():
            self._renew()
            self._dispatch()
            ready = wait([self._link, self._wake_read, self._process.sentinel])
            if self._wake_read in ready:
                os.read(self._wake_read, 4096)
            if self._link in ready:
                self._receive()
            elif self._process.sentinel in ready:
                self._replace_worker()

    def _is_done(self) -> bool:
        with self._lock:
            return self._draining and not self._running

    def _renew(self) -> None:
        """Replace a worker that has served its time, when it has nothing to do.

        Only the end of a process gives all memory back for sure.
        """
        if self._served < self._plan.max_jobs or self._running:
            return
        self._link.close()
        self._process.join()
        self._syncs_of_the_dead = self.syncs
        self._served = 0
        self._process, self._link = self._spawn()

    def _dispatch(self) -> None:
        with self._lock:
            chosen = self._next_orders()
            self._running |= {order.job: order for order in chosen}
        for order in chosen:
            try:
                self._link.send(order)
            except OSError:
                return  # the worker just died; its sentinel says so next

    def _next_orders(self) -> list[Order]:
        """Choose what to send now; suspects run alone, before all others."""
        if self._suspects or any(job in self._deaths for job in self._running):
            alone = not self._running and self._suspects
            return [self._suspects.popleft()] if alone else []
        if self._served >= self._plan.max_jobs:
            return []  # a worker of age gets no more work; see _renew
        free = self._plan.threads - len(self._running)
        return [self._waiting.popleft() for _ in range(min(free, len(self._waiting)))]

    def _receive(self) -> None:
        try:
            message = self._link.recv()
        except (EOFError, OSError):
            self._replace_worker()
            return
        if isinstance(message, Begun):
            self._steps[message.job] = message.step
        elif isinstance(message, Finished):
            self.syncs = self._syncs_of_the_dead + message.syncs
            self._idle_deaths = 0
            self._served += 1
            self._settle(message.outcome)

    def _settle(self, outcome: Outcome) -> None:
        with self._lock:
            self._running.pop(outcome.job, None)
            self._steps.pop(outcome.job, None)
            self._deaths.pop(outcome.job, None)
        self._on_outcome(outcome)

    def _replace_worker(self) -> None:
        self._process.join()
        self._link.close()
        self._syncs_of_the_dead = self.syncs
        code = self._process.exitcode
        self.restarts += 1
        self._idle_deaths += 1
        log.error("worker_died", exitcode=code, jobs=list(self._running))
        for order in self._suspect_those_in_flight():
            self._settle(_killer(order, code))
        if self._idle_deaths >= DEATHS_IN_A_ROW:
            log.critical("worker_keeps_dying", deaths=self._idle_deaths)
            raise SystemExit
        self._served = 0
        self._process, self._link = self._spawn()

    def _suspect_those_in_flight(self) -> list[Order]:
        """Count a death for each running job; return those that had one too many."""
        with self._lock:
            orders, self._running = list(self._running.values()), {}
            for order in orders:
                self._deaths[order.job] = self._deaths.get(order.job, 0) + 1
            guilty = [o for o in orders if self._deaths[o.job] >= DEATHS_PER_JOB]
            if not self._draining:
                self._suspects.extend(o for o in orders if o not in guilty)
            return guilty


def _killer(order: Order, code: int | None) -> Outcome:
    return Outcome(
        job=order.job,
        error=f"the program that edits pictures died on this file (exit code {code})",
        hint="open it in an editor and save it anew; if that file fails too, report it",
    )
