"""The daemon: builds every part once, and starts and stops them in order."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from retouchd.delivery.place import Durability
from retouchd.errors import ConfigError, Problem, RetouchdError
from retouchd.hotfolder.loop import HotFolderLoop, Surroundings
from retouchd.hotfolder.retry import send_again
from retouchd.jobs.pool import Pool
from retouchd.ledger.database import Database
from retouchd.ledger.folders import Board
from retouchd.ledger.jobs import Journal
from retouchd.ledger.lock import lock_database
from retouchd.ledger.requests import Request, Requests
from retouchd.log import get_logger
from retouchd.ops.notify import Notifier
from retouchd.parts import rule_book, worker_plan
from retouchd.settings import HotFolder, Settings, service_socket
from retouchd.timestamps import utc

log = get_logger()

BEAT_SECONDS = 0.25
"""How often requests, rules and the health of all parts are looked at."""

RULES_SECONDS = 2.0
"""How often rule files are looked at for changes."""

ALIVE_SECONDS = 5.0
"""How often the service manager hears that all is well; it waits for 60."""

STUCK_SECONDS = 300.0
"""A folder thread without progress for this long hangs in its share."""

JOIN_SECONDS = 30.0


@dataclass(frozen=True)
class Tally:
    """How the drops of one run ended."""

    delivered: int
    review: int
    failed: int
    waiting: int
    held: int
    away: tuple[str, ...]

    def sentence(self) -> str:
        """Say it in one line."""
        words = (
            f"{self.delivered} delivered, {self.review} wait for review, "
            f"{self.failed} failed, {self.waiting} not finished, {self.held} held"
        )
        return words + "".join(f"; {name} is away" for name in self.away)


class Daemon:
    """The whole daemon, from its settings.

    Raises:
        ConfigError: rules or models are wrong.
        LedgerError: the database cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        if not settings.hot_folders:
            raise ConfigError(
                Problem(
                    "there is no hot folder in the configuration",
                    hint="run `retouchd init ROOT --rule RULE`",
                    key="hot_folders",
                )
            )
        # Rules and models first: a mistake there must be seen before any file waits.
        self._book = rule_book(settings)
        self._lock = lock_database(settings.database)
        self.database = Database.open(settings.database)
        self._journal = Journal(self.database)
        self._requests = Requests(self.database)
        self._board = Board(self.database)
        self._notifier = Notifier(service_socket())
        self.pool = Pool(worker_plan(settings), self._route)
        self.loops = [self._loop(folder, settings) for folder in settings.hot_folders]
        self._stop = threading.Event()
        self._reload = threading.Event()
        self._rules_seen = self._told_alive = time.monotonic()
        self._is_ready = False
        self._started_at = utc(time.time())

    def _loop(self, folder: HotFolder, settings: Settings) -> HotFolderLoop:
        around = Surroundings(
            journal=self._journal,
            board=self._board,
            submit=self.pool.submit,
            rules=lambda: self._book.rules_for(folder.rules),
        )
        return HotFolderLoop(folder, settings.intake, around)

    def _route(self, outcome: Any) -> None:
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
        finally:
            tally = self._shut_down()
        return tally

    def _tally(self) -> Tally:
        rows = self.database.rows(
            "SELECT state, count(*) AS n FROM jobs "
            "WHERE state NOT IN ('done', 'review', 'rejected', 'failed') "
            "OR finished_at >= ? GROUP BY state",
            [self._started_at],
        )
        found = {row["state"]: row["n"] for row in rows}
        ends = {state: found.pop(state, 0) for state in ("done", "review", "failed")}
        held = found.pop("held", 0)
        away = tuple(loop.folder.name for loop in self.loops if loop.is_down)
        return Tally(
            ends["done"],
            ends["review"],
            ends["failed"],
            sum(found.values()),
            held,
            away,
        )

    def _say_ready(self) -> None:
        """Tell the service manager once: recovered, and every share looked at."""
        if not self._is_ready and all(
            loop.has_looked or loop.is_down for loop in self.loops
        ):
            self._is_ready = True
            self._notifier.ready()

    def _beat(self) -> None:
        if self.database.broken:
            raise self.database.broken
        if not self.pool.is_alive:
            raise RetouchdError(
                "the worker process keeps dying",
                hint="run `retouchd doctor`; the log tells the exit codes",
            )
        self._say_ready()
        for request in self._requests.open():
            self._answer(request)
        self._refresh_rules()
        now = time.monotonic()
        stuck = [one for one in self.loops if now - one.progress > STUCK_SECONDS]
        # A share that hangs is that folder's trouble; all of them is ours.
        if len(stuck) < len(self.loops) and now - self._told_alive >= ALIVE_SECONDS:
            self._told_alive = now
            self._notifier.alive()

    def _refresh_rules(self) -> None:
        now = time.monotonic()
        if now - self._rules_seen < RULES_SECONDS and not self._reload.is_set():
            return
        self._rules_seen = now
        asked = self._reload.is_set()
        self._reload.clear()
        if asked:
            self._notifier.reloading()
        for problem in self._book.refresh():
            log.error("rule_refused", problem=str(problem))
        if asked:
            self._notifier.ready()

    def _nothing_is_left(self) -> bool:
        return all(loop.is_idle or loop.is_down for loop in self.loops)

    def _answer(self, request: Request) -> None:
        try:
            answer = self._do(request)
        except RetouchdError as error:
            answer = {"error": str(error)}
        if answer is not None:
            self._requests.answer(request, answer, time.time())

    def _do(self, request: Request) -> Mapping[str, Any] | None:
        """Do what was asked; ``None``: a folder's thread answers when it is done."""
        if request.what in ("pause", "resume"):
            wanted = request.arguments["hot_folders"]
            chosen = [one for one in self.loops if one.folder.name in wanted]
            for loop in chosen:
                loop.pause(paused=request.what == "pause")
            return {"hot_folders": [loop.folder.name for loop in chosen]}
        if request.what == "retry":
            self._retry(request)
            return None
        return {"error": f"this daemon does not know the request {request.what}"}

    def _retry(self, request: Request) -> None:
        job = request.arguments["job"]
        failed = self._journal.failed_job(job)
        loops = {one.folder.name: one for one in self.loops}
        if failed.hot_folder not in loops:
            raise RetouchdError(
                f"its hot folder {failed.hot_folder!r} is not in the configuration",
                hint="add it again, or drop the original into in/ yourself",
                file=failed.archive,
            )
        loop = loops[failed.hot_folder]

        def errand(places: Any) -> None:
            try:
                name = send_again(places, failed)
                answer = {"job": job, "dropped": name}
                loop.wake()
            except (RetouchdError, OSError) as error:
                answer = {"error": str(error)}
            self._requests.answer(request, answer, time.time())

        loop.run_errand(errand)

    def _shut_down(self) -> Tally:
        """Stop every part; each stops only after the parts that feed it."""
        self._notifier.stopping()
        # 1. Nothing new comes in; what waits in in/ or claims/ is there next time.
        for loop in self.loops:
            loop.drain()
        # 2. What runs is finished: its outcomes still reach the folders.
        self.pool.stop()
        # 3. The folders hand out and book what is finished, then let go of the roots.
        for loop in self.loops:
            loop.stop()
        for loop in self.loops:
            loop.join(JOIN_SECONDS)
        # 4. The books close last, the lock after them.
        tally = self._tally()
        self.database.close()
        self._lock.close()
        log.info(
            "stopped",
            # What the benchmark reads: the worker's CPU time is not in it.
            cpu_s=_cpu_seconds(),
            commits=self.database.commits,
            syncs=Durability.calls + self.pool.syncs,
        )
        return tally


def _cpu_seconds() -> float:
    """CPU seconds that this process, all threads but no child, has used."""
    return round(time.process_time(), 4)
