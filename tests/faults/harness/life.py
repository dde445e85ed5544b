"""One life of the daemon in this process: the real one, in a hurry.

Everything is the product's code: supervisor, hot folder's thread, ledger, delivery, and
the runner of jobs. Two things are played: the worker's process boundary (the runner has
a thread here), and waiting times, which are cut to milliseconds.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from retouchd import app
from retouchd.hotfolder import cycle
from retouchd.jobs.accounts import Accounts
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.order import Order
from retouchd.jobs.runner import Runner
from retouchd.jobs.worker import WorkerPlan
from retouchd.ledger import entries
from retouchd.models.shelf import Shelf
from retouchd.rules.book import RuleBook
from retouchd.settings import Settings, load_settings
from retouchd.values import Outcome

HASTE: dict[Any, dict[str, float]] = {
    app: {"BEAT_SECONDS": 0.003, "BALLAST_BYTES": 4096},
    cycle: {"SHORTEST_LOOK_SECONDS": 0.001},
}
"""Waiting times of the product that a life cannot spend, and room it need not take."""


class ThreadPool:
    """Stands in for the pool of worker processes: the same runner, in one thread.

    Attributes:
        shelf: what the runner takes models from; see `Prepared`.
    """

    shelf: Shelf

    def __init__(
        self, plan: WorkerPlan, on_outcome: Callable[[Outcome], None], *_: Any
    ) -> None:
        self.is_alive = True
        self.restarts = self.syncs = 0
        self.accounts = Accounts()
        self._orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
        self._runner = Runner(self.shelf, plan.limits, MemoryBudget(plan.memory_bytes))
        self._on_outcome = on_outcome
        self._thread = threading.Thread(target=self._work, name="worker", daemon=True)
        self._thread.start()

    def submit(self, order: Order) -> None:
        """Queue *order*."""
        self._orders.put(order)

    def stop(self) -> None:
        """Finish what was queued."""
        self._orders.put(None)
        self._thread.join()

    def abandon(self) -> None:
        """Forget everything: the ledger is broken."""

    @property
    def size(self) -> int:
        """Jobs that are waiting or running, as far as anybody asks here."""
        return self._orders.qsize()

    def running(self) -> dict[str, str]:
        """Return nothing: nobody asks while a life lasts."""
        return {}

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            self._on_outcome(self._runner.run(order))


class HastyDaemon(app.Daemon):
    """The daemon, which ends only when no folder is down and nothing is left to do."""

    def _nothing_is_left(self) -> bool:
        return all(
            one.has_looked and one.is_idle and not one.is_down for one in self.loops
        )


@dataclass(frozen=True)
class Prepared:
    """What every life under one configuration shares, read once.

    Attributes:
        book: the rules.
        plan: what a worker is told.
        shelf: the models of that plan.
    """

    settings: Settings
    book: RuleBook
    plan: WorkerPlan
    shelf: Shelf


def prepare(config: Path) -> Prepared:
    """Read *config* and what it names: that costs more than a life."""
    settings = load_settings(config)
    plan = app.worker_plan(settings)
    shelf = Shelf(plan.models, plan.runtime)
    return Prepared(settings, app.rule_book(settings), plan, shelf)


def live(prepared: Prepared) -> None:
    """Take in what is there, finish it, and stop.

    Raises:
        RetouchdError: what ends a daemon; the service manager would start the next.
    """
    for module, constants in HASTE.items():
        for name, value in constants.items():
            assert hasattr(module, name), f"the product has no {name} any more"
            setattr(module, name, value)
    ThreadPool.shelf = prepared.shelf
    app.Pool = ThreadPool  # type: ignore[assignment,misc]
    app.rule_book = lambda _: prepared.book
    app.worker_plan = lambda _: prepared.plan
    # Jobs of one millisecond have ids in any order; here in that of their drops, so
    # that what a life did can be seen again.
    numbers = itertools.count()
    entries.secrets = SimpleNamespace(randbits=lambda _: next(numbers))  # type: ignore[assignment]
    HastyDaemon(prepared.settings).run(once=True)
