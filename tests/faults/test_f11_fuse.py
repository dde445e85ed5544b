"""F11: a file system that lies, fails or hangs; the other folder does not notice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor import Input, audit
from harness.process import DaemonProcess, until
from harness.site import Site
from mounts.fuse import Fault, FaultyMount

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.long,
    pytest.mark.needs("root", "fusermount3"),
]

FILES = 4
PATIENCE_SECONDS = 90.0
HANG_SECONDS = 30.0

ANSWER_SECONDS = HANG_SECONDS / 10
"""One call that hangs would cost ten times as much; a busy machine costs a little."""

Running = tuple[Site, DaemonProcess]

SETTINGS = {
    "intake": {
        "settle_seconds": 0.3,
        "settle_seconds_network": 0.3,
        "rescan_seconds_network": 0.3,
        "return_seconds": 0.5,
    },
    "worker": {"threads": 2, "device": "cpu", "memory_gb": 1.0},
}

FAULTS = {
    "ESTALE on open": Fault(("open",), "ESTALE", times=3),
    "ESTALE on getattr": Fault(("getattr",), "ESTALE", times=5),
    "ESTALE on readdir": Fault(("readdir",), "ESTALE", times=2),
    "ESTALE on rename": Fault(("rename",), "ESTALE", times=2),
    "ESTALE on link": Fault(("link",), "ESTALE", times=2),
    "ESTALE on create": Fault(("create",), "ESTALE", times=3),
    "EIO on close": Fault(("flush",), "EIO", times=3),
    "EIO on close, done": Fault(("flush",), "EIO", done=True, times=3),
    "EIO on fsync": Fault(("fsync",), "EIO", times=2),
    "EIO on write": Fault(("write",), "EIO", times=2),
    "EIO on read": Fault(("read",), "EIO", times=2),
    "EIO on unlink": Fault(("unlink",), "EIO", times=2),
    "ENOENT though renamed": Fault(("rename",), "ENOENT", done=True, times=2),
    "EIO though renamed": Fault(("rename",), "EIO", done=True, times=2),
    "EIO though linked": Fault(("link",), "EIO", done=True, times=2),
    "EEXIST though linked": Fault(("link",), "EEXIST", done=True, times=1),
    "ENOENT though unlinked": Fault(("unlink",), "ENOENT", done=True, times=2),
    "EIO though the folder was made": Fault(("mkdir",), "EIO", done=True, times=2),
}


MAY_BE_HELD = {"ESTALE on link": 2}
"""A link that may have been made before somebody took the result away: one for each
call that failed; nobody can tell, so a person must."""


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[FaultyMount]:
    """The first hot folder's file system; other programs use what lies behind it."""
    with FaultyMount(tmp_path / "point", tmp_path / "behind") as made:
        yield made


@pytest.fixture
def running(
    make_site: Callable[..., Site], mount: FaultyMount, tmp_path: Path
) -> Iterator[Running]:
    """A site with one root on the mount and one beside it, its daemon at work."""
    site = make_site(
        roots=[mount.point / "hot", tmp_path / "beside"], settings=SETTINGS
    )
    daemon = site.start()
    until(lambda: _states(site) == ["watching", "watching"], "the start")
    yield site, daemon
    sys.stdout.write(daemon.log()[-4000:])
    mount.heal()
    site.kill_all()


def _states(site: Site) -> list[str]:
    rows = site.rows("SELECT state FROM hot_folders ORDER BY name")
    return [state for (state,) in rows]


def _ended(site: Site, name: str) -> bool:
    sql = "SELECT state FROM jobs WHERE hot_folder = ?"
    states = [state for (state,) in site.rows(sql, [name])]
    assert "failed" not in states
    return len(states) == FILES and set(states) <= {"done", "held"}


@pytest.mark.parametrize("name", FAULTS)
def test_lies_and_errors_lose_nothing(
    running: Running,
    mount: FaultyMount,
    figures: Callable[..., None],
    name: str,
) -> None:
    """P1 to P3: the job ends right, once, and the other folder goes on meanwhile."""
    site, daemon = running
    hot, beside = site.roots
    mount.break_it(FAULTS[name])

    dropped = site.drop(FILES, root=mount.folder / "hot")
    others = site.drop(FILES, root=beside)
    until(lambda: _ended(site, "hot2"), "the other folder's end", PATIENCE_SECONDS)
    until(lambda: _ended(site, "hot"), "this folder's end", PATIENCE_SECONDS)
    daemon.send(signal.SIGTERM)
    assert daemon.wait() == 0

    verdict = audit(dropped, root=hot)
    assert verdict.is_clean, str(verdict)
    assert verdict.held <= MAY_BE_HELD.get(name, 0), str(verdict)
    assert verdict.right + verdict.held == FILES, str(verdict)
    _assert_all_right(others, beside)
    figures("F11", case=name, right=verdict.right + FILES, held=verdict.held)


def test_hang_stops_nobody_else(
    running: Running,
    mount: FaultyMount,
    figures: Callable[..., None],
) -> None:
    """P1 to P3: every call hangs; the other folder works, `status` answers at once."""
    site, daemon = running
    hot, beside = site.roots
    every = ("getattr", "readdir", "open", "create", "rename", "link", "statfs")
    dropped = site.drop(FILES, root=mount.folder / "hot")
    mount.break_it(Fault(every, times=1_000_000, seconds=HANG_SECONDS))

    others = site.drop(FILES, root=beside)
    waits = [_answer_seconds(site) for _ in range(3)]
    until(lambda: _ended(site, "hot2"), "the other folder's end")
    is_hanging = not _ended(site, "hot")
    mount.heal()
    until(lambda: _ended(site, "hot"), "this folder's end", PATIENCE_SECONDS)
    daemon.send(signal.SIGTERM)
    assert daemon.wait() == 0

    assert is_hanging
    assert max(waits) < ANSWER_SECONDS
    _assert_all_right(dropped, hot)
    _assert_all_right(others, beside)
    figures(
        "F11", case="hang", seconds_hung=HANG_SECONDS, answer_s=round(max(waits), 2)
    )


def _assert_all_right(dropped: list[Input], root: Path) -> None:
    verdict = audit(dropped, root=root)
    assert verdict.is_clean, str(verdict)
    assert verdict.right == FILES, str(verdict)


def _answer_seconds(site: Site) -> float:
    """How long `status` takes beyond what the program takes to start."""
    command = [sys.executable, "-m", "retouchd", "--config", str(site.config)]
    took = []
    for arguments in (["--version"], ["status", "--json"]):
        began = time.monotonic()
        subprocess.run([*command, *arguments], check=True, capture_output=True)
        took.append(time.monotonic() - began)
    return took[1] - took[0]
