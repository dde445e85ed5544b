"""F13: a daemon that was stopped, taken for dead and followed, wakes up again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor import Consumer, audit
from harness.process import DaemonProcess
from harness.site import Site

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.needs("cc"),
]

SOURCE = Path(__file__).resolve().parent / "two_daemons/stopper.c"

HASTE = {
    "intake": {
        "settle_seconds": 0.1,
        "rescan_seconds": 0.3,
        "return_seconds": 0.1,
        "heartbeat_seconds": 0.1,
        "takeover_seconds": 1.0,
        "reserve_mb": 0,
    }
}

POINTS = {
    "after the claim": "claim:/claims/1/",
    "while a result is written": "write:/tmp/1/",
    "before the delivery": "place:/out/",
    "before the original is put away": "place:/done/",
}

ROUNDS = 3


@pytest.fixture(scope="module")
def stopper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that stops a daemon at a point."""
    library = tmp_path_factory.mktemp("stopper") / "stopper.so"
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run(["cc", *flags, "-o", library, SOURCE, "-ldl"], check=True)
    return library


def _is_stopped(daemon: DaemonProcess) -> bool:
    pids = [daemon.pid, *daemon.workers()]
    states = [Path(f"/proc/{pid}/stat").read_text() for pid in pids]
    return all(text.rpartition(")")[2].split()[0] in "tT" for text in states)


def _wake(daemon: DaemonProcess) -> None:
    os.killpg(daemon.pid, signal.SIGCONT)


def _other_config(site: Site) -> Path:
    """Configure a second daemon, with a ledger of its own, on the same root."""
    text = site.config.read_text().replace("state/retouchd.db", "other/retouchd.db")
    (site.base / "other").mkdir()
    config = site.base / "other.toml"
    config.write_text(text)
    return config


def _commands(config: Path, *words: str) -> str:
    """Run a command of retouchd; return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "retouchd", "--config", config, *words],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def _decide_as_a_person_would(site: Site, config: Path) -> int:
    """Look for the result of each held job; return how many were held."""
    held = json.loads(_commands(config, "jobs", "held", "--json"))
    for job in held:
        is_there = (site.root / "out" / job["source"]).exists()
        _commands(config, "jobs", "release" if is_there else "redeliver", job["id"])
    return len(held)


@pytest.mark.parametrize("point", POINTS)
def test_stale_daemon_wakes_up(
    make_site: Callable[..., Site],
    stopper: Path,
    until: Callable[..., None],
    figures: Callable[..., None],
    point: str,
) -> None:
    """P1, P3: it stops on that root; nothing is lost, and nothing delivered twice."""
    held = 0
    for _ in range(ROUNDS):
        held += _one_round(make_site(settings=HASTE), stopper, until, point)

    figures("F13", takeovers=ROUNDS, held=held, point=point)


def _one_round(
    site: Site, stopper: Path, until: Callable[..., None], point: str
) -> int:
    inputs = site.drop(3)
    config = _other_config(site)
    (site.root / "out").mkdir()
    with Consumer(site.root / "out") as consumer:
        stale = site.start(env={"STOP_AT": POINTS[point]}, preload=stopper)
        until(lambda: _is_stopped(stale), f"the stop {point}")

        fresh = site.start(config=config)
        until(lambda: fresh.has_said("folder_opened"), "the takeover")
        inputs += site.drop(2)
        until(lambda: not any((site.root / "in").iterdir()), "work after the takeover")
        _wake(stale)
        until(lambda: stale.has_said("taken_over"), "the end of the stale daemon")
        time.sleep(0.5)  # whatever it may still do now would be wrong

        held = _decide_as_a_person_would(site, config)
        until(lambda: len(list((site.root / "out").iterdir())) == 5, "all results")
        for daemon in (stale, fresh):
            daemon.send(signal.SIGTERM)
            assert daemon.wait() == 0
    verdict = audit(inputs, root=site.root, deliveries=consumer.deliveries)

    assert verdict.is_clean, str(verdict)
    assert verdict.right == len(inputs)
    assert not (site.root / ".retouchd/claims/1").exists()
    assert not (site.root / ".retouchd/tmp/1").exists()
    return held


def test_second_daemon_by_mistake_keeps_out(
    make_site: Callable[..., Site], until: Callable[..., None]
) -> None:
    """P3: while the first one lives the second one waits, and says for whom."""
    site = make_site(settings=HASTE)
    first = site.start()
    until(lambda: first.has_said("folder_opened"), "the start")
    second = site.start(config=_other_config(site))
    until(lambda: second.has_said("in_use_elsewhere"), "the refusal")

    inputs = site.drop(5)
    until(lambda: site.states() == ["done"] * 5, "the work of the first")
    time.sleep(2 * HASTE["intake"]["takeover_seconds"])
    second_worked = second.has_said("folder_opened")
    for daemon in (second, first):
        daemon.send(signal.SIGTERM)
        daemon.wait()

    assert not second_worked
    assert audit(inputs, root=site.root).right == 5
