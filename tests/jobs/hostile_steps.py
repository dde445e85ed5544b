"""Steps that hurt the process they run in; importable by spawned workers."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

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
    sign: Path

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Change nothing, slowly."""
        self.sign.touch()
        time.sleep(self.seconds)
        return picture


class Mistake(Step):
    """Raise what no step should raise."""

    error: str

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Fail like a program with a fault."""
        raise {"memory": MemoryError, "value": ValueError}[self.error]("on purpose")
