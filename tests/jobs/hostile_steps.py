"""Steps that hurt the process they run in; importable by spawned workers."""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path
from typing import ClassVar

from retouchd.step import Step, Tools
from retouchd.values import Picture


class Poison(Step):
    """Kill the worker when a picture of exactly this width comes."""

    width: int

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Die, or change nothing."""
        if picture.image.width == self.width:
            os.kill(os.getpid(), signal.SIGKILL)
        return picture


class Wait(Step):
    """Take a while, and leave a sign of having begun."""

    seconds: float
    sign: str  # no Path, which would be a file that the rule reads

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Change nothing, slowly."""
        Path(self.sign).touch()
        time.sleep(self.seconds)
        return picture


class Mistake(Step):
    """Raise what no step should raise."""

    error: str

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Fail like a program with a fault."""
        raise {"memory": MemoryError, "value": ValueError}[self.error]("on purpose")


class Hang(Step):
    """Compute for ever when a picture of exactly this width comes."""

    width: int
    seconds_per_megapixel: ClassVar[float] = 0.0

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Never end, or change nothing."""
        while picture.image.width == self.width:
            pass
        return picture


class Grow(Step):
    """Leak memory, as a library may."""

    megabytes: int

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Change nothing but the size of the process."""
        _LEAKED.append(bytearray(os.urandom(1)) * (self.megabytes << 20))
        return picture


class Look(Step):
    """Read a file that a rule names."""

    file: Path

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Change nothing."""
        self.file.read_bytes()
        return picture


_LEAKED: list[bytearray] = []


class Unreachable(Step):
    """Meet a share whose server is down."""

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Fail as the kernel does."""
        raise OSError(errno.EHOSTDOWN, os.strerror(errno.EHOSTDOWN))
