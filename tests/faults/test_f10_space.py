"""F10: no space, read-only, gone: that folder waits and goes on by itself."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from auditor import Input, audit
from harness.process import DaemonProcess, until
from harness.site import Site
from mounts.disk import Disk, Loop, Memory, Window

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.long,
    pytest.mark.needs("root", "mkfs.ext4"),
]

DISK_MEGABYTES = 48
INODES = 2000
FILES = 6
PATIENCE_SECONDS = 60.0

SETTINGS = {
    "intake": {"settle_seconds": 0.3, "reserve_mb": 1, "return_seconds": 0.5},
    "worker": {"threads": 1, "device": "cpu", "memory_gb": 1.0},
}


@dataclass(frozen=True)
class Fault:
    """Something that happens to one file system, and how it ends.

    Attributes:
        where: the mount point below the site: the root, its archive, or the journal.
        make: makes the file system.
        strike: breaks it.
        heal: mends it.
        ends_daemon: whether the daemon may end for its service manager to restart.
    """

    where: str
    make: Callable[[Path], Disk]
    strike: Callable[[Any], None]
    heal: Callable[[Any], None]
    ends_daemon: bool = False


def _memory(point: Path) -> Disk:
    return Memory(point, DISK_MEGABYTES, INODES)


def _loop(point: Path) -> Disk:
    return Loop(point, DISK_MEGABYTES)


def _window(point: Path) -> Disk:
    return Window(point, point.with_name("behind"))


def _read_only(disk: Disk) -> None:
    disk.remount("abort")


def _hide_marker(disk: Disk) -> None:
    (disk.point / ".retouchd").rename(disk.point / "away")


def _show_marker(disk: Disk) -> None:
    (disk.point / "away").rename(disk.point / ".retouchd")


def _power_up(disk: Loop) -> None:
    disk.power_up()


FAULTS = {
    "root full": Fault("hot", _memory, Disk.fill, Disk.make_room),
    "root without inodes": Fault("hot", _memory, Disk.fill_inodes, Disk.make_room),
    "root read-only": Fault("hot", _loop, _read_only, _power_up),
    "root gives I/O errors": Fault("hot", _loop, Loop.cut, _power_up),
    "root unmounted": Fault(
        "hot", _window, lambda disk: disk.unmount(lazily=True), Disk.mount
    ),
    "root without its marker": Fault("hot", _loop, _hide_marker, _show_marker),
    "archive full": Fault("hot/done", _memory, Disk.fill, Disk.make_room),
    "archive without inodes": Fault(
        "hot/done", _memory, Disk.fill_inodes, Disk.make_room
    ),
    "archive read-only": Fault(
        "hot/done", _loop, lambda d: d.remount("ro"), lambda d: d.remount("rw")
    ),
    "journal full": Fault(
        "state", _memory, Disk.fill, Disk.make_room, ends_daemon=True
    ),
    "journal without inodes": Fault(
        "state", _memory, Disk.fill_inodes, Disk.make_room, ends_daemon=True
    ),
    "journal read-only": Fault("state", _loop, _read_only, _power_up, ends_daemon=True),
}


@pytest.fixture
def mounted() -> Iterator[ExitStack]:
    """Whatever is mounted here is gone in the end."""
    with ExitStack() as stack:
        yield stack


class Day:
    """A site with two roots; one, its archive or the journal is about to break."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.hot, self.other = site.roots
        self.dropped: dict[Path, list[Input]] = {root: [] for root in site.roots}
        self.daemon: DaemonProcess = site.start()
        until(lambda: self.states() == ["watching", "watching"], "the start")

    def states(self) -> list[str]:
        """What the daemon says of its folders."""
        rows = self.site.rows("SELECT state FROM hot_folders ORDER BY name")
        return [state for (state,) in rows]

    def drop(self, root: Path) -> None:
        """Drop pictures that take a moment each."""
        self.dropped[root] += self.site.drop(FILES, root=root, side=500)

    def must_finish(self, root: Path) -> None:
        """Wait until everything that was dropped into *root* is done."""
        name = "hot" if root == self.hot else "hot2"
        sql = "SELECT state FROM jobs WHERE hot_folder = ?"

        def all_done() -> bool:
            states = [state for (state,) in self.site.rows(sql, [name])]
            assert "failed" not in states, self.daemon.log()[-3000:]
            return states == ["done"] * len(self.dropped[root])

        until(all_done, f"the end of all jobs of {name}", timeout=PATIENCE_SECONDS)

    def live_again(self) -> None:
        """Start the daemon that ended, as its service manager does."""
        assert self.daemon.wait() == 75, self.daemon.log()[-3000:]
        self.daemon = self.site.start()


@pytest.mark.parametrize("name", FAULTS)
def test_folder_waits_and_goes_on_by_itself(
    make_site: Callable[..., Site],
    mounted: ExitStack,
    tmp_path: Path,
    figures: Callable[..., None],
    name: str,
) -> None:
    """P1 to P3: whatever its disk does, nothing is lost, and other folders go on."""
    fault, base = FAULTS[name], tmp_path / "site"
    disk = mounted.enter_context(fault.make(base / fault.where))
    site = make_site(base, roots=[base / "hot", base / "other"], settings=SETTINGS)
    mounted.callback(site.kill_all)  # before its disk goes
    day = Day(site)

    day.drop(day.hot)
    # What its writer did not force to disk is lost with the disk, whoever reads it.
    disk.sync()
    until(site.states, "the first claim")
    fault.strike(disk)
    if fault.ends_daemon:
        _live_without_journal(day, disk, fault)
    else:
        _live_without_folder(day, disk, fault)
    day.drop(day.hot)
    day.must_finish(day.hot)
    day.daemon.send(signal.SIGTERM)

    assert day.daemon.wait() == 0
    verdicts = [audit(day.dropped[root], root=root) for root in site.roots]
    assert all(one.is_clean for one in verdicts), "\n".join(map(str, verdicts))
    assert [one.right for one in verdicts] == [2 * FILES, FILES]
    figures("F10", case=name, right=3 * FILES)


def _live_without_folder(day: Day, disk: Disk, fault: Fault) -> None:
    """See that the folder says so, that another one works, and nothing is misplaced."""
    until(lambda: day.states()[0] != "watching", "the fault is seen")
    day.drop(day.other)
    day.must_finish(day.other)
    assert day.states()[1] == "watching"
    assert day.daemon.is_running
    if not disk.is_mounted:
        assert not list(disk.point.iterdir()), "written into an empty mount point"
    fault.heal(disk)
    until(lambda: day.states()[0] == "watching", "the folder's return")


def _live_without_journal(day: Day, disk: Disk, fault: Fault) -> None:
    """Without a journal nothing may be taken in; where it ends, it starts again."""
    day.drop(day.other)
    until(lambda: not day.daemon.is_running or _all_done(day), "an end")
    has_ended = not day.daemon.is_running
    fault.heal(disk)
    if has_ended:
        day.live_again()
    day.must_finish(day.other)


def _all_done(day: Day) -> bool:
    return day.site.states() == ["done"] * 2 * FILES
