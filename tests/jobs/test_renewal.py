"""A worker is replaced when it is old, large, or cannot reach what it needs."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hostile_steps import Grow, Look

from retouchd.errors import ConfigError
from retouchd.jobs import pool
from retouchd.jobs.pool import Pool
from retouchd.jobs.sandbox import Confinement, Protection


def test_worker_is_renewed_by_age(hire: Any, plan: Any, order: Any, until: Any) -> None:
    """After so many jobs a new process takes over; nobody notices but the memory."""
    crew = hire(replace(plan, max_jobs=2))
    first = crew.pool.worker_pid

    outcomes = crew.run(*(order(f"j{n}") for n in range(3)))

    assert [outcome.error for outcome in outcomes.values()] == [""] * 3
    until(lambda: crew.pool.worker_pid != first)
    assert crew.pool.restarts == 0
    assert crew.pool.syncs == 3


def test_worker_is_renewed_by_its_years(
    hire: Any, plan: Any, order: Any, until: Any
) -> None:
    """An old worker is replaced when it has nothing to do, without a failed job."""
    crew = hire(replace(plan, max_seconds=0.5))
    first = crew.pool.worker_pid

    until(lambda: crew.pool.worker_pid != first)
    outcomes = crew.run(order("after"))

    assert outcomes["after"].error == ""
    assert crew.pool.restarts == 0


def test_worker_is_renewed_by_its_memory(hire: Any, plan: Any, order: Any) -> None:
    """A worker that leaks is replaced between two jobs, never in the middle of one."""
    crew = hire(replace(plan, threads=1, max_resident_bytes=300 << 20))
    leak = ("grow", Grow(megabytes=400))

    outcomes = crew.run(order("leaks", leak), order("next"), order("last"))

    assert [outcome.error for outcome in outcomes.values()] == [""] * 3
    assert (crew.pool.renewals, crew.pool.restarts) == (1, 0)


def test_share_that_comes_later_is_reached(
    hire: Any, plan: Any, order: Any, tmp_path: Path, until: Any
) -> None:
    """A worker started before a folder was there is replaced, and nothing fails."""
    late = tmp_path / "late"
    confinement = Confinement(writable=(late, tmp_path / "stage"), is_required=True)
    crew = hire(replace(plan, confinement=confinement))
    until(lambda: crew.pool.protection)
    made = order("late")
    late.mkdir()
    moved = made.drop.path.rename(late / "late.png")

    outcomes = crew.run(replace(made, drop=replace(made.drop, path=moved)))

    assert outcomes["late"].error == ""
    assert (crew.pool.renewals, crew.pool.restarts) == (1, 0)


def test_folder_out_of_reach_for_good_is_an_outcome(
    hire: Any, plan: Any, order: Any, tmp_path: Path
) -> None:
    """When a second worker cannot reach a folder either, the job says so."""
    stage = tmp_path / "stage"
    crew = hire(replace(plan, confinement=Confinement(writable=(stage,))))

    outcomes = crew.run(order("elsewhere"))

    assert outcomes["elsewhere"].errno == errno.EACCES
    assert crew.pool.renewals == 1


def test_file_of_a_new_rule_is_reached(
    hire: Any, plan: Any, order: Any, tmp_path: Path
) -> None:
    """A rule that is loaded later may name a LUT that lies anywhere."""
    lut = tmp_path / "luts/warm.cube"
    lut.parent.mkdir()
    lut.write_text("cube")
    made = order("graded", ("look", Look(file=lut)))
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    moved = made.drop.path.rename(pictures / "graded.png")
    known = (pictures, tmp_path / "stage")
    crew = hire(replace(plan, confinement=Confinement(writable=known)))

    outcomes = crew.run(replace(made, drop=replace(made.drop, path=moved)))

    assert outcomes["graded"].error == ""


def test_required_sandbox_that_stays_open_is_an_error(
    plan: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the kernel lacks a lock, nothing starts: exit code 2."""
    half = Protection(("no_new_privs", "rlimits"), ("landlock (no such call)",))
    monkeypatch.setattr(pool, "first_word", lambda *_: half)

    with pytest.raises(ConfigError, match="landlock") as raised:
        Pool(plan, lambda _: None)

    assert raised.value.exit_code == 2
