"""F21: the unit gives the daemon little, and its workers the calls to give up more."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[2] / "systemd/retouchd.service"


@pytest.mark.needs("systemd-analyze")
def test_exposure_is_low(figures: Callable[..., None]) -> None:
    """F21: `systemd-analyze security` rates it 2.0 or better (10 is all, 0 nothing)."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=True,
    )

    found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)

    assert found is not None, done.stdout
    figures("F21", exposure=float(found[1]))
    assert float(found[1]) <= 2.0


@pytest.mark.needs("systemd-analyze")
def test_unit_is_right(tmp_path: Path) -> None:
    """F21: `systemd-analyze verify` has nothing to say."""
    unit = tmp_path / UNIT.name
    # verify demands programs that exist; the installed daemon is not here.
    text = re.sub(r"(?m)^(Exec\w+)=.*", r"\1=/bin/true", UNIT.read_text())
    unit.write_text(text)

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "retouchd" not in done.stderr
    assert done.returncode == 0, done.stderr


def test_unit_lets_workers_lock_themselves_in() -> None:
    """F20: the calls of Landlock stand in no group of older releases of systemd."""
    allowed = re.findall(r"(?m)^SystemCallFilter=([^~\n]+)$", UNIT.read_text())
    words = {word for line in allowed for word in line.split()}

    assert {
        "landlock_create_ruleset",
        "landlock_add_rule",
        "landlock_restrict_self",
    } <= words
