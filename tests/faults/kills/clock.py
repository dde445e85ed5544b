"""Clocks that a test sets for a daemon."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")


class FakeClock:
    """A wall clock that can jump; the monotonic clock stays true.

    Args:
        folder: where it is compiled and where its time stands.
        zone: of the daemon.
        ahead: seconds that the clock is ahead of the true one.

    Attributes:
        environment: of the daemon.
        library: what is to be loaded before the C library.
    """

    def __init__(self, folder: Path, zone: str, ahead: float) -> None:
        self._file = folder / "clock"
        self.set(ahead)
        self.environment = {"TZ": zone, "CLOCK_FILE": str(self._file)}
        self.library = folder / "clock.so"
        flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
        subprocess.run(["cc", *flags, "-o", self.library, SOURCE], check=True)

    def set(self, ahead: float) -> None:
        """Let the clock jump; a daemon that runs sees it at once."""
        self._file.touch()
        with self._file.open("r+b") as file:
            file.write(struct.pack("d", ahead))


def with_monotonic_clock_ahead(script: Path, seconds: int) -> Path:
    """Write *script*: this Python in a time namespace whose clock is *seconds* ahead.

    The process keeps its number, since nothing is forked.
    """
    script.write_text(
        f'#!/bin/sh\nexec unshare --time --monotonic {seconds} {sys.executable} "$@"\n'
    )
    script.chmod(0o755)
    return script
