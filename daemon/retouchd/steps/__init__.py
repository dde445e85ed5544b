"""All steps: one file each, found by file name; nothing else lists them."""

from __future__ import annotations

from functools import cache

from retouchd.plugins import find_classes
from retouchd.step import Step


@cache
def known_steps() -> dict[str, type[Step]]:
    """Map the word in rule files to its step, in alphabetical order."""
    return find_classes(__name__, __path__, Step)  # type: ignore[type-abstract]  # a base to compare with
