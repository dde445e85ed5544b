"""The systemd unit: locked down, and complete for the daemon it starts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from retouchd.settings import load_settings

FOLDER = Path(__file__).resolve().parents[2] / "systemd"
UNIT = FOLDER / "retouchd.service"


@pytest.fixture
def systemd_analyze() -> str:
    """The program; without it tests skip on a desk and fail in CI."""
    program = shutil.which("systemd-analyze")
    if program is None:
        complain = pytest.fail if os.environ.get("CI") else pytest.skip
        complain("systemd-analyze is not installed")
    return str(program)


def directives(path: Path) -> dict[str, str]:
    """All settings of the section ``[Service]``; of a repeated one the last."""
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read(path, encoding="utf-8")
    return dict(parser["Service"])


def test_exposure_stays_below_two(systemd_analyze: str) -> None:
    """The unit gives the daemon little that it does not need (10 is all, 0 nothing)."""
    done = subprocess.run(
        [systemd_analyze, "security", "--offline=true", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=True,
    )

    score = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)

    assert score is not None, done.stdout
    assert float(score.group(1)) < 2.0


@pytest.mark.parametrize("drop_in", ["", "hot-folders.conf"])
def test_systemd_knows_every_word(
    systemd_analyze: str, tmp_path: Path, drop_in: str
) -> None:
    """Neither the unit nor the drop-in has a key or value that systemd would ignore."""
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    # verify demands programs that exist; the installed daemon is not here.
    unit.write_text(re.sub(r"(?m)^(Exec\w+)=.*", r"\1=/bin/true", text))
    if drop_in:
        (tmp_path / "retouchd.service.d").mkdir()
        shutil.copy(FOLDER / drop_in, tmp_path / "retouchd.service.d")

    done = subprocess.run(
        [systemd_analyze, "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "retouchd" not in done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("CapabilityBoundingSet", ""),
        ("DevicePolicy", "closed"),
        ("IPAddressDeny", "any"),
        ("NoNewPrivileges", "yes"),
        ("ProtectHome", "yes"),
        ("ProtectSystem", "strict"),
    ],
)
def test_locks_that_matter_most(key: str, value: str) -> None:
    """A good score must not hide that one of these was opened."""
    assert directives(UNIT)[key] == value


def test_stops_as_the_daemon_expects() -> None:
    """The supervisor alone gets the signal and has time to drain."""
    service = directives(UNIT)

    assert service["KillMode"] == "mixed"
    assert service["OOMPolicy"] == "continue"
    assert int(service["TimeoutStopSec"]) >= 90


def test_example_configuration_is_right() -> None:
    """What an administrator copies to /etc is accepted as it is."""
    settings = load_settings(FOLDER / "retouchd.toml")

    assert settings.database.parent == Path("/var/lib") / directives(UNIT)["User"]
    assert [folder.name for folder in settings.hot_folders] == ["products"]


def test_gpus_stay_reachable() -> None:
    """The nodes of NVIDIA devices are open although the device policy is closed."""
    text = UNIT.read_text(encoding="utf-8")

    assert directives(UNIT)["PrivateDevices"] == "no"
    for group in ("nvidiactl", "nvidia-caps", "nvidia-frontend", "nvidia-uvm"):
        assert f"DeviceAllow=char-{group} rw" in text
