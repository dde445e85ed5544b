"""Full disks and lost shares: the folder waits, the file is not to blame."""

from __future__ import annotations

import errno
import os
from typing import Any

import pytest

from retouchd.hotfolder.space import prove_health, shortage
from retouchd.settings import Intake
from retouchd.values import Outcome


def _set_back(life: Any, order: Any, code: int) -> None:
    """Let the worker say that the share failed under it, and leave half a result."""
    stage = order.stages["out"].with_name(f"{order.stages['out'].name}-0.png")
    stage.write_bytes(b"half")
    life.loop.accept(
        Outcome(job=order.job, error=os.strerror(code), retryable=True, errno=code)
    )


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_makes_the_folder_wait(life: Any, until: Any, code: int) -> None:
    """P6: however often the disk is full, the job waits and then is delivered."""
    life.drop()

    for _ in range(5):
        order = life.next_order()
        _set_back(life, order, code)
        until(lambda: life.board() == "waiting for space")
    again = life.next_order()
    lies = [path.name for path in again.stages["out"].parent.iterdir()]
    life.finish(again)

    until(lambda: life.states() == ["done"])
    assert lies == []
    assert again.stages != order.stages
    until(lambda: life.board() == "watching")


@pytest.mark.parametrize("code", [errno.EIO, errno.EROFS, errno.ESTALE, errno.ENOENT])
def test_lost_share_is_not_the_fault_of_the_file(
    life: Any, until: Any, code: int
) -> None:
    """P6: what failed with the share runs again once that has proved healthy."""
    life.drop()
    _set_back(life, life.next_order(), code)

    order = life.next_order()
    life.finish(order)

    until(lambda: life.states() == ["done"])


def test_file_that_always_fails_is_at_fault_itself(life: Any, until: Any) -> None:
    """P7: one unreadable file does not take its folder down for ever."""
    life.drop()

    for _ in range(4):
        _set_back(life, life.next_order(), errno.EIO)
    order = life.next_order()  # the second look of a file that may be incomplete
    _set_back(life, order, errno.EIO)

    until(lambda: life.states() == ["failed"])
    until(lambda: life.board() == "watching")


def test_nothing_is_claimed_below_the_reserve(life: Any, until: Any) -> None:
    """P6: with too little space the drop stays in in/, and `status` says why."""
    life.end()
    life.begin(reserve_mb=1e9)
    life.drop()

    until(lambda: life.board() == "waiting for space")

    assert life.orders.empty()
    assert (life.folder.inbox / "a.jpg").exists()
    assert "are kept in reserve" in life.reason()
    assert life.loop.is_down


def test_settings_hold_the_reserve() -> None:
    """Out of the box some space is left for the last steps of what was claimed."""
    assert Intake().reserve_mb > 0


def test_health_is_proved_by_writing(tmp_path: Any) -> None:
    """P6: a folder that can be listed but not written is not healthy."""
    prove_health(tmp_path)

    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        prove_health(tmp_path / "away")


def test_shortage_names_the_folder(tmp_path: Any) -> None:
    """What is missing is said in figures."""
    assert shortage([tmp_path], 0) == ""
    assert str(tmp_path) in shortage([tmp_path], 10**18)
