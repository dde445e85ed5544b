"""A step that tries everything and tells what happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from breakout.attempts import attempts, may_do
from retouchd.step import Step, Tools
from retouchd.values import Picture


class BreakOut(Step):
    """Try to leave the sandbox; the errors come back as a note, as JSON by name.

    An attempt that works has an empty error.
    """

    # Text, because a file that a rule names may be read.
    claim: str
    stage: str
    secret: str

    def apply(self, picture: Picture, tools: Tools) -> Picture:
        """Change nothing."""
        claim, stage = Path(self.claim), Path(self.stage)
        bad = attempts(claim, stage, Path(self.secret))
        good = may_do(claim, stage)
        tried = {
            "forbidden": {name: _errno(attempt) for name, attempt in bad.items()},
            "allowed": {name: _errno(attempt) for name, attempt in good.items()},
        }
        tools.notes.append(json.dumps(tried))
        return picture


def _errno(attempt: Callable[[], object]) -> int:
    """Return the number of the error that stopped *attempt*; 0: nothing did."""
    try:
        attempt()
    except OSError as error:
        return error.errno or -1
    return 0
