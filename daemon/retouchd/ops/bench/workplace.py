"""One measured run: a new hot folder, the real daemon, and what its books say."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from retouchd.errors import RetouchdError
from retouchd.jobs.accounts import OVERHEAD
from retouchd.jobs.meter import UNFINISHED
from retouchd.ledger.database import Database

SETTLE_SECONDS = 0.5
POLL_SECONDS = 0.1
_SOME_FAILED = 3

_CONFIGURATION = """\
database = "{folder}/ledger/retouchd.db"
rules_dir = "{folder}/rules"
{models}

[intake]
settle_seconds = {settle}

[worker]
device = "cpu"

[log]
format = "json"

[[hot_folders]]
name = "bench"
path = "{folder}/hot"
rules = ["bench"]
"""


@dataclass(frozen=True)
class Share:
    """What one step took, all pictures together.

    Attributes:
        wall_s: seconds from its beginning to its end.
        model_s: of those, seconds inside ONNX Runtime.
    """

    step: str
    wall_s: float
    model_s: float


@dataclass(frozen=True)
class Measured:
    """One run in figures.

    Attributes:
        delivered, failed: how the drops ended.
        wall_s: seconds from the moment the worker took up the first drop to the one
            when the last was booked: neither start-up nor settling is in it.
        supervisor_cpu_s: CPU seconds of the daemon's own process after its start;
            waiting for a disk uses none, the worker is another process.
        syncs: fsync calls on files and folders, by both processes.
        commits: commits of the ledger, one fsync each.
        shares: the steps in the order in which they ran.
    """

    delivered: int
    failed: int
    wall_s: float
    supervisor_cpu_s: float
    syncs: int
    commits: int
    shares: tuple[Share, ...]

    @property
    def files(self) -> int:
        """Drops that ended, one way or the other."""
        return self.delivered + self.failed


class Workplace:
    """A hot folder of its own with one rule, for one run.

    Args:
        folder: a folder that may be filled.
        rule: text of the rule, whose name is ``bench``.
        models: a folder of models before the shipped ones.
    """

    def __init__(self, folder: Path, rule: str, models: Path | None = None) -> None:
        self.hot = folder / "hot"
        self.inbox = self.hot / "in"
        self.database = folder / "ledger" / "retouchd.db"
        self._config = folder / "retouchd.toml"
        self._log = folder / "log.jsonl"
        (folder / "rules").mkdir(parents=True)
        (folder / "rules" / "bench.yaml").write_text(rule, encoding="utf-8")
        text = _CONFIGURATION.format(
            folder=folder,
            models=f'models_dir = "{models}"' if models else "",
            settle=SETTLE_SECONDS,
        )
        self._config.write_text(text, encoding="utf-8")
        self._daemon("init", str(self.hot), "--name", "bench", "--rule", "bench").wait()

    def run(self, watch: Callable[[int], None] | None = None) -> Measured:
        """Let the real daemon finish what lies in ``in/``.

        Args:
            watch: is told the daemon's process id ten times a second.

        Raises:
            RetouchdError: the daemon itself failed; failed drops are only counted.
        """
        daemon = self._daemon("run", "--once")
        while daemon.poll() is None:
            if watch:
                watch(daemon.pid)
            time.sleep(POLL_SECONDS)
        if daemon.returncode not in (0, _SOME_FAILED):
            raise RetouchdError(
                f"the daemon ended with exit code {daemon.returncode}",
                hint=self._log.read_text(encoding="utf-8")[-2000:],
            )
        return self._measured()

    def _daemon(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command of this very program, as a user would."""
        command = [sys.executable, "-m", "retouchd", "--config", str(self._config)]
        with self._log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603  (our own interpreter and package)
                [*command, *arguments], stdout=subprocess.DEVNULL, stderr=log
            )

    def _measured(self) -> Measured:
        started, stopped = (self._event(name) for name in ("started", "stopped"))
        database = Database.open_reading(self.database)
        jobs = database.rows("SELECT state, finished_at FROM jobs")
        steps = database.rows(
            "SELECT step, sum(wall_ms) / 1000 AS wall_s, sum(model_s) AS model_s, "
            "min(started_at) AS begun FROM step_runs WHERE step NOT IN (?, ?) "
            "GROUP BY step ORDER BY min(id)",
            [OVERHEAD, UNFINISHED],
        )
        database.close()
        begun = min(_moment(row["begun"]) for row in steps)
        ended = max(_moment(row["finished_at"]) for row in jobs)
        return Measured(
            delivered=sum(row["state"] == "done" for row in jobs),
            failed=sum(row["state"] == "failed" for row in jobs),
            wall_s=(ended - begun).total_seconds(),
            supervisor_cpu_s=stopped["cpu_s"] - started["cpu_s"],
            syncs=stopped["syncs"],
            commits=stopped["commits"],
            shares=tuple(
                Share(row["step"], row["wall_s"], row["model_s"]) for row in steps
            ),
        )

    def _event(self, name: str) -> dict[str, Any]:
        """Return the facts of the last log event *name*."""
        lines = self._log.read_text(encoding="utf-8").splitlines()
        events = (json.loads(line) for line in reversed(lines) if line.startswith("{"))
        return next(event for event in events if event["event"] == name)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
