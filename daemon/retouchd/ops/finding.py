"""What ``retouchd doctor`` has to say about one subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """One examined thing.

    Attributes:
        subject: what was examined, in a word or two.
        verdict: ``warning``: it works, but worse than it could; ``problem``: some
            or all work will fail.
        text: what was found, with its figures.
        hint: the way out; empty where all is well.
    """

    subject: str
    verdict: Verdict
    text: str
    hint: str = ""
