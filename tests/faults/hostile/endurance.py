"""A daemon among canaries, and all that must hold whatever is dropped on it."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from harness.process import DaemonProcess, memory_mb, until
from harness.site import Site

AROUND = ("home", "here", "temporary", "outside")
"""Folders beside the site that hold canaries."""

DAEMON_MB = 300
WORKER_MB = 1500
SECONDS_PER_FILE = 60
MAKING = ("claimed", "queued", "running", "rendered", "delivered", "waiting")
CARRIED = re.compile(rb"evil\.sh|pwned|<script>|<\?php|root:x:0")
IGNORED = (".", "~", "thumbs.db")


class Peaks(threading.Thread):
    """Watches the memory of a daemon and its workers until it is told to stop."""

    def __init__(self, daemon: DaemonProcess) -> None:
        super().__init__(daemon=True)
        self._daemon = daemon
        self._stop_now = threading.Event()
        self.daemon_mb = 0.0
        self.worker_mb = 0.0

    def run(self) -> None:
        """Look ten times a second."""
        while not self._stop_now.wait(0.1):
            self.daemon_mb = max(self.daemon_mb, self._daemon.memory_mb())
            try:
                workers = self._daemon.workers()
            except FileNotFoundError:
                continue
            self.worker_mb = max([self.worker_mb, *map(memory_mb, workers)])

    def stop(self) -> None:
        """Look no more."""
        self._stop_now.set()
        self.join()


def tree_of(*folders: Path) -> dict[str, str]:
    """Return a digest of every file, and of what every other entry is."""
    found: dict[str, str] = {}
    for path in [path for folder in folders for path in folder.rglob("*")]:
        is_plain = path.is_file() and not path.is_symlink()
        content = path.read_bytes() if is_plain else str(path.lstat().st_mode).encode()
        found[str(path)] = hashlib.sha256(content).hexdigest()
    return found


def surroundings(site: Site) -> dict[str, str]:
    """Return the tree of everything that the daemon has no business with."""
    around = [site.base.parent / name for name in AROUND]
    beside = [
        path
        for path in site.base.iterdir()
        if path.is_dir() and path.name not in {"hot", "state"}
    ]
    return tree_of(*around, *beside)


def retouchd(site: Site, *arguments: str) -> str:
    """Run a command; return what it printed, undecodable bytes as surrogates."""
    command = [
        sys.executable,
        "-m",
        "retouchd",
        "--config",
        str(site.config),
        *arguments,
    ]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode("utf-8", "surrogateescape")


def left_in_place(site: Site) -> dict[str, str]:
    """Return what the daemon left in ``in/``, with the reason."""
    rows = site.rows("SELECT left_in_place FROM hot_folders")
    return dict(json.loads(rows[0][0] or "[]")) if rows else {}


def waiting_in(site: Site) -> list[str]:
    """Return the files in ``in/`` that are neither taken nor left with a reason."""
    inbox, left = site.root / "in", left_in_place(site)
    names = [
        str(path.relative_to(inbox)) for path in inbox.rglob("*") if not path.is_dir()
    ]
    shown = {name.encode("utf-8", "backslashreplace").decode() for name in left} | set(
        left
    )
    return [
        name
        for name in names
        if not Path(name).name.lower().startswith(IGNORED)
        and name.encode("utf-8", "backslashreplace").decode() not in shown
        and name not in shown
    ]


def is_over(site: Site) -> bool:
    """Tell whether every file has ended."""
    return not waiting_in(site) and not set(site.states()).intersection(MAKING)


def endure(
    site: Site, fill: Callable[[Path], object], patience: float
) -> dict[str, object]:
    """Let a daemon meet what *fill* drops; check all that must hold; return figures."""
    before = surroundings(site)
    daemon = site.start()
    until(lambda: daemon.has_said("started"), "the start")
    peaks = Peaks(daemon)
    peaks.start()
    fill(site.root / "in")

    until(
        lambda: not daemon.is_running or is_over(site),
        "the end of every file",
        patience,
    )

    peaks.stop()
    assert daemon.is_running, daemon.log()[-3000:]
    assert daemon.log().count('"event": "started"') == 1
    assert surroundings(site) == before
    assert peaks.daemon_mb < DAEMON_MB
    assert peaks.worker_mb < WORKER_MB
    assert is_harmless(daemon.log()), "the log is steered"
    check_ends(site)
    return {
        "daemon_mb": round(peaks.daemon_mb),
        "worker_mb": round(peaks.worker_mb),
        "deaths": daemon.log().count('"event": "worker_died"'),
        "slowest": round(max(seconds_of_jobs(site)), 1),
        **outcomes(site),
    }


def outcomes(site: Site) -> dict[str, int]:
    """Count how files ended."""
    states = site.states()
    return {
        "done": states.count("done"),
        "failed": states.count("failed"),
        "left": len(left_in_place(site)),
    }


def check_ends(site: Site) -> None:
    """Every file ended with a reason, in time, and carried nothing on."""
    reasons = site.rows("SELECT source_name, error FROM jobs WHERE state = 'failed'")
    assert [name for name, error in reasons if not error] == []
    assert [name for name, error in reasons if "made a mistake" in error] == []
    failed = [path for path in (site.root / "failed").rglob("*") if path.is_file()]
    texts = [path for path in failed if path.name.endswith(".error.txt")]
    assert len(texts) == len(reasons)
    assert all(map(left_in_place(site).get, left_in_place(site)))
    assert max(seconds_of_jobs(site)) < SECONDS_PER_FILE
    outputs = [path for path in (site.root / "out").rglob("*") if path.is_file()]
    assert [path for path in outputs if CARRIED.search(path.read_bytes())] == []
    # The last claim folders may go meanwhile, which os.walk forgives.
    walk = os.walk(site.base.parent)
    assert not [place for place, *names in walk if "pwned" in itertools.chain(*names)]


def seconds_of_jobs(site: Site) -> Iterator[float]:
    """Yield how long each job took from its start to its end."""
    for started, finished in site.rows("SELECT started_at, finished_at FROM jobs"):
        if started and finished:
            span = datetime.fromisoformat(finished) - datetime.fromisoformat(started)
            yield span.total_seconds()


def is_harmless(text: str) -> bool:
    """Tell whether nothing in *text* steers a terminal or turns its direction."""
    return not any(
        unicodedata.category(character) in {"Cc", "Cf", "Cs"}
        and character not in "\n\t"
        for character in text
    )
