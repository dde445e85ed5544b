"""What the daemon uses while it waits is booked now and then, and at its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from retouchd.jobs.accounts import Accounts
from retouchd.ledger.database import Database
from retouchd.ops import idle
from retouchd.ops.idle import IdleTime


def test_waiting_is_booked_while_it_lasts_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P8: only waiting is booked on the way; the end books the rest, nothing twice."""
    cpu = {"s": 0.0}
    now = {"s": 1_795_000_000.0}
    monkeypatch.setattr(idle, "BOOK_SECONDS", 0.0)
    with Database.open(tmp_path / "ledger.db") as ledger:
        waiting = IdleTime(
            Accounts(own_cpu=lambda: cpu["s"]), ledger, clock=lambda: now["s"]
        )

        cpu["s"], now["s"] = 2.0, 1_795_003_600.0
        waiting.beat(is_idle=True, jobs=0)
        cpu["s"] = 2.5
        waiting.beat(is_idle=False, jobs=1)
        cpu["s"] = 2.75
        waiting.close()

    with Database.open(tmp_path / "ledger.db") as ledger:
        rows = ledger.rows(
            "SELECT measured, began_at FROM overheads WHERE category = 'compute'"
        )
    assert [tuple(row.values()) for row in rows] == [
        ("2", "2026-11-18T11:06:40.000Z"),
        ("0.75", "2026-11-18T12:06:40.000Z"),
    ]


def test_a_paused_folder_saves_nothing_up_for_its_next_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P8: without a job for a while, what is used is on no job, whatever waits."""
    monkeypatch.setattr(idle, "LULL_SECONDS", 0.0)
    cpu = {"s": 0.0}
    accounts = Accounts(own_cpu=lambda: cpu["s"])
    with Database.open(tmp_path / "ledger.db") as ledger:
        waiting = IdleTime(accounts, ledger)

        cpu["s"] = 1.0
        waiting.beat(is_idle=False, jobs=1)
        cpu["s"] = 5.0
        waiting.beat(is_idle=False, jobs=0)

    assert accounts.take_idle().cpu_s == 4.0
