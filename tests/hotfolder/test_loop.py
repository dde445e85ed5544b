"""The thread of a hot folder: shares that come and go, pauses, second looks."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from retouchd.delivery.place import sha256_of
from retouchd.hotfolder import loop as loop_module
from retouchd.hotfolder.loop import HotFolderLoop, Surroundings
from retouchd.hotfolder.places import Places
from retouchd.jobs.order import Order
from retouchd.ledger.database import Database
from retouchd.ledger.folders import Board
from retouchd.ledger.jobs import Journal
from retouchd.settings import HotFolder, Intake
from retouchd.values import Outcome, Rendition

PATIENCE_SECONDS = 10.0


def until(condition: Callable[[], object]) -> None:
    """Wait for something that the thread does."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


@dataclass
class Life:
    """A living hot folder; the test plays its worker."""

    folder: HotFolder
    database: Database
    orders: queue.SimpleQueue[Order] = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        """Begin to live."""
        self.begin()

    def begin(self) -> None:
        """Start the thread, as a new daemon does."""
        around = Surroundings(
            Journal(self.database), Board(self.database), self.orders.put, lambda: ()
        )
        intake = Intake(settle_seconds=0.05, rescan_seconds=0.1)
        self.loop = HotFolderLoop(self.folder, intake, around)
        self.loop.start()

    def end(self) -> None:
        """Stop the thread."""
        self.loop.stop()
        self.loop.join(PATIENCE_SECONDS)

    def drop(self, name: str = "a.jpg") -> None:
        """Put a file into ``in/``."""
        (self.folder.inbox / name).write_bytes(b"pixels")

    def next_order(self) -> Order:
        """Return what the worker is asked to do next."""
        return self.orders.get(timeout=PATIENCE_SECONDS)

    def finish(self, order: Order) -> None:
        """Answer an order with one good result."""
        stage = order.stages["out"].with_name(f"{order.stages['out'].name}-0.png")
        stage.write_bytes(b"result")
        made = Rendition(0, stage, "a.png", sha256_of(stage), 6, 1, 1)
        self.loop.accept(Outcome(job=order.job, rule="r", renditions=(made,)))

    def states(self) -> list[str]:
        """Return the state of each job, oldest first."""
        rows = self.database.rows("SELECT state FROM jobs ORDER BY id")
        return [row["state"] for row in rows]

    def board(self) -> str:
        """Return what people read of the hot folder."""
        rows = self.database.rows("SELECT state FROM hot_folders")
        return str(rows[0]["state"]) if rows else ""

    def reason(self) -> str:
        """Return why the hot folder is not watched."""
        return str(self.database.rows("SELECT reason FROM hot_folders")[0]["reason"])


@pytest.fixture
def life(
    folder: HotFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Life]:
    """A hot folder whose thread runs, and looks for a lost share often."""
    monkeypatch.setattr(loop_module, "RETURN_SECONDS", 0.05)
    with Database.open(tmp_path / "ledger.db") as database:
        made = Life(folder, database)
        yield made
        made.end()


def test_lives_from_drop_to_done(life: Life) -> None:
    """A drop becomes an order, its outcome a result, and then all is idle."""
    life.drop()

    life.finish(life.next_order())

    until(lambda: life.states() == ["done"])
    until(lambda: life.loop.is_idle)
    assert (life.folder.out / "a.png").read_bytes() == b"result"
    assert life.board() == "watching"


def test_lost_share_comes_back_by_itself(life: Life) -> None:
    """P1, P6: an empty mount point is 'share down'; what ran meanwhile is delivered."""
    life.drop()
    order = life.next_order()
    stage = order.stages["out"].with_name(f"{order.stages['out'].name}-0.png")
    kept = life.folder.path.with_name("unmounted")

    life.folder.path.rename(kept)
    life.folder.path.mkdir()
    until(lambda: life.board() == "share down")
    during = life.board(), life.states(), list(life.folder.path.iterdir())
    life.folder.path.rmdir()
    kept.rename(life.folder.path)
    until(lambda: not life.loop.is_down)
    life.finish(order)
    until(lambda: life.states() == ["done"])

    assert during == ("share down", ["queued"], [])
    assert not stage.exists()
    until(lambda: life.board() == "watching")


def test_paused_folder_finishes_but_takes_nothing(life: Life) -> None:
    """A pause outlives a restart; what was claimed is finished in any case."""
    life.drop("a.jpg")
    order = life.next_order()

    life.loop.pause(paused=True)
    life.drop("b.jpg")
    life.finish(order)
    until(lambda: life.states() == ["done"])
    life.end()
    life.begin()
    until(lambda: life.board() == "paused")
    time.sleep(0.3)
    paused = life.orders.empty(), (life.folder.inbox / "b.jpg").exists()
    life.loop.pause(paused=False)

    assert paused == (True, True)
    life.finish(life.next_order())
    until(lambda: life.states() == ["done", "done"])


def test_suspicious_file_is_looked_at_once_more(life: Life) -> None:
    """A file that may not have been complete runs twice and no more."""
    life.drop()

    for _ in range(2):
        order = life.next_order()
        life.loop.accept(Outcome(job=order.job, error="cut off", retryable=True))

    until(lambda: life.states() == ["failed"])
    [job] = life.database.rows("SELECT attempts FROM jobs")
    assert job["attempts"] == 2
    assert life.orders.empty()


def test_restart_runs_claimed_jobs_again(life: Life) -> None:
    """P3: jobs that the worker had are run again by the next daemon, once."""
    life.drop()
    first = life.next_order()
    life.end()

    life.begin()
    second = life.next_order()
    life.finish(second)
    until(lambda: life.states() == ["done"])

    assert second.job == first.job
    assert life.orders.empty()


def test_second_owner_is_told(life: Life) -> None:
    """P3: a root belongs to one daemon at a time, and the other says so."""
    until(lambda: life.board() == "watching")
    other = HotFolderLoop(
        life.folder,
        Intake(settle_seconds=0.05),
        Surroundings(
            Journal(life.database), Board(life.database), life.orders.put, lambda: ()
        ),
    )

    other.start()
    until(lambda: other.is_down)
    other.stop()
    other.join(PATIENCE_SECONDS)

    until(lambda: "another retouchd works on this hot folder" in life.reason())


def test_errands_run_in_the_folders_thread(life: Life) -> None:
    """What needs the share is done by the one thread that may touch it."""
    seen: list[Places] = []

    life.loop.run_errand(seen.append)

    until(lambda: seen)
    assert seen[0].folder == life.folder
