"""Runs in the guest: a daemon on a share whose server goes away and comes back.

Pictures come from another client, so that no event of inotify tells of them. A local
hot folder of the same daemon must not notice anything.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from auditor import Input, audit
from harness.process import DaemonProcess, until
from harness.site import Site

HERE = Path(__file__).parent
BATCH = 12
PATIENCE_SECONDS = 150.0
RESULT = Path("/run/out/result.json")

SETTINGS = {
    "intake": {
        "settle_seconds": 0.2,
        "settle_seconds_network": 1.0,
        "rescan_seconds": 0.5,
        "rescan_seconds_network": 0.5,
    },
    "worker": {"threads": 1, "device": "cpu", "memory_gb": 1.0},
}


class Outage:
    """One working day: quiet, outage, return.

    Attributes:
        site: with the share's root first and a local one second.
        dropped: by root, what was dropped.
    """

    def __init__(self) -> None:
        self.site = Site(
            Path("/media/disk/site"),
            roots=[Path("/media/a/hot"), Path("/media/disk/site/local")],
            settings=SETTINGS,
        )
        self.dropped: dict[Path, list[Input]] = {root: [] for root in self.site.roots}
        self.waits: dict[str, float] = {}

    def drop(self, count: int, root: Path) -> None:
        """Drop pictures; those for the share come from the other client."""
        entrance = Path("/media/b/hot") if root == self.site.root else root
        self.dropped[root] += self.site.drop(count, root=entrance)

    def done(self, root: Path) -> bool:
        """Whether all that was dropped into *root* is done."""
        name = "hot" if root == self.site.root else "hot2"
        sql = "SELECT count(*) FROM jobs WHERE state = 'done' AND hot_folder = ?"
        rows = self.site.rows(sql, [name])
        return bool(rows) and rows[0][0] == len(self.dropped[root])

    def state(self) -> str:
        """What the daemon says of the share."""
        rows = self.site.rows("SELECT state FROM hot_folders WHERE name = 'hot'")
        return str(rows[0][0]) if rows else ""

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Wait and note how long it took."""
        began = time.monotonic()
        until(lambda: self._must_run() and condition(), what, timeout=PATIENCE_SECONDS)
        self.waits[what] = round(time.monotonic() - began, 1)
        sys.stdout.write(f"{what}: {self.waits[what]} s\n")

    def _must_run(self) -> bool:
        assert all(run.poll() is None for run in self.site.runs), "the daemon ended"
        return True


def server(command: str) -> None:
    """Run a function of the script that the guest's first process read."""
    script = HERE / f"{os.environ['GUEST_SHARE']}.sh"
    subprocess.run(["/bin/sh", "-c", f". {script}; {command}"], check=False)


def main() -> None:
    """Live the day and write the verdicts."""
    day = Outage()
    share, local = day.site.roots
    daemon = day.site.start()
    try:
        live(day, share, local)
        # In order: killed, it would leave the last claim's empty folder.
        daemon.send(signal.SIGTERM)
        daemon.wait(PATIENCE_SECONDS)
    finally:
        sys.stdout.write(daemon.log()[-4000:])
        day.site.kill_all()
    on_disk = Path("/media/disk/share/hot")
    verdicts = [
        audit(day.dropped[share], root=on_disk),
        audit(day.dropped[local], root=local),
    ]
    RESULT.write_text(json.dumps(_result(day, daemon, verdicts)))


def live(day: Outage, share: Path, local: Path) -> None:
    """A quiet time, the server's fall with pictures under way, its return."""
    day.wait(lambda: day.state() == "watching", "the start")
    day.drop(BATCH, share)
    day.wait(lambda: day.done(share), "the first pictures")
    day.drop(BATCH, share)
    sql = "SELECT 1 FROM jobs WHERE state NOT IN ('done')"
    day.wait(lambda: day.site.rows(sql), "pictures under way")
    server("stop_server")
    day.wait(lambda: day.state() == "share down", "the outage is seen")
    day.drop(BATCH, local)
    day.wait(lambda: day.done(local), "the local folder goes on")
    assert day.state() == "share down"
    server("start_server")
    day.wait(lambda: day.state() == "watching", "the return")
    day.drop(BATCH, share)
    day.wait(lambda: day.done(share), "all pictures of the share")


def _result(day: Outage, daemon: DaemonProcess, verdicts: list[Any]) -> dict[str, Any]:
    sql = "SELECT watched_by FROM hot_folders WHERE name = 'hot'"
    return {
        "watched_by": day.site.rows(sql)[0][0],
        "waits": day.waits,
        "share": [str(verdicts[0]), verdicts[0].is_clean, verdicts[0].right],
        "local": [str(verdicts[1]), verdicts[1].is_clean, verdicts[1].right],
        "log": daemon.log()[-8000:],
    }


if __name__ == "__main__":
    sys.exit(main())
