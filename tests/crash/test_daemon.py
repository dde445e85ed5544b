"""The daemon as a process: signals, exit codes, and only one of it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest

from retouchd.media.vips import pyvips

pytestmark = pytest.mark.timeout(180)

Until = Callable[[Callable[[], object], str], None]


def test_once_takes_what_is_there_and_ends(site: Any) -> None:
    """`run --once` finishes everything and says so with exit code 0."""
    site.drop(3)

    daemon = site.start("--once")

    assert daemon.wait() == 0
    assert "3 delivered, 0 wait for review, 0 failed" in daemon.log.read_text()
    assert (site.count("out"), site.count("done"), site.count("in")) == (3, 3, 0)


def test_once_says_that_files_failed(site: Any) -> None:
    """`run --once` ends with 3, and the broken file lies in failed/ with its reason."""
    site.drop(1)
    broken = site.root / "in/broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(200)))

    daemon = site.start("--once")

    assert daemon.wait() == 3
    [failed] = (site.root / "failed").rglob("broken.png")
    assert failed.read_bytes().endswith(bytes(range(200)))
    assert "What happened:" in failed.with_name("broken.png.error.txt").read_text()
    assert site.count("out") == 1


def test_terminate_drains(site: Any, until: Until) -> None:
    """SIGTERM ends the daemon with 0; nothing is half done, the rest stays claimed."""
    site.drop(12, side=900)
    daemon = site.start()
    until(lambda: site.count("out"), "the first result")

    daemon.send(signal.SIGTERM)

    assert daemon.wait() == 0
    states = site.states()
    assert states.count("done") == site.count("out") == site.count("done")
    assert set(states) <= {"done", "queued"}
    assert site.count("in") + site.count(".retouchd/claims") + site.count("done") == 12
    assert daemon.has_said("stopped")


def test_hang_up_reloads_rules(site: Any, until: Until) -> None:
    """SIGHUP puts a changed rule into force and refuses a broken one, loudly."""
    daemon = site.start()
    until(daemon.has_started, "the start")

    site.write_rule(long_edge=10)
    daemon.send(signal.SIGHUP)
    until(lambda: daemon.process.poll() is None and _rest(0.3), "a moment")
    site.drop(1)
    until(lambda: site.states() == ["done"], "the first job")
    site.write_rule(text="rule: shrink\nsteps: [unheard_of]\n")
    daemon.send(signal.SIGHUP)
    until(lambda: "rule_refused" in daemon.log.read_text(), "the refusal")
    site.drop(2)
    until(lambda: site.states().count("done") == 3, "jobs under the last good rule")

    widths = {_width(path) for path in (site.root / "out").iterdir()}
    assert widths == {10}
    assert "unknown step" in daemon.log.read_text()


def test_second_daemon_is_refused(site: Any, until: Until) -> None:
    """Two daemons on one database, or on one root, are refused with the reason."""
    first = site.start()
    until(first.has_started, "the start")
    until((site.root / ".retouchd/tmp/1").is_dir, "the lock of the root")
    (site.base / "other").mkdir()
    site.configure("other.toml", database="other")

    same_database = site.start("--once")
    same_root = site.start("--once", config="other.toml")

    assert same_database.wait() == 75
    assert "another retouchd runs with this database" in same_database.log.read_text()
    same_root.wait()
    assert "another retouchd works on this hot folder" in same_root.log.read_text()
    assert first.process.poll() is None


def _rest(seconds: float) -> bool:
    signal.sigtimedwait([], seconds)
    return True


def _width(path: Any) -> int:
    return int(pyvips.Image.new_from_file(str(path)).width)
