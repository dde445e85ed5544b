"""Drives lives of the daemon: each in a fork, with the shim armed."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.shim import Arm, Call, build, calls_in

PATIENCE_SECONDS = 30.0
"""A life that is not idle after so long is stuck."""

HERE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Life:
    """How one life of the daemon ended.

    Attributes:
        status: ``idle``: all work was done; ``killed``: by the shim; ``ended``: by an
            error that ends a daemon, so that its service manager starts the next;
            ``stuck``: it was neither idle nor dead in time; or ``crashed (CODE)``.
        calls: the durable calls that it made, the fatal one included.
    """

    status: str
    calls: tuple[Call, ...]
    log: Path


class Driver:
    """Holds the loaded daemon; each ``run`` is one life of it in a fork.

    Args:
        folder: scratch space for the library and the logs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.lives = 0
        environment = {
            "LD_PRELOAD": str(build(folder)),
            "PYTHONPATH": f"{HERE}:{os.environ.get('PYTHONPATH', '')}",
            # Threads that libraries start at import would not survive the fork.
            "OPENBLAS_NUM_THREADS": "1",
            "VIPS_CONCURRENCY": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | environment,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def run(
        self,
        config: Path,
        roots: Sequence[Path],
        arm: Arm | None = None,
        *,
        mutant: str = "",
        patience: float = PATIENCE_SECONDS,
    ) -> Life:
        """Live one life under *config*.

        Args:
            config: the configuration file; ``watch = "scan"`` saves half a second.
            roots: durable calls below these paths count: hot folders, the journal.
            arm: what the shim does; ``None``: it only counts.
            mutant: name of a seeded bug.
            patience: seconds after which the life is stuck.
        """
        assert self._process.stdin
        assert self._process.stdout
        self.lives += 1
        log, calls = self._folder / "life.log", self._folder / "calls.txt"
        calls.unlink(missing_ok=True)
        order = {
            "config": str(config),
            "roots": [str(root) for root in roots],
            "arm": dataclasses.asdict(arm or Arm()),
            "mutant": mutant,
            "patience": patience,
            "log": str(log),
            "calls": str(calls),
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the zygote died; see its traceback above"
        return Life(json.loads(line)["status"], tuple(calls_in(calls)), log)
