"""All gates: one file each, found by file name; nothing else lists them."""

from __future__ import annotations

from functools import cache

from retouchd.gate import Check
from retouchd.plugins import find_classes


@cache
def known_gates() -> dict[str, type[Check]]:
    """Map the word in rule files to its gate, in alphabetical order."""
    return find_classes(__name__, __path__, Check)
