"""The thread of a hot folder: shares that come and go, pauses, second looks."""

from __future__ import annotations

import time
from typing import Any

from retouchd.hotfolder.loop import HotFolderLoop
from retouchd.hotfolder.surroundings import Surroundings
from retouchd.ledger.folders import Board
from retouchd.ledger.jobs import Journal
from retouchd.settings import Intake
from retouchd.values import Outcome


def test_lives_from_drop_to_done(life: Any, until: Any) -> None:
    """A drop becomes an order, its outcome a result, and then all is idle."""
    life.drop()

    life.finish(life.next_order())

    until(lambda: life.states() == ["done"])
    until(lambda: life.loop.is_idle)
    assert (life.folder.out / "a.png").read_bytes() == b"result"
    assert life.board() == "watching"


def test_lost_share_comes_back_by_itself(life: Any, until: Any) -> None:
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


def test_paused_folder_finishes_but_takes_nothing(life: Any, until: Any) -> None:
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


def test_suspicious_file_is_looked_at_once_more(life: Any, until: Any) -> None:
    """A file that may not have been complete runs twice and no more."""
    life.drop()

    for _ in range(2):
        order = life.next_order()
        life.loop.accept(Outcome(job=order.job, error="cut off", retryable=True))

    until(lambda: life.states() == ["failed"])
    [job] = life.database.rows("SELECT attempts FROM jobs")
    assert job["attempts"] == 2
    assert life.orders.empty()


def test_restart_runs_claimed_jobs_again(life: Any, until: Any) -> None:
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


def test_second_owner_is_told(life: Any, until: Any) -> None:
    """P3: a root belongs to one daemon at a time, and the other says so."""
    until(lambda: life.board() == "watching")
    other = HotFolderLoop(
        life.folder,
        Intake(settle_seconds=0.05),
        Surroundings(
            Journal(life.database), Board(life.database), life.orders.put, lambda _: ()
        ),
    )

    other.start()
    until(lambda: other.is_down)
    other.stop()
    other.join(60)

    until(lambda: "another retouchd works on this hot folder" in life.reason())


def test_errands_run_in_the_folders_thread(life: Any, until: Any) -> None:
    """What needs the share is done by the one thread that may touch it."""
    seen: list[Any] = []

    life.loop.run_errand(seen.append)

    until(lambda: seen)
    assert seen[0].folder == life.folder
