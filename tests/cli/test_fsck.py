"""``retouchd fsck`` as a person types it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retouchd.ledger.lock import lock_database

Type = Callable[..., Any]

JOB = "01KAN0000000000000000000AA"


@pytest.fixture
def site(here: Path, typed: Type) -> Path:
    """An initialised hot folder, whose ledger was never made or is lost."""
    typed("init", "hot", "--rule", "web")
    return here


def claim(site: Path) -> Path:
    """Leave a claimed file behind that no ledger knows."""
    path = site / "hot/.retouchd/claims/1" / JOB / "shoes/a\x1b.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"pixels")
    return path


def test_nothing_to_do(site: Path, typed: Type) -> None:
    """A new folder without a ledger is no trouble, and no ledger is made."""
    answer = typed("fsck")

    assert answer.code == 0
    assert "nothing to do" in answer.out
    assert not (site / "retouchd.db").exists()


def test_plan_then_apply(site: Path, typed: Type) -> None:
    """The plan says what is to do and changes nothing; --apply does it once."""
    path = claim(site)

    plan = typed("fsck")
    made = (site / "retouchd.db").exists()
    done = typed("fsck", "--apply")
    again = typed("fsck")

    assert (plan.code, done.code, again.code) == (1, 0, 0)
    assert f"taken on again: shoes/a\\x1b.jpg (job {JOB})" in plan.out
    assert "`retouchd fsck --apply` does it" in plan.out
    assert not made
    assert path.exists()
    assert "nothing to do" in again.out


def test_share_that_is_away_leaves_work(site: Path, typed: Type) -> None:
    """What could not be looked at is named, and the exit code says so."""
    (site / "hot/.retouchd/marker.json").unlink()

    answer = typed("fsck", "--apply")

    assert answer.code == 1
    assert "not looked at" in answer.out


def test_refused_while_a_daemon_runs(site: Path, typed: Type) -> None:
    """Exit code 2: nothing was looked at."""
    with lock_database(site / "retouchd.db"):
        answer = typed("fsck")

    assert answer.code == 2
    assert "stop it first" in answer.err
