"""A hot folder with a real daemon process that can be killed."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from retouchd.media.vips import pyvips

PATIENCE_SECONDS = 60.0

SHRINK = """
rule: shrink
match: {{files: ["*.png"]}}
steps:
  - resize: {{long_edge: {long_edge}}}
outputs:
  - {{name: "{{stem}}.png"}}
"""


@dataclass
class Site:
    """Folders, configuration and the daemon of one test.

    Attributes:
        base: holds the root, the rules and the database.
        runs: every daemon that was started.
    """

    base: Path
    runs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """The hot folder."""
        return self.base / "hot"

    @property
    def database(self) -> Path:
        """The ledger."""
        return self.base / "state/retouchd.db"

    def configure(self, name: str = "retouchd.toml", database: str = "state") -> Path:
        """Write a configuration for the root with its database in *database*."""
        config = self.base / name
        config.write_text(
            f'database = "{self.base}/{database}/retouchd.db"\n'
            f'rules_dir = "{self.base}/rules"\n'
            f'models_dir = "{self.base}/models"\n'
            "[intake]\nsettle_seconds = 0.1\nrescan_seconds = 0.5\n"
            '[worker]\nthreads = 2\ndevice = "cpu"\nmemory_gb = 1.0\n'
            '[[hot_folders]]\nname = "hot"\n'
            f'path = "{self.root}"\nrules = ["shrink"]\n'
        )
        return config

    def write_rule(self, text: str = SHRINK, long_edge: int = 24) -> None:
        """Put the rule into force, or out of shape."""
        path = self.base / "rules/shrink.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.format(long_edge=long_edge))

    def drop(self, count: int, side: int = 40) -> dict[str, str]:
        """Put pictures that all differ into ``in/``; return their digests by name."""
        digests = {}
        for number in range(count):
            path = self.root / "in" / f"p{number:02d}.png"
            noise = pyvips.Image.gaussnoise(side, side, seed=number)
            rgb = noise.bandjoin([noise, noise]).cast("uchar")
            rgb.copy(interpretation="srgb").write_to_file(str(path))
            digests[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return digests

    def start(self, *arguments: str, config: str = "retouchd.toml") -> Daemon:
        """Start a daemon."""
        log = (self.base / f"log-{len(self.runs)}.txt").open("wb")
        with log:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "retouchd"),
                    *("--config", self.base / config),
                    *("run", *arguments),
                ],
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONWARNINGS": "default"},
            )
        self.runs.append(process)
        return Daemon(process, Path(log.name))

    def count(self, folder: str) -> int:
        """Count the files below *folder*, those of error texts left out."""
        found = [path for path in (self.root / folder).rglob("*") if path.is_file()]
        return len([path for path in found if ".error." not in path.name])

    def states(self) -> list[str]:
        """Return the states of all jobs; none while the ledger is being made."""
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(self.database)) as db:
            try:
                return [row[0] for row in db.execute("SELECT state FROM jobs")]
            except sqlite3.OperationalError:
                return []


@dataclass(frozen=True)
class Daemon:
    """One running daemon and its log."""

    process: subprocess.Popen[bytes]
    log: Path

    def has_started(self) -> bool:
        """Whether its folders are watched."""
        return self.has_said("started")

    def has_said(self, event: str) -> bool:
        """Whether *event* stands in its log."""
        return f'"event": "{event}"' in self.log.read_text()

    def wait(self) -> int:
        """Wait for the end; return the exit code."""
        return self.process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """Kill it as the kernel would."""
        self.process.kill()
        self.process.wait()

    def send(self, sign: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(sign)

    def children(self) -> list[int]:
        """Process ids of its worker and of the worker's kin."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        listings = [(thread / "children").read_text() for thread in threads]
        return [int(pid) for listing in listings for pid in listing.split()]

    def workers(self) -> list[int]:
        """Process ids of the workers alone."""
        return [pid for pid in self.children() if "spawn_main" in command_of(pid)]


def command_of(pid: int) -> str:
    """Return the command line of *pid*; empty when it is gone or a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for *condition*.

    Raises:
        AssertionError: *what* did not happen in time.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up, f"{what} did not happen"
        time.sleep(0.02)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An initialised hot folder; whatever was started is killed afterwards."""
    made = Site(tmp_path)
    made.write_rule()
    made.configure()
    for folder in ("hot/in", "hot/.retouchd", "state", "models"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "hot/.retouchd/marker.json").write_text("{}")
    yield made
    for process in made.runs:
        process.kill()
        process.wait()


@pytest.fixture
def until() -> Callable[[Callable[[], object], str], None]:
    """Wait for something that another process does."""
    return wait_until
