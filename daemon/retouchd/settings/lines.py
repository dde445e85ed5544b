"""Finds the line of a key in a TOML file, which ``tomllib`` does not tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

Path = tuple[str | int, ...]
"""Way to a value, such as ``("hot_folders", 0, "path")``."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[\w-]+)*)\s*=""")


def toml_lines(text: str) -> dict[Path, int]:
    """Map the path of every key and table of valid TOML to its 1-based line.

    Keys inside inline tables are not listed; their table is.
    """
    found: dict[Path, int] = {}
    seen: Counter[Path] = Counter()
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _within_lists(_parts(header[2]), seen)
            if header[1] == "[[":
                seen[table] += 1
                table = (*table, seen[table] - 1)
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault(table + _parts(key[1]), number)
    return found


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of *path*, else of the nearest thing around it, else 0."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


def _within_lists(table: Path, seen: Mapping[Path, int]) -> Path:
    """Let a table below a list of tables belong to the last one of the list."""
    way: Path = ()
    for part in table[:-1]:
        way = (*way, part)
        if way in seen:
            way = (*way, seen[way] - 1)
    return (*way, table[-1])


def _parts(dotted: str) -> Path:
    return tuple(part.strip(" \t\"'") for part in dotted.split("."))
