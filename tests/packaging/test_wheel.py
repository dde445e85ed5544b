"""What an installed wheel holds, and that it works without the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as for a release but with the back end that is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run(
        [sys.executable, "-m", "build", *options, str(REPOSITORY)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return next(folder.glob("retouchd-*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    """Every path inside the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def shipped(folder: str, pattern: str) -> set[str]:
    """Paths inside the wheel of the files in *folder* of the repository."""
    root = REPOSITORY / folder
    found = (path.relative_to(root) for path in root.rglob(pattern) if path.is_file())
    return {f"retouchd/shipped/{folder}/{path}" for path in found}


def test_holds_every_module(names: list[str]) -> None:
    """Each module of the daemon is inside under the name it is imported by."""
    root = REPOSITORY / "daemon"
    modules = {str(path.relative_to(root)) for path in root.rglob("*.py")}

    assert modules <= set(names)


@pytest.mark.parametrize(
    ("folder", "pattern"),
    [
        ("models", "model.toml"),
        ("models", "weights.onnx"),
        ("models", "CARD.md"),
        ("rules", "*.yaml"),
        ("rules", "*.cube"),
        ("sample_hotfolder", "*.jpg"),
        ("systemd", "*"),
    ],
)
def test_holds_what_the_daemon_reads(
    names: list[str], folder: str, pattern: str
) -> None:
    """Models, rules, tables, samples and units come with the package."""
    expected = shipped(folder, pattern)

    assert expected
    assert expected <= set(names)


def test_leaves_the_workshop_out(names: list[str]) -> None:
    """Training code, makers of samples, tests and leftovers stay in the repository."""
    data = [name for name in names if name.startswith("retouchd/shipped/")]
    tops = {name.split("/")[0].partition("-")[0] for name in names}

    assert [name for name in data if name.endswith((".py", ".pyc", ".pt"))] == []
    assert tops == {"retouchd"}
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel, and its libraries lent by this one."""
    home = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    site = home / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)],
        check=True,
    )
    # A .pth in a lent folder is not read: the editable repository stays unseen.
    (site / "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return home / "bin"


def run(program: Path, *arguments: str, folder: Path) -> str:
    """Run *program* in *folder* without variables of Python; return what it prints."""
    known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [str(program), *arguments],
        cwd=folder,
        env=known,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_is_not_the_repository(installed: Path, tmp_path: Path) -> None:
    """The new environment imports the package from the wheel."""
    code = "import retouchd; print(retouchd.__file__)"

    place = run(installed / "python", "-c", code, folder=tmp_path)

    assert Path(place.strip()).is_relative_to(installed.parent)


def test_demo_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """The whole daemon works on its samples, started from an empty folder."""
    report = run(installed / "retouchd", "demo", folder=tmp_path)

    assert "delivered" in report
