"""F7: ten thousand files at once while the kernel drops its events."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from auditor import Input, audit, make_input
from harness.process import DaemonProcess, until
from harness.site import Site

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.long,
    pytest.mark.needs("root"),
]

FILES = 10_000
QUEUED_EVENTS = 64
SETTLE_SECONDS = 1.0
GROWTH_MB = 100.0
PATIENCE_SECONDS = 1500.0
SLACK_SECONDS = 0.02
LIMIT = Path("/proc/sys/fs/inotify/max_queued_events")


def test_burst_with_lost_events(
    make_site: Callable[..., Site], figures: Callable[..., None]
) -> None:
    """P1 to P3: all once, each after its rest, and memory does not grow with them."""
    site = make_site(settings={"intake": {"settle_seconds": SETTLE_SECONDS}})
    inputs = _pictures(site.base / "pictures")
    daemon = _start_with_short_queue(site)
    time.sleep(2 * SETTLE_SECONDS)
    before = peak = daemon.memory_mb()

    began = time.time()
    subprocess.run(
        ["cp", "-r", f"{site.base}/pictures/.", site.root / "in"], check=True
    )
    dropped = time.time()
    while _count(site) < FILES:
        assert time.time() - began < PATIENCE_SECONDS, f"{_count(site)} are done"
        assert daemon.is_running, daemon.log()[-3000:]
        peak = max(peak, daemon.memory_mb())
        time.sleep(1)
    took = time.time() - dropped
    daemon.send(signal.SIGTERM)
    assert daemon.wait() == 0

    assert daemon.has_said("events_lost"), "the queue did not overflow"
    assert peak - before < GROWTH_MB
    assert _taken_early(site) == 0
    verdict = audit(inputs, root=site.root)
    assert verdict.is_clean, str(verdict)[:3000]
    assert verdict.right == FILES
    figures(
        "F7",
        files=FILES,
        drop_s=round(dropped - began, 1),
        done_s=round(took, 1),
        growth_mb=round(peak - before, 1),
    )


def _pictures(folder: Path) -> list[Input]:
    folder.mkdir()
    return [
        make_input(folder / f"p{mark:05d}.png", mark, side=16) for mark in range(FILES)
    ]


def _start_with_short_queue(site: Site) -> DaemonProcess:
    """Start a daemon for which the kernel keeps few events; others keep theirs."""
    usual = LIMIT.read_text()
    LIMIT.write_text(str(QUEUED_EVENTS))
    try:
        daemon = site.start()
        states = "SELECT state FROM hot_folders"
        until(lambda: site.rows(states) == [("watching",)], "the watch")
    finally:
        LIMIT.write_text(usual)
    return daemon


def _count(site: Site) -> int:
    [(count,)] = site.rows("SELECT count(*) FROM jobs WHERE state = 'done'")
    return int(count)


def _taken_early(site: Site) -> int:
    """Count files that were claimed before they had rested since their last change."""
    early = 0
    for name, claimed_at in site.rows("SELECT source_name, claimed_at FROM jobs"):
        [original] = site.root.glob(f"done/*/{name}")
        rested = (
            datetime.fromisoformat(claimed_at).timestamp() - original.stat().st_mtime
        )
        early += rested < SETTLE_SECONDS - SLACK_SECONDS
    return early
