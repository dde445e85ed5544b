"""What goes wrong on a bad day, one trouble after the other, all of it mendable."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.process import DaemonProcess, until
from harness.site import Site
from kills.processes import workers_of
from kills.producers import Producers

AWAY_SECONDS = 2.0
FULL_SECONDS = 3.0
PAUSED_SECONDS = 1.5

IN_A_FULL_DISK = 5
"""Files that are dropped just before the disk is full."""

HOSTILE: dict[str, bytes] = {
    "cut.png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x40\x00\x00\x00\x40\x00",
    "noise.jpg": b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40,
    "text.png": b"<svg onload=alert(1)>" * 20,
    "empty.png": b"",
}
"""Files that are no pictures, by the end of their names."""


class Troubles:
    """Makes every kind of trouble in turn, in an order drawn by lot for each round.

    Args:
        site: its first root is the usual one.
        daemon: must outlive everything.
        small: fills the second root, which lies on a small file system; ``None``:
            there is none.
        seed: of order and choices.

    Attributes:
        made: how often each was made.
    """

    def __init__(
        self, site: Site, daemon: DaemonProcess, small: Producers | None, seed: int
    ) -> None:
        self.made: Counter[str] = Counter()
        self._site = site
        self._daemon = daemon
        self._small = small
        self._chance = random.Random(seed)
        self._round: list[Callable[[], None]] = []

    def make_one(self) -> None:
        """Make the next trouble and mend it."""
        if not self._round:
            self._round = self._kinds()
            self._chance.shuffle(self._round)
        trouble = self._round.pop()
        self.made[trouble.__name__] += 1
        trouble()

    def _kinds(self) -> list[Callable[[], None]]:
        kinds = [
            self.kill_worker,
            self.reload,
            self.pause,
            self.take_share_away,
            self.drop_hostile,
        ]
        return [*kinds, self.fill_disk] if self._small else kinds

    def kill_worker(self) -> None:
        """Kill the worker, most likely in the middle of something."""
        until(lambda: workers_of(self._daemon.pid), "a worker")
        for pid in workers_of(self._daemon.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def reload(self) -> None:
        """Ask the daemon to read its rules again."""
        self._daemon.send(signal.SIGHUP)

    def pause(self) -> None:
        """Pause all hot folders, resume after a while."""
        self._command("pause")
        time.sleep(PAUSED_SECONDS)
        self._command("resume")

    def _command(self, word: str) -> None:
        config = str(self._site.config)
        command = [sys.executable, "-m", "retouchd", "--config", config, word]
        subprocess.run(command, check=True, capture_output=True)

    def take_share_away(self) -> None:
        """Hide the marker, as an unmounted share does, and bring it back."""
        marker = self._site.root / ".retouchd/marker.json"
        hidden = marker.with_name("marker.away")
        marker.rename(hidden)
        time.sleep(AWAY_SECONDS)
        hidden.rename(marker)

    def drop_hostile(self) -> None:
        """Drop a file that is no picture; its name starts with ``hostile``."""
        ending = self._chance.choice(sorted(HOSTILE))
        name = f"hostile-{self.made['drop_hostile']:04d}-{ending}"
        draft = self._site.root.parent / "scratch" / name
        draft.write_bytes(HOSTILE[ending])
        draft.rename(self._site.root / "in" / name)

    def fill_disk(self) -> None:
        """Fill the small file system while it has work to do, then make room."""
        assert self._small is not None
        self._small.drop(IN_A_FULL_DISK)
        with _full(self._site.roots[1] / "ballast"):
            time.sleep(FULL_SECONDS)


@contextlib.contextmanager
def _full(ballast: Path) -> Iterator[None]:
    """Leave no byte free beside *ballast* while the context lasts."""
    with ballast.open("wb") as file:
        while free := shutil.disk_usage(ballast.parent).free:
            # What was free may have been taken by the daemon: ask again.
            with contextlib.suppress(OSError):
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, free)
    try:
        yield
    finally:
        ballast.unlink()
