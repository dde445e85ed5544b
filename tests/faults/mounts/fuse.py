"""Mounts the passthrough of this folder and tells it how to fail."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.process import until

PROGRAM = Path(__file__).with_name("passthrough.py")


@dataclass(frozen=True)
class Fault:
    """How calls fail.

    Attributes:
        operations: which of them, by FUSE's names.
        error: name of the error number; empty: they only take their time.
        done: whether what they report as failed was done.
        times: how many calls fail before all is well again.
        seconds: how long each takes.
    """

    operations: tuple[str, ...]
    error: str = ""
    done: bool = False
    times: int = 1
    seconds: float = 0.0

    def written(self) -> str:
        """Return it as the passthrough reads it."""
        number = getattr(errno, self.error) if self.error else 0
        return json.dumps(asdict(self) | {"errno": number})


class FaultyMount:
    """A FUSE mount at *point* that shows *folder*; gone when the context ends."""

    def __init__(self, point: Path, folder: Path) -> None:
        self.point = point
        self.folder = folder
        self._fault = folder.with_name(folder.name + ".fault")

    def __enter__(self) -> Self:
        for folder in (self.point, self.folder):
            folder.mkdir(parents=True, exist_ok=True)
        with self.folder.with_name("fuse.log").open("wb") as log:
            self._server = subprocess.Popen(
                [sys.executable, PROGRAM, self.folder, self.point, self._fault],
                stdout=log,
                stderr=log,
            )
        until(self.point.is_mount, "the FUSE mount")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.heal()
        subprocess.run(["umount", "--lazy", self.point], check=False)
        self._server.send_signal(signal.SIGKILL)
        self._server.wait()

    def break_it(self, fault: Fault) -> None:
        """Let the next calls fail like *fault*."""
        new = self._fault.with_suffix(".new")
        new.write_text(fault.written())
        new.replace(self._fault)

    def heal(self) -> None:
        """Let every call from now on do what it is asked."""
        self._fault.unlink(missing_ok=True)
