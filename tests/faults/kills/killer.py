"""Kills a daemon, its worker or a helper at random moments, and starts it again."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Literal

from harness.process import DaemonProcess, until
from harness.site import Site
from kills.processes import TAG, children_of, processes_of, workers_of

Victim = Literal["daemon", "stopping daemon", "worker", "helper"]

PAUSE_SECONDS = 0.5
"""Every second kill comes within this time after the last one, in the middle of a start
or of a recovery; every other one within a fifth of it after a claim, once there was a
result again."""

PATIENCE_SECONDS = 100.0
"""The next result comes within this time."""


def victims(daemons: int, workers: int, seed: int) -> list[Victim]:
    """Return who is killed, in random order.

    Every sixth daemon dies while it stops; every tenth kill of a worker hits a helper.
    """
    chosen: list[Victim] = ["daemon"] * (daemons - daemons // 6)
    chosen += ["stopping daemon"] * (daemons // 6)
    chosen += ["worker"] * (workers - workers // 10)
    chosen += ["helper"] * (workers // 10)
    random.Random(seed).shuffle(chosen)
    return chosen


class Killer:
    """Keeps a daemon running and kills it.

    Args:
        site: where it works.
        seed: of the moments.
        results: tells how many results there were so far.

    Attributes:
        daemon: the one that runs now.
        kills: how many of each kind.
        point: the last kill in words.
        under_load: kills while files were claimed.
        gave_up: daemons that ended by themselves because their workers kept dying.
    """

    def __init__(self, site: Site, seed: int, results: Callable[[], int]) -> None:
        self.kills: Counter[Victim] = Counter()
        self.point = "before the first kill"
        self.under_load = 0
        self.gave_up = 0
        self._site = site
        self._results = results
        self._chance = random.Random(seed)
        self._start()

    def _start(self) -> None:
        self.daemon: DaemonProcess = self._site.start(env={TAG: str(self._site.root)})
        self._began = time.monotonic()

    def strike(self, victim: Victim) -> None:
        """Wait for a random moment, kill *victim*; a daemon runs afterwards."""
        if self._chance.random() < 0.5:
            self._wait_for_work()
            time.sleep(self._chance.uniform(0, PAUSE_SECONDS / 5))
        else:
            time.sleep(self._chance.uniform(0, PAUSE_SECONDS))
        self._see_that_it_runs()
        if "daemon" in victim:
            self._kill_daemon(victim)
        else:
            self._kill_child(victim)

    def _wait_for_work(self) -> None:
        before = self._results()
        until(
            lambda: (
                (self._results() > before and self._claimed())
                or not self.daemon.is_running
            ),
            f"a result and another claim after {self.point}",
            PATIENCE_SECONDS,
        )

    def _claimed(self) -> int:
        return sum(1 for _ in self._site.root.glob(".retouchd/claims/*/*"))

    def _see_that_it_runs(self) -> None:
        """Do the service manager's work: a daemon that gave up is started again."""
        if self.daemon.is_running:
            return
        log = self.daemon.log()
        assert "worker_keeps_dying" in log, (
            f"the daemon ended by itself:\n{log[-3000:]}"
        )
        self.gave_up += 1
        self._start()

    def _kill_daemon(self, victim: Victim) -> None:
        if victim == "stopping daemon":
            self.daemon.send(signal.SIGTERM)
            time.sleep(self._chance.uniform(0, PAUSE_SECONDS))
            if not self.daemon.is_running:  # quicker than the kill
                self._start()
                self.strike("daemon")
                return
        self._note(victim)
        self.daemon.kill()
        self._start()

    def _kill_child(self, victim: Victim) -> None:
        """Kill a worker or a helper; where there is no helper, a worker."""
        until(
            lambda: workers_of(self.daemon.pid) or not self.daemon.is_running,
            "a worker",
        )
        workers = workers_of(self.daemon.pid)
        if not workers:  # the daemon gave up just now
            self.strike(victim)
            return
        helpers = sorted(children_of(self.daemon.pid).keys() - workers)
        chosen = (victim == "helper" and helpers) or workers
        self._note(victim)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._chance.choice(chosen), signal.SIGKILL)

    def _note(self, victim: Victim) -> None:
        claimed = self._claimed()
        self.kills[victim] += 1
        self.under_load += bool(claimed)
        self.point = (
            f"kill {self.kills.total()}, {victim}, "
            f"{time.monotonic() - self._began:.2f} s after the daemon's start, "
            f"{claimed} claimed"
        )
        sys.stdout.write(f"{self.point}\n")  # shown where the test fails

    def end(self) -> None:
        """Kill the daemon for the last time and start no other."""
        self._see_that_it_runs()
        # Else orphans of this site could not be told from other processes.
        until(self._tagged_workers, "a worker that bears the tag")
        self._note("daemon")
        self.daemon.kill()

    def _tagged_workers(self) -> set[int]:
        workers = workers_of(self.daemon.pid)
        return set(workers).intersection(processes_of(self._site.root))

    def figures(self) -> dict[str, object]:
        """Return what a row of the table tells of the kills."""
        return {
            "kills": self.kills.total(),
            "daemons": self.kills["daemon"] + self.kills["stopping daemon"],
            "workers": self.kills["worker"] + self.kills["helper"],
            "under_load": self.under_load,
            "gave_up": self.gave_up,
        }
