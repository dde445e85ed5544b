"""Keeps one worker process alive and every order accounted for."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path

from retouchd.errors import AWAY, ConfigError, Problem
from retouchd.jobs import verdicts
from retouchd.jobs.accounts import Accounts
from retouchd.jobs.backlog import Backlog
from retouchd.jobs.messages import Begun, Finished, OutOfReach, Ready
from retouchd.jobs.order import Order
from retouchd.jobs.process import WorkerProcess, first_word
from retouchd.jobs.sandbox import Protection
from retouchd.jobs.worker import Assignment, WorkerPlan, files_of
from retouchd.log import get_logger
from retouchd.values import Outcome

log = get_logger()

DEATHS_IN_A_ROW = 5
"""Workers that die before they begin anything: a broken machine, not a bad file."""

ABANDON_SECONDS = 1.0

START_SECONDS = 60.0
"""A worker without its word on the sandbox after this does not start at all."""

LONGEST_SLEEP_SECONDS = 3600.0
"""The kernel's calls know no waiting for ever."""


class Pool:
    """Feeds orders to a worker process and hands every outcome to *on_outcome*.

    A worker that dies is replaced; the backlog finds out which job killed it. One in
    which a step hangs is killed. One that is old, or large, or was started before a
    share was there, is replaced when it has nothing to do: only the end of a process
    gives all memory back for sure, and a sandbox cannot be widened.

    Attributes:
        accounts: where the daemon's CPU time went.

    Args:
        plan: what each worker is told.
        on_outcome: called from the pool's own thread; must not block.
        accounts: see the attribute.

    Raises:
        ConfigError: the sandbox is required and does not close.
    """

    def __init__(
        self,
        plan: WorkerPlan,
        on_outcome: Callable[[Outcome], None],
        accounts: Accounts | None = None,
    ) -> None:
        self._plan = plan
        self._on_outcome = on_outcome
        self._backlog = Backlog(time.monotonic)
        self._rule_files: set[Path] = set()
        self._renewal = ""
        self._is_abandoned = False
        self._idle_deaths = 0
        self._syncs_of_the_dead = 0
        self._left_behind: list[WorkerProcess] = []
        self._wake_read, self._wake_write = os.pipe()
        self.restarts = 0
        self.renewals = 0
        self.syncs = 0
        self.protection: Protection | None = None
        self.accounts = accounts or Accounts()
        self._worker = self._spawn()
        if plan.confinement.is_required:
            self._require_sandbox()
        self._thread = threading.Thread(target=self._serve, name="pool", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether orders are still served."""
        return self._thread.is_alive()

    @property
    def worker_pid(self) -> int:
        """Process id of the present worker."""
        return self._worker.pid

    @property
    def size(self) -> int:
        """Jobs that are waiting or running."""
        return len(self._backlog)

    def running(self) -> dict[str, str]:
        """Return the step that each running job is at."""
        return self._backlog.running()

    def submit(self, order: Order) -> None:
        """Queue *order*; its outcome comes sooner or later, whatever happens."""
        # One step, because the pool's thread may look at the set meanwhile.
        self._rule_files = self._rule_files.union(files_of(order.rules))
        self._backlog.add(order)
        self._wake()

    def renew(self, plan: WorkerPlan, reason: str) -> None:
        """Replace the worker, as soon as it is idle, by one that follows *plan*."""
        self._plan = plan  # first: whoever sees the reason takes the plan
        self._renewal = reason
        self._wake()

    def stop(self) -> None:
        """Finish what runs, forget what waits (its claims stay), end the worker."""
        self._backlog.drain()
        self._wake()
        self._thread.join()
        self._worker.retire()
        self.accounts.ended()

    def abandon(self) -> None:
        """End the worker in the middle of what it does, and report nothing more.

        For a ledger that is broken: what runs is found in its claim at the next start.
        """
        self._is_abandoned = True
        self._backlog.abandon()
        self._worker.kill()
        self._wake()
        self._thread.join(ABANDON_SECONDS)

    def _wake(self) -> None:
        os.write(self._wake_write, b".")

    def _spawn(self) -> WorkerProcess:
        confinement = self._plan.confinement
        readable = (*confinement.readable, *sorted(self._rule_files))
        worker = WorkerProcess(replace(confinement, readable=readable))
        worker.send(self._plan)
        self.accounts.start(worker)
        return worker

    def _require_sandbox(self) -> None:
        protection = first_word(self._worker.link, START_SECONDS)
        self._note(protection)
        if not protection.is_enough:
            self._worker.retire()
            raise ConfigError(
                Problem(
                    f"the sandbox of the worker is not whole: {protection.sentence()}",
                    "set require_sandbox = false, or use a kernel with Landlock (5.13)",
                    key="require_sandbox",
                )
            )

    def _note(self, protection: Protection) -> None:
        if protection.missing and protection != self.protection:
            log.warning(
                "sandbox_partial",
                active=list(protection.active),
                missing=list(protection.missing),
                hint="run `retouchd doctor`",
            )
        self.protection = protection

    def _serve(self) -> None:
        while not self._backlog.is_drained:
            self._renew()
            if self._worker.link.closed:  # abandoned meanwhile
                break
            self._dispatch()
            ready = wait([self._worker.link, self._wake_read], self._time_to_sleep())
            if self._wake_read in ready:
                os.read(self._wake_read, 4096)
            if self._worker.link in ready:
                self._receive()
            if hanging := self._backlog.overdue():
                self._end(hanging)

    def _time_to_sleep(self) -> float:
        old_in = self._plan.max_seconds - self._worker.age_seconds
        hangs_in = self._backlog.next_deadline() - time.monotonic()
        # One that is busy is replaced when it reports its last job.
        due_in = hangs_in if self._backlog.is_busy else old_in
        return min(max(0.0, due_in), LONGEST_SLEEP_SECONDS)

    def _renew(self) -> None:
        """Replace a worker that has served its time, when it has nothing to do."""
        self._renewal = self._renewal or self._reason_to_renew()
        if not self._renewal or self._backlog.is_busy:
            return
        log.info("worker_renewed", reason=self._renewal, jobs=self._worker.served)
        self._worker.retire()
        self.accounts.ended()
        self.renewals += 1
        self._replace()

    def _reason_to_renew(self) -> str:
        if self._worker.served >= self._plan.max_jobs:
            return "jobs"
        if self._worker.age_seconds >= self._plan.max_seconds:
            return "age"
        largest = self._plan.max_resident_bytes
        # The pixels of running jobs are no leak.
        in_use = self._plan.memory_bytes if self._backlog.is_busy else 0
        is_large = largest and self._worker.resident_bytes > largest + in_use
        return "memory" if is_large and self._worker.served else ""

    def _dispatch(self) -> None:
        """Send what may run; a worker that shall be replaced gets no more work."""
        if self._renewal:
            return
        for order in self._backlog.take(self._plan.threads):
            is_final = self._backlog.was_sent_back(order.job)
            self._worker.send(Assignment(order, is_final=is_final))

    def _receive(self) -> None:
        try:
            message = self._worker.link.recv()
        except (EOFError, OSError):
            self._bury()
            return
        match message:
            case Ready():
                self._note(message.protection)
            case Begun():
                self._backlog.begin(message)
            case OutOfReach():
                self._backlog.send_back(message.job)
                self._renewal = "share came back"
            case Finished():
                self.syncs = self._syncs_of_the_dead + message.syncs
                self._idle_deaths = 0
                self._worker.served += 1
                self.accounts.finished(message)
                if message.outcome.errno in AWAY:
                    self._strand(self._backlog.share_of(message.outcome.job))
                self._settle(message.outcome)

    def _settle(self, outcome: Outcome) -> None:
        outcome = self.accounts.complete(outcome, len(self._backlog))
        self._backlog.settle(outcome.job)
        self._on_outcome(outcome)

    def _strand(self, share: str) -> None:
        """Let no order of a dead share wait in turn while others could run."""
        for order in self._backlog.strand(share):
            self._backlog.settle(order.job)
            self._on_outcome(verdicts.stranded(order))

    def _bury(self) -> None:
        """The worker died: find the jobs that may be the reason."""
        code = self._worker.wait()
        jobs = self._backlog.running()
        self.accounts.ended(job for job, step in jobs.items() if step)
        log.error("worker_died", exitcode=code, jobs=list(jobs))
        self.restarts += 1
        self._idle_deaths = 0 if any(jobs.values()) else self._idle_deaths + 1
        for order in self._backlog.suspect():
            self._settle(verdicts.killer(order, code))
        if self._idle_deaths >= DEATHS_IN_A_ROW:
            log.critical("worker_keeps_dying", deaths=self._idle_deaths)
            raise SystemExit
        self._replace()

    def _end(self, hanging: Begun) -> None:
        """Kill a worker in which a step hangs; whose fault it is decides the rest."""
        is_storage = self._worker.waits_for_storage()
        log.error(
            "step_hangs",
            job=hanging.job,
            step=hanging.step,
            seconds=hanging.seconds,
            megapixels=round(hanging.megapixels, 1),
            waits_for_storage=is_storage,
        )
        self.restarts += 1
        if not self._worker.kill():
            self._left_behind.append(self._worker)
        jobs = self._backlog.running()
        self.accounts.ended(job for job, step in jobs.items() if step)
        if is_storage:
            order = self._backlog.excuse(hanging.job)
            self._strand(order.drop.hot_folder)
            self._settle(verdicts.stalled(order, hanging))
        elif self._backlog.blame(hanging.job):
            self._settle(verdicts.hung(hanging))
        self._replace()

    def _replace(self) -> None:
        self._worker.link.close()
        self._syncs_of_the_dead = self.syncs
        self._renewal = ""
        if not self._is_abandoned:
            self._worker = self._spawn()
