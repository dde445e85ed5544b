"""Whatever is killed and whenever, every drop ends exactly once."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retouchd.media.vips import pyvips

pytestmark = pytest.mark.timeout(180)

Until = Callable[[Callable[[], object], str], None]

COUNT = 16


def _digests(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    names = {path.name: path for path in files}
    assert len(names) == len(files), "a name lies there twice"
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in names.items()
    }


def _all_gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def _assert_exactly_once(site: Any, dropped: dict[str, str]) -> None:
    """P1 to P3: originals whole in done/, one whole output each, nothing else."""
    assert _digests(site.root / "done") == dropped
    outputs = sorted((site.root / "out").rglob("*"))
    assert [path.name for path in outputs] == sorted(dropped)
    for path in outputs:
        image = pyvips.Image.new_from_file(str(path), fail_on="warning")
        assert (image.width, image.height) == (24, 24)
        assert image.avg() > 0
    for folder in ("in", "failed", "review", ".retouchd/tmp", ".retouchd/claims"):
        assert site.count(folder) == 0, folder
    assert not list((site.root / ".retouchd/claims/1").iterdir())
    assert site.states() == ["done"] * len(dropped)


@pytest.mark.parametrize("seed", [1, 2])
def test_daemon_killed_again_and_again(site: Any, until: Until, seed: int) -> None:
    """P1, P2, P3: SIGKILL at random moments loses, halves and doubles nothing."""
    dropped = site.drop(COUNT, side=200)
    chance = random.Random(seed)
    survivors: list[int] = []

    for _ in range(3):
        daemon = site.start()
        until(daemon.has_started, "the start")
        time.sleep(chance.uniform(0.0, 1.8))
        survivors += daemon.children()
        daemon.kill()
    code = site.start("--once").wait()

    assert code == 0
    _assert_exactly_once(site, dropped)
    until(lambda: _all_gone(survivors), "the end of all workers")


def test_worker_killed_while_the_daemon_lives(site: Any, until: Until) -> None:
    """P3, P7: a worker that dies twice under load costs time and nothing else."""
    dropped = site.drop(COUNT, side=900)
    daemon = site.start()

    until(lambda: "queued" in site.states(), "the first claim")
    first = daemon.workers()
    os.kill(first[0], signal.SIGKILL)
    until(lambda: set(daemon.workers()) - set(first), "a new worker")
    until(lambda: site.count("out") >= 3, "the first results of the new worker")
    os.kill(daemon.workers()[0], signal.SIGKILL)
    until(lambda: site.states().count("done") == COUNT, "the end of all jobs")
    daemon.send(signal.SIGTERM)

    assert daemon.wait() == 0
    _assert_exactly_once(site, dropped)


def test_no_process_outlives_a_killed_daemon(site: Any, until: Until) -> None:
    """The worker and its kin end by themselves when the daemon is gone."""
    site.drop(4, side=900)
    daemon = site.start()
    until(lambda: "queued" in site.states(), "the first claim")
    children = daemon.children()

    daemon.kill()

    assert children
    until(lambda: _all_gone(children), "the end of all children")
