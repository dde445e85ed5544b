"""The daemon as a process: signals, exit codes, only one of it, and no orphans."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor import read_mark
from auditor.consumer import files_below
from harness.process import PATIENCE_SECONDS
from harness.site import Site

Until = Callable[..., None]

SHRINK = """
rule: copy
steps:
  - resize: {{long_edge: {long_edge}}}
outputs:
  - {{name: "{{stem}}.png"}}
"""


def test_once_takes_what_is_there_and_ends(site: Site) -> None:
    """`run --once` finishes everything and says so with exit code 0."""
    inputs = site.drop(3)

    daemon = site.start("--once")

    assert daemon.wait() == 0
    assert "3 delivered, 0 wait for review, 0 failed" in daemon.log()
    outputs = files_below(site.root / "out")
    assert [read_mark(path) for path in outputs] == [one.mark for one in inputs]
    assert (_count(site, "done"), _count(site, "in")) == (3, 0)


def test_once_says_that_files_failed(site: Site) -> None:
    """`run --once` ends with 3, and the broken file lies in failed/ with its reason."""
    site.drop(1)
    broken = site.root / "in/broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(200)))

    daemon = site.start("--once")

    assert daemon.wait() == 3
    [failed] = (site.root / "failed").rglob("broken.png")
    assert failed.read_bytes().endswith(bytes(range(200)))
    assert "What happened:" in failed.with_name("broken.png.error.txt").read_text()
    assert _count(site, "out") == 1


def test_terminate_drains(site: Site, until: Until) -> None:
    """SIGTERM ends the daemon with 0; nothing is half done, the rest stays claimed."""
    site.drop(12, side=900)
    daemon = site.start()
    until(lambda: _count(site, "out"), "the first result")

    daemon.send(signal.SIGTERM)

    assert daemon.wait() == 0
    states = site.states()
    assert states.count("done") == _count(site, "out") == _count(site, "done")
    assert set(states) <= {"done", "queued"}
    lying = sum(_count(site, folder) for folder in ("in", ".retouchd/claims", "done"))
    assert lying == 12
    assert daemon.has_said("stopped")


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """A socket that listens as the service manager does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(PATIENCE_SECONDS)
        yield listener


def test_hang_up_reloads_rules(
    site: Site, until: Until, manager: socket.socket
) -> None:
    """SIGHUP puts a changed rule into force and refuses a broken one, loudly."""
    daemon = site.start(env={"NOTIFY_SOCKET": manager.getsockname()})
    until(lambda: daemon.has_said("started"), "the start")

    site.write_rule(SHRINK.format(long_edge=10))
    daemon.send(signal.SIGHUP)
    _wait_for_word(manager, b"RELOADING=1")
    _wait_for_word(manager, b"READY=1")
    site.drop(1)
    until(lambda: site.states() == ["done"], "the first job")
    site.write_rule("rule: copy\nsteps: [unheard_of]\n")
    daemon.send(signal.SIGHUP)
    until(lambda: daemon.has_said("rule_refused"), "the refusal")
    site.drop(2)
    until(lambda: site.states().count("done") == 3, "jobs under the last good rule")

    assert site.rows("SELECT DISTINCT width FROM deliveries") == [(10,)]
    assert "unknown step" in daemon.log()


def test_second_daemon_is_refused(site: Site, until: Until) -> None:
    """Two daemons on one database, or on one root, are refused with the reason."""
    first = site.start()
    until(lambda: first.has_said("started"), "the start")
    until(lambda: list(site.root.glob(".retouchd/tmp/*")), "the lock of the root")
    other = site.base / "other.toml"
    state = site.base / "other"
    state.mkdir()
    text = site.config.read_text()
    other.write_text(text.replace(str(site.database), str(state / "retouchd.db")))

    same_database = site.start("--once")
    same_root = site.start("--once", config=other)

    assert same_database.wait() == 75
    assert "another retouchd runs with this database" in same_database.log()
    same_root.wait()
    assert "another retouchd works on this hot folder" in same_root.log()
    assert first.is_running


def test_no_process_outlives_a_killed_daemon(site: Site, until: Until) -> None:
    """The worker and its kin end by themselves when the daemon is gone."""
    site.drop(4, side=900)
    daemon = site.start()
    until(lambda: "queued" in site.states(), "the first claim")
    children = daemon.children()

    daemon.kill()

    assert children
    until(lambda: not any(_is_there(pid) for pid in children), "the end of all of them")


def _wait_for_word(manager: socket.socket, word: bytes) -> None:
    while not manager.recv(4096).startswith(word):
        pass


def _is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _count(site: Site, folder: str) -> int:
    """Count the files below *folder*, those of error texts left out."""
    found = (site.root / folder).rglob("*")
    return len([p for p in found if p.is_file() and ".error." not in p.name])
