"""F8: slow and rude writers, and real clients: nothing is taken before it is whole."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from auditor import audit
from harness.replay import Replay
from harness.site import Site
from writers.clients import CLIENTS, Servers
from writers.manners import RUDE, Desk, Written

SETTLE_SECONDS = 1.5

THREADS = 23

SLACK_SECONDS = 0.02
"""Times in the ledger are cut to milliseconds and stamped a moment apart."""


@pytest.mark.timeout(600)
@pytest.mark.needs("root", "rsync", "smbd", "smbclient")
@pytest.mark.parametrize(
    ("files", "seed"),
    [
        pytest.param(45, 1, id="45"),
        pytest.param(500, 2, id="500", marks=pytest.mark.long),
    ],
)
def test_no_file_is_taken_before_its_writer_has_ended(
    make_site: Callable[..., Site],
    until: Callable[..., None],
    figures: Callable[..., None],
    replay: Replay,
    files: int,
    seed: int,
) -> None:
    """P1 to P3: each file starts after its last byte; what is archived is its end."""
    seed = int(replay.asked.get("seed", seed))
    site = make_site(settings={"intake": {"settle_seconds": SETTLE_SECONDS}})
    daemon = site.start()
    until(lambda: daemon.has_said("started"), "the start")

    with (
        replay(seed=seed),
        Servers(site.root / "in", site.base / "servers") as servers,
        ThreadPoolExecutor(THREADS) as threads,
    ):
        written = list(
            threads.map(lambda mark: _write(site, servers, mark, seed), range(files))
        )
        names = {one.made.name for one in written}
        until(lambda: names <= _done(site), "the end of all jobs")
        daemon.send(signal.SIGTERM)
        assert daemon.wait() == 0

        verdict = audit([one.made for one in written], root=site.root)
        assert _taken_early(site, written) == []
        assert verdict.is_clean, str(verdict)
        assert verdict.right == files
    outlived = [one for one in written if one.manner == "outlives the claim"]
    figures("F8", files=files, manners=len(RUDE) + len(CLIENTS), early=0)
    assert outlived


def _write(site: Site, servers: Servers, mark: int, seed: int) -> Written:
    """Write one file, the manners taking turns."""
    ways = [*RUDE, *CLIENTS]
    manner = ways[mark % len(ways)]
    desk = Desk(site.root / "in", _scratch(site), SETTLE_SECONDS, mark, seed)
    if manner in RUDE:
        RUDE[manner](desk)
    else:
        CLIENTS[manner](desk, servers)
    return Written(desk.made, manner, desk.ended or time.time(), desk.stalled)


def _scratch(site: Site) -> Any:
    folder = site.base / "scratch"
    folder.mkdir(exist_ok=True)
    return folder


def _done(site: Site) -> set[str]:
    return {
        name
        for (name,) in site.rows("SELECT source_name FROM jobs WHERE state = 'done'")
    }


def _taken_early(site: Site, written: list[Written]) -> list[str]:
    started = dict(site.rows("SELECT source_name, started_at FROM jobs"))
    early = []
    for one in written:
        lead = one.ended - datetime.fromisoformat(started[one.made.name]).timestamp()
        if lead > SLACK_SECONDS:
            pause = f"its writer was silent for {one.stalled:.2f} s"
            early.append(
                f"{one.made.name}, {one.manner}: {lead:.2f} s too early, {pause}"
            )
    return early
