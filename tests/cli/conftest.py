"""Commands as a person types them, and a folder in which a run has finished."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from retouchd.cli import main

SAMPLES = Path(__file__).resolve().parents[2] / "sample_hotfolder" / "in"


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


Type = Callable[..., Answer]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def typed(
    here: Path,  # noqa: ARG001  (commands work in it)
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Type:
    """Run a command in this process, in an empty folder."""

    def run(*words: str | Path) -> Answer:
        monkeypatch.setattr("sys.argv", ["retouchd", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Answer(int(ended.value.code or 0), captured.out, captured.err)

    return run


def run_for_real(*words: str | Path, cwd: Path) -> Answer:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "retouchd", *map(str, words)],
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def really(here: Path) -> Type:
    """Run a command in a process of its own, in an empty folder."""
    return lambda *words: run_for_real(*words, cwd=here)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose daemon ran once: one picture delivered, a broken one failed."""
    folder = tmp_path_factory.mktemp("finished")
    run_for_real("init", "hot", "--rule", "web", cwd=folder)
    config = folder / "retouchd.toml"
    config.write_text(config.read_text() + "\n[intake]\nsettle_seconds = 0.2\n")
    for name in ("lowres_watch.webp", "broken_upload.jpg"):
        shutil.copy(SAMPLES / name, folder / "hot" / "in")
    run_for_real("run", "--once", cwd=folder)
    return folder


@pytest.fixture
def after_a_run(finished: Path, typed: Type, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Run a command where a daemon has finished two drops."""
    monkeypatch.chdir(finished)
    return typed


@dataclass(frozen=True)
class Running:
    """A daemon that runs, and the folder of its configuration."""

    folder: Path
    process: subprocess.Popen[str]
    typed: Type

    def __call__(self, *words: str | Path) -> Answer:
        """Run a command beside it, in this process."""
        with contextlib.chdir(self.folder):
            return self.typed(*words)


@pytest.fixture
def started(typed: Type) -> Iterator[Callable[[Path], Running]]:
    """Start daemons; all are stopped in the end, by the signal of systemd."""
    processes = []

    def start(folder: Path) -> Running:
        process = subprocess.Popen(
            [sys.executable, "-m", "retouchd", "run"],
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stderr
        for line in process.stderr:  # JSON: this is no terminal
            if '"event": "started"' in line:
                break
        return Running(folder, process, typed)

    yield start
    for process in processes:
        process.terminate()
        process.communicate(timeout=100)
