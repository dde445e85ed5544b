"""Finds hot folders that would feed one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

from retouchd.errors import Problem
from retouchd.settings.lines import Path as KeyPath
from retouchd.settings.schema import HotFolder

Finding = tuple[KeyPath, Problem]
"""Where in the configuration, and what; file and line are added by the caller."""


def clashes(hot_folders: Sequence[HotFolder]) -> Iterator[Finding]:
    """Yield every duplicate name and every pair of folders that nest or coincide."""
    for number, folder in enumerate(hot_folders):
        yield from _inside_one(number, folder)
    for (first, one), (second, other) in combinations(enumerate(hot_folders), 2):
        if one.name == other.name:
            yield _finding(
                (second, "name"),
                f"two hot folders are called {other.name!r}",
                "give each its own name",
            )
        if _touch(one.path, other.path):
            yield _finding(
                (second, "path"),
                f"{other.path} and {one.path} of hot folder {one.name!r} "
                "nest or coincide",
                "give each hot folder a root of its own",
            )
        else:
            yield from _across(first, one, other)
            yield from _across(second, other, one)


def _inside_one(number: int, folder: HotFolder) -> Iterator[Finding]:
    for (word, path), (other_word, other) in combinations(folder.folders.items(), 2):
        if _touch(path, other):
            key = other_word if other_word in folder.model_fields_set else word
            yield _finding(
                (number, key),
                f"the folders {word}/ and {other_word}/ nest or coincide: "
                f"{path} and {other}",
                "results would be taken for new drops; set them apart",
            )


def _across(number: int, giver: HotFolder, taker: HotFolder) -> Iterator[Finding]:
    """Results of *giver* must not fall into the root that *taker* watches."""
    for word in sorted(giver.model_fields_set & giver.folders.keys()):
        if _touch(giver.folders[word], taker.path):
            yield _finding(
                (number, word),
                f"{giver.folders[word]} and the root of hot folder {taker.name!r} "
                "nest or coincide",
                "results would be taken for new drops; choose another folder",
            )


def _finding(key: KeyPath, message: str, hint: str) -> Finding:
    return ("hot_folders", *key), Problem(message, hint)


def _touch(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)
