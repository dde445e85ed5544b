"""The daemon: builds every part once, and starts and stops them in order."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass

from retouchd.answers import Answers
from retouchd.delivery.place import Durability
from retouchd.errors import ConfigError, Problem
from retouchd.health import Health
from retouchd.hotfolder.allowance import SpendingLimits
from retouchd.hotfolder.loop import HotFolderLoop
from retouchd.hotfolder.surroundings import Surroundings
from retouchd.jobs.current_costs import CurrentCosts
from retouchd.jobs.pool import Pool
from retouchd.ledger.ballast import BALLAST_BYTES
from retouchd.ledger.database import Database
from retouchd.ledger.fingerprints import Fingerprints
from retouchd.ledger.folders import Board
from retouchd.ledger.jobs import Journal
from retouchd.ledger.lock import lock_database
from retouchd.ledger.requests import Requests
from retouchd.ledger.sums.keeper import SumsKeeper
from retouchd.log import get_logger
from retouchd.models.watch import ModelWatch
from retouchd.ops.idle import IdleTime
from retouchd.ops.metrics import Figures, MetricsServer
from retouchd.ops.notify import Notifier
from retouchd.parts import accounts, model_problems, rule_book, worker_plan
from retouchd.settings import HotFolder, Settings, parse_listen, service_socket
from retouchd.values import Outcome

log = get_logger()

BEAT_SECONDS = 0.25
"""How often requests, rules and the health of all parts are looked at."""

RULES_SECONDS = 2.0
"""How often rule files are looked at for changes."""

JOIN_SECONDS = 30.0
"""How long all folders together may take to let go; one may hang for ever."""

ENDS = ("done", "review", "rejected", "failed")
"""States in which a drop has ended well or badly."""


@dataclass(frozen=True)
class Tally:
    """How the drops of one run ended."""

    delivered: int
    review: int
    failed: int
    waiting: int
    held: int
    away: tuple[str, ...]
    over_budget: tuple[str, ...]

    def sentence(self) -> str:
        """Say it in one line."""
        words = (
            f"{self.delivered} delivered, {self.review} wait for review, "
            f"{self.failed} failed, {self.waiting} not finished, {self.held} held"
        )
        words += "".join(f"; {name} is away" for name in self.away)
        return words + "".join(f"; {name} is over budget" for name in self.over_budget)


class Daemon:
    """The whole daemon, from its settings.

    Nothing here touches a share: a mount that hangs must keep nobody waiting.

    Args:
        settings: the whole configuration.
        takeover: take roots over from another daemon without waiting for its end.

    Raises:
        ConfigError: rules or models are wrong.
        LedgerError: the database cannot be used.
    """

    def __init__(self, settings: Settings, *, takeover: bool = False) -> None:
        if not settings.hot_folders:
            raise ConfigError(
                Problem(
                    "there is no hot folder in the configuration",
                    hint="run `retouchd init ROOT --rule RULE`",
                    key="hot_folders",
                )
            )
        # Rules and models first: a mistake there must be seen before any file waits.
        self._settings = settings
        self._models = ModelWatch(settings.models_folders)
        self._book = rule_book(settings)
        self._lock = lock_database(settings.database)
        self.database = Database.open(settings.database, ballast_bytes=BALLAST_BYTES)
        # Before the workers, which may read only what is there when they start.
        self._fingerprints = Fingerprints(self.database)
        self._journal = Journal(self.database)
        self._board = Board(self.database)
        self._costs = CurrentCosts(self.database)
        self._notifier = Notifier(service_socket())
        self.pool = Pool(worker_plan(settings), self._route, accounts(settings))
        self.loops = [
            self._loop(folder, settings, takeover=takeover)
            for folder in settings.hot_folders
        ]
        self._limits = SpendingLimits(self.database, self.loops)
        # What may be spent must be known before anything is taken in.
        self._limits.look()
        self._idle_time = IdleTime(self.pool.accounts, self.database)
        self._sums = SumsKeeper(self.database)
        self._answers = Answers(
            Requests(self.database), self._journal, self.loops, self.pool
        )
        self.health = self._health(settings)
        self._metrics = self._serve_metrics(settings)
        self._stop = threading.Event()
        self._reload = threading.Event()
        self._rules_seen = time.monotonic()
        self._ended_before = self._count_by_state()

    def _loop(
        self, folder: HotFolder, settings: Settings, *, takeover: bool
    ) -> HotFolderLoop:
        around = Surroundings(
            journal=self._journal,
            board=self._board,
            submit=self.pool.submit,
            rules=lambda drop: self._book.rules_for(folder.rules, drop),
            takeover=takeover,
            guide=self._costs.guide,
            times=settings.review,
        )
        return HotFolderLoop(folder, settings.intake, around)

    def _health(self, settings: Settings) -> Health:
        intake = settings.intake
        return Health(
            self._notifier,
            self.database,
            self._board,
            lambda: self.pool.is_alive,
            self.loops,
            rescan=max(intake.rescan_seconds, intake.rescan_seconds_network),
        )

    def _serve_metrics(self, settings: Settings) -> MetricsServer | None:
        address = parse_listen(settings.metrics.listen)
        if address is None:
            return None
        figures = Figures(
            self.database,
            self.loops,
            lambda: [one.name for one in self.loops if self.health.is_away(one)],
            lambda: self.pool.restarts,
            self._limits.shares,
        )
        return MetricsServer(address, figures)

    def _route(self, outcome: Outcome) -> None:
        next(loop for loop in self.loops if loop.owns(outcome.job)).accept(outcome)

    def run(self, *, once: bool = False) -> Tally:
        """Serve until a signal, or with *once* until everything is handed out.

        Returns:
            how the drops of this run ended.

        Raises:
            LedgerError: the ledger broke; the service manager restarts the daemon.
        """
        signal.signal(signal.SIGTERM, lambda *_: self._stop.set())
        signal.signal(signal.SIGINT, lambda *_: self._stop.set())
        signal.signal(signal.SIGHUP, lambda *_: self._reload.set())
        for loop in self.loops:
            loop.start()
        log.info(
            "started",
            hot_folders=[loop.folder.name for loop in self.loops],
            cpu_s=_cpu_seconds(),
        )
        try:
            while not self._stop.wait(BEAT_SECONDS):
                self._beat()
                if once and self._nothing_is_left():
                    break
            self._shut_down()
            self.database.require_health()
            return self._tally()
        except BaseException:
            self._shut_down()
            raise
        finally:
            self._close()

    def _count_by_state(self) -> Counter[str]:
        rows = self.database.rows("SELECT state, count(*) AS n FROM jobs GROUP BY 1")
        return Counter({row["state"]: row["n"] for row in rows})

    def _tally(self) -> Tally:
        """Compare counts with those of the start: clocks may jump meanwhile."""
        now = self._count_by_state()
        in_review = now["review"]
        ended = {state: now.pop(state, 0) - self._ended_before[state] for state in ENDS}
        held = now.pop("held", 0)
        return Tally(
            ended["done"],
            in_review,
            ended["failed"],
            now.total(),
            held,
            tuple(one.folder.name for one in self.loops if self.health.is_away(one)),
            self._limits.holding(),
        )

    def _beat(self) -> None:
        now = time.monotonic()
        self.health.beat(now)
        self._answers.give()
        self._fingerprints.look()
        self._limits.look()
        self._idle_time.beat(is_idle=self._nothing_is_left(), jobs=self.pool.size)
        self._refresh_rules(now)

    def _refresh_rules(self, now: float) -> None:
        if now - self._rules_seen < RULES_SECONDS and not self._reload.is_set():
            return
        self._rules_seen = now
        asked = self._reload.is_set()
        self._reload.clear()
        if asked:
            self._notifier.reloading()
        for problem in self._book.refresh():
            log.error("rule_refused", problem=str(problem))
        self._refresh_models()
        if asked:
            self._notifier.ready()

    def _refresh_models(self) -> None:
        """Renew the worker when models came or changed: it looks at them once."""
        if not self._models.changed():
            return
        for problem in model_problems(self._settings, self._book):
            log.error("model_refused", problem=str(problem))
        self.pool.renew(worker_plan(self._settings), "models changed")

    def _nothing_is_left(self) -> bool:
        return all(loop.is_idle or self.health.is_away(loop) for loop in self.loops)

    def _shut_down(self) -> None:
        """Stop every part; each stops only after the parts that feed it."""
        self._notifier.stopping()
        # 1. Nothing new comes in; what waits in in/ or claims/ is there next time.
        for loop in self.loops:
            loop.drain()
        # 2. What runs is finished: its outcomes still reach the folders. Without a
        #    ledger nothing may be finished, so nothing is waited for.
        if self.database.broken:
            self.pool.abandon()
        else:
            self.pool.stop()
        # 3. The folders hand out and book what is finished, then let go of the roots.
        for loop in self.loops:
            loop.stop()
        give_up = time.monotonic() + JOIN_SECONDS
        for loop in self.loops:
            loop.join(max(0.0, give_up - time.monotonic()))

    def _close(self) -> None:
        """Close the books, and the lock after them."""
        if self._metrics:
            self._metrics.stop()
        self._idle_time.close()
        self._sums.close()
        self.database.close()
        self._lock.close()
        log.info(
            "stopped",
            # What the benchmark reads: the workers' CPU time is not in it.
            cpu_s=_cpu_seconds(),
            workers_cpu_s=round(self.pool.accounts.ended_workers_s, 4),
            commits=self.database.commits,
            syncs=Durability.calls + self.pool.syncs,
        )


def _cpu_seconds() -> float:
    """CPU seconds that this process, all threads but no child, has used."""
    return round(time.process_time(), 4)
