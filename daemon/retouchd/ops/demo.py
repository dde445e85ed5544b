"""The demonstration: the samples, a new hot folder, the real daemon, the report."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retouchd.media.header import size_of
from retouchd.settings import shipped_folder

TIME_LIMIT_SECONDS = 300

_CONFIGURATION = """\
# Made by `retouchd demo`.
database = "{folder}/retouchd.db"

[intake]
settle_seconds = 1.0

[[hot_folders]]
name = "demo"
path = "{folder}/hot"
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
    say(f"\nresults:   {hot / 'out'}")
    say(f"originals: {hot / 'done'}")
    say(f"failed:    {hot / 'failed'}")
    say(f"try it:    retouchd --config {config} run, then drop files into {hot / 'in'}")
    some_fail = any(sample.ends == "failed" for sample in samples)
    return all(fine) and exit_code == (3 if some_fail else 0)


def _prepare(folder: Path, rules: list[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "retouchd.toml"
    if not config.exists():
        text = _CONFIGURATION.format(folder=folder, rules=rules)
        config.write_text(text.replace("'", '"'), encoding="utf-8")
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
