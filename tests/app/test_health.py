"""The watchdog and the first word to the service manager."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from retouchd.errors import LedgerError, RetouchdError
from retouchd.health import (
    HANG_SECONDS,
    QUIET_SECONDS,
    STUCK_SECONDS,
    Health,
    _cpu_ticks,
)
from retouchd.ledger.database import Database
from retouchd.ledger.folders import Board, FolderState
from retouchd.ledger.views import folder_rows
from retouchd.ops.notify import Notifier

RESCAN = 60.0


@dataclass
class Folder:
    """A folder's loop whose thread waits until the test ends."""

    name: str
    thread: threading.Thread
    has_looked: bool = True
    is_down: bool = False
    progress: float = 0.0


@dataclass
class Ward:
    """Health with real threads, a real ledger and a real service socket."""

    database: Database
    manager: socket.socket
    address: str
    folders: list[Folder] = field(default_factory=list)
    is_pool_alive: bool = True
    health: Health = field(init=False)
    writers: list[int] = field(default_factory=list)
    locks: list[threading.Event] = field(default_factory=list)

    def admit(self) -> None:
        """Begin to look after the folders."""
        self.health = Health(
            Notifier(self.address),
            self.database,
            Board(self.database),
            lambda: self.is_pool_alive,
            self.folders,
            RESCAN,
        )

    def add(self, name: str, *, hangs: bool) -> Folder:
        """Add a folder whose thread waits: for the kernel, or for another thread."""
        begun = threading.Event()
        if hangs:
            reading, writing = os.pipe()
            self.writers.append(writing)

            def wait() -> None:
                begun.set()
                os.read(reading, 1)
                os.close(reading)
        else:
            lock = threading.Event()
            self.locks.append(lock)

            def wait() -> None:
                begun.set()
                lock.wait()

        thread = threading.Thread(target=wait, name=f"folder-{name}", daemon=True)
        thread.start()
        begun.wait()
        self.folders.append(Folder(name, thread))
        return self.folders[-1]

    def heard(self) -> list[str]:
        """Return what the service manager was told since the last call."""
        words = []
        while True:
            try:
                words.append(self.manager.recv(100).decode())
            except BlockingIOError:
                return words

    def state(self, name: str) -> str:
        """Return what people read of a folder."""
        self.database.write(lambda _: None).result(60)
        rows = {row["hot_folder"]: row for row in folder_rows(self.database)}
        return str(rows[name]["state"])

    def close(self) -> None:
        """Let all threads go."""
        for writing in self.writers:
            os.close(writing)
        for lock in self.locks:
            lock.set()
        for one in self.folders:
            one.thread.join(60)


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    """An empty ward."""
    address = str(tmp_path / "notify")
    with (
        Database.open(tmp_path / "ledger.db") as database,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        manager.bind(address)
        manager.settimeout(0)
        made = Ward(database, manager, address)
        yield made
        made.close()


def test_ready_comes_after_the_first_looks(ward: Ward) -> None:
    """Until then the manager is asked for more time; afterwards it hears of life."""
    folder = ward.add("hot", hangs=False)
    folder.has_looked = False
    ward.admit()

    ward.health.beat(10.0)
    early = ward.heard()
    folder.has_looked = True
    ward.health.beat(11.0)
    ready = ward.heard()
    ward.health.beat(16.0)

    assert early == ["EXTEND_TIMEOUT_USEC=60000000"]
    assert ready == ["READY=1"]
    assert ward.heard() == ["WATCHDOG=1"]


@pytest.mark.parametrize("others", [0, 1])
def test_a_share_that_hangs_stops_nobody(ward: Ward, others: int) -> None:
    """It is shown, start-up does not wait for it, and the watchdog is fed."""
    hanging = ward.add("far", hangs=True)
    hanging.has_looked = False
    for number in range(others):
        ward.add(f"near{number}", hangs=False)
    ward.admit()
    now = HANG_SECONDS + 1

    with capture_logs() as logs:
        ward.health.beat(now)
        ward.health.beat(now + QUIET_SECONDS)
    ward.health.beat(now + 2 * STUCK_SECONDS if not others else now + QUIET_SECONDS + 6)

    assert ward.heard() == [
        "EXTEND_TIMEOUT_USEC=60000000",
        "READY=1",
        "WATCHDOG=1",
        "WATCHDOG=1",
    ]
    assert ward.health.is_away(hanging)
    assert ward.state("far") == "share hangs"
    assert [entry["event"] for entry in logs] == ["share_hangs"]


def test_a_share_that_answers_again_is_shown(ward: Ward) -> None:
    """The notice is taken back, unless the folder itself spoke meanwhile."""
    for name in ("one", "two"):
        ward.add(name, hangs=True)
    ward.admit()
    ward.health.beat(HANG_SECONDS + 1)
    ward.health.beat(HANG_SECONDS + 1 + QUIET_SECONDS)
    own_word = FolderState("two", "/two", "scan", "share down", "no marker")
    Board(ward.database).publish(own_word, 0.0)

    for one in ward.folders:
        one.progress = HANG_SECONDS + 1 + QUIET_SECONDS
    ward.health.beat(HANG_SECONDS + 2 + QUIET_SECONDS)

    assert not ward.health.hanging
    assert (ward.state("one"), ward.state("two")) == ("watching", "share down")


def test_a_thread_stuck_in_our_own_lock_trips_the_watchdog(ward: Ward) -> None:
    """What never ends inside our own program is our fault, whatever the share does."""
    ward.add("stuck", hangs=False)
    ward.add("busy", hangs=False).progress = 2 * STUCK_SECONDS
    ward.admit()

    ward.health.beat(STUCK_SECONDS)
    well = ward.heard()
    ward.health.beat(STUCK_SECONDS + 2 * RESCAN + 10)

    assert "READY=1" in well
    assert ward.heard() == []


def test_a_ledger_that_hangs_trips_the_watchdog(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that never ends means that nothing is durable any more."""
    monkeypatch.setattr("retouchd.health.COMMIT_SECONDS", 0.0)
    inside, go_on = threading.Event(), threading.Event()
    ward.admit()
    ward.health.beat(1.0)
    ward.heard()

    ward.database.write(lambda _: (inside.set(), go_on.wait(60)))
    inside.wait(60)
    ward.health.beat(10.0)
    go_on.set()

    assert ward.heard() == []


def test_parts_that_ended_end_the_daemon(ward: Ward) -> None:
    """No worker, no thread or no ledger: each is an error at the next beat."""
    folder = ward.add("hot", hangs=False)
    ward.admit()
    ward.is_pool_alive = False
    with pytest.raises(RetouchdError, match="worker"):
        ward.health.beat(1.0)

    ward.is_pool_alive = True
    ward.locks[0].set()
    folder.thread.join(60)
    with pytest.raises(LedgerError, match="folder"):
        ward.health.beat(2.0)

    ward.database.path.unlink()
    with pytest.raises(LedgerError, match="deleted"):
        ward.health.beat(3.0)


def test_a_thread_that_computes_does_not_hang(ward: Ward) -> None:
    """A long computation is no trouble of a share; a wait for the kernel is."""
    end = threading.Event()

    def compute() -> None:
        while not end.is_set():
            sum(range(10_000))

    computing = threading.Thread(target=compute, daemon=True)
    computing.start()
    ward.folders.append(Folder("busy", computing))
    ward.add("far", hangs=True)
    ward.add("near", hangs=False)
    ward.admit()

    ward.health.beat(HANG_SECONDS + 1)
    ticks = _cpu_ticks(computing)
    while _cpu_ticks(computing) == ticks:
        threading.Event().wait(0.01)
    ward.health.beat(HANG_SECONDS + 1 + QUIET_SECONDS)
    end.set()

    assert ward.health.hanging == {"far"}
