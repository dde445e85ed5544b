"""The demonstration: the samples, a new hot folder, the real daemon, the report."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retouchd.ledger.database import Database
from retouchd.media.contact_sheet import Layout, contact_sheet
from retouchd.media.header import size_of
from retouchd.models.runtime import has_nvidia_device
from retouchd.settings import shipped_folder

TIME_LIMIT_SECONDS = 300

_SHEET = Layout(cell_px=300, pairs_across=2, quality=85)

_CONFIGURATION = """\
# Made by `retouchd demo`.
database = {database}

[intake]
settle_seconds = 1.0

[[hot_folders]]
name = "demo"
path = {hot}
rules = {rules}
"""


@dataclass(frozen=True)
class Sample:
    """One sample and how it must end, as its manifest says.

    Attributes:
        outputs: path below ``out/`` with the width and height of each result.
    """

    file: str
    ends: str
    outputs: tuple[tuple[str, int, int], ...]


def run_demo(folder: Path, say: Callable[[str], None]) -> bool:
    """Run the daemon on a copy of the samples until all is done.

    Args:
        folder: a new or empty folder; it keeps everything.
        say: prints one line.

    Returns:
        whether every sample ended as its manifest says.
    """
    manifest = tomllib.loads(
        (shipped_folder("sample_hotfolder") / "manifest.toml").read_text("utf-8")
    )
    config = _prepare(folder, manifest["rules"])
    hot = folder / "hot"
    begun = time.monotonic()
    exit_code = _run_daemon(config, "run", "--once")
    say(f"\nThe daemon finished after {time.monotonic() - begun:.1f} s.\n")
    samples = [_sample(entry) for entry in manifest["sample"]]
    fine = [_judge(sample, hot, say) for sample in samples]
    say("")
    _run_daemon(config, "report", "--by", "rule")
    say(f"\nmodels ran on: {_devices(folder / 'retouchd.db')}")
    say(f"before and after: {_show(samples, folder)}")
    say(f"results:   {hot / 'out'}")
    say(f"originals: {hot / 'done'}")
    say(f"failed:    {hot / 'failed'}")
    say(f"try it:    retouchd --config {config} run, then drop files into {hot / 'in'}")
    some_fail = any(sample.ends == "failed" for sample in samples)
    return all(fine) and exit_code == (3 if some_fail else 0)


def _devices(database: Path) -> str:
    """Say where models ran, as the ledger has it, and whether that is all there is."""
    rows = Database.open_reading(database).rows(
        "SELECT DISTINCT device FROM step_runs WHERE model <> '' ORDER BY device"
    )
    devices = [row["device"] for row in rows]
    text = ", ".join(devices) or "nothing"
    if "cpu" in devices and has_nvidia_device():
        text += " (this machine has a GPU; `retouchd doctor` says why it was not used)"
    return text


def _show(samples: Sequence[Sample], folder: Path) -> Path:
    """Write a sheet of the finished samples: the original beside its first result."""
    hot = folder / "hot"
    befores = [
        (found, hot / "out" / sample.outputs[0][0])
        for sample in samples
        if sample.outputs
        for found in (hot / "done").rglob(sample.file)
    ]
    sheet = folder / "before-after.jpg"
    contact_sheet([pair for pair in befores if pair[1].is_file()], sheet, _SHEET)
    return sheet


def _prepare(folder: Path, rules: list[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "retouchd.toml"
    if not config.exists():
        text = _CONFIGURATION.format(
            database=json.dumps(str(folder / "retouchd.db")),
            hot=json.dumps(str(folder / "hot")),
            rules=json.dumps(rules),
        )
        config.write_text(text, encoding="utf-8")
        _run_daemon(
            config, "init", str(folder / "hot"), "--name", "demo", "--rule", rules[0]
        )
    samples = shipped_folder("sample_hotfolder") / "in"
    shutil.copytree(samples, folder / "hot" / "in", dirs_exist_ok=True)
    return config


def _run_daemon(config: Path, *arguments: str) -> int:
    """Run a command of this very program, as a user would."""
    command = [sys.executable, "-m", "retouchd", "--config", str(config), *arguments]
    return subprocess.run(  # noqa: S603  (our own interpreter and package)
        command, check=False, timeout=TIME_LIMIT_SECONDS
    ).returncode


def _sample(entry: dict[str, Any]) -> Sample:
    return Sample(
        Path(entry["file"]).name,
        entry["ends"],
        tuple((one["name"], one["width"], one["height"]) for one in entry["outputs"]),
    )


def _judge(sample: Sample, hot: Path, say: Callable[[str], None]) -> bool:
    """Say how *sample* ended and whether its manifest agrees."""
    if sample.ends == "failed":
        texts = list((hot / "failed").rglob(f"{sample.file}.error.txt"))
        say(f"{'as expected' if texts else 'WRONG':12} {sample.file} → failed/")
        for text in texts:
            say("\n".join(f"    | {line}" for line in text.read_text().splitlines()))
        return bool(texts)
    problems = []
    for name, width, height in sample.outputs:
        path = hot / "out" / name
        if not path.is_file():
            problems.append(f"{name} is missing")
        elif (found := size_of(path)) != (width, height):
            problems.append(f"{name} is {found[0]}x{found[1]}, not {width}x{height}")
    if not list((hot / "done").rglob(sample.file)):
        problems.append("the original is not in done/")
    names = ", ".join(f"out/{name}" for name, _, _ in sample.outputs)
    verdict = "WRONG" if problems else "as expected"
    say(f"{verdict:12} {sample.file} → {'; '.join(problems) or names}")
    return not problems
