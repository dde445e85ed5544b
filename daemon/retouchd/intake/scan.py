"""The truth about ``in/``: a walk over its entries, on every kind of mount."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

IGNORED_NAMES = (
    # Hidden files: rsync's and browsers' temporaries, .DS_Store, ._AppleDouble, .nfs*
    ".*",
    # Copies and downloads that still run
    "*.part",
    "*.partial",
    "*.filepart",
    "*.crdownload",
    "*.download",
    "*.opdownload",
    "*.tmp",
    "*.temp",
    "*.swp",
    # Left by desktops, NAS boxes and editors
    "thumbs.db",
    "desktop.ini",
    "@eadir",
    "__macosx",
    "$recycle.bin",
    "~$*",
    "~ps*",
    "*~",
)
"""Names that are never drops, compared in lower case."""

MAX_FOLDER_BYTES = 1000
"""Longest path of a sub-folder: below ``done/`` it must stay below 4096 bytes too."""


@dataclass(frozen=True)
class Fingerprint:
    """What changes when a file is written, truncated or replaced."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True)
class Seen:
    """One regular file below ``in/``: its relative name with ``/`` and its stat."""

    name: str
    fingerprint: Fingerprint


@dataclass(frozen=True)
class LeftInPlace:
    """An entry that is not taken, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Scan:
    """Everything found below ``in/`` in one walk."""

    files: tuple[Seen, ...]
    left: tuple[LeftInPlace, ...]


def scan(inbox: Path, ignored: tuple[str, ...] = IGNORED_NAMES) -> Scan:
    """Walk *inbox*; folders are not followed through symlinks.

    Raises:
        OSError: *inbox* itself cannot be read (the share is down).
    """
    files: list[Seen] = []
    left: list[LeftInPlace] = []
    for name, entry in _entries(inbox, ignored, left):
        try:
            facts = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue  # taken back by its owner between two calls
        reason = _reason_to_leave(facts)
        if reason:
            left.append(LeftInPlace(name, reason))
        else:
            files.append(Seen(name, fingerprint(facts)))
    return Scan(tuple(files), tuple(left))


def fingerprint(facts: os.stat_result) -> Fingerprint:
    """Reduce a stat result to what tells a change."""
    return Fingerprint(
        facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino
    )


def _entries(
    inbox: Path, ignored: tuple[str, ...], left: list[LeftInPlace]
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield everything but folders; what cannot be looked into goes to *left*."""
    folders = [""]
    while folders:
        prefix = folders.pop()
        for entry in _listing(inbox, prefix, left):
            name = prefix + entry.name
            if is_ignored(entry.name, ignored):
                continue
            if not entry.is_dir(follow_symlinks=False):
                yield name, entry
            elif len(os.fsencode(name)) > MAX_FOLDER_BYTES:
                left.append(LeftInPlace(name, "its folders are nested too deeply"))
            else:
                folders.append(f"{name}/")


def _listing(
    inbox: Path, prefix: str, left: list[LeftInPlace]
) -> list[os.DirEntry[str]]:
    """List one folder; only *inbox* itself must be readable."""
    try:
        with os.scandir(inbox / prefix) as entries:
            return list(entries)
    except FileNotFoundError:
        if not prefix:
            raise
        return []  # removed while we looked
    except OSError as error:
        if not prefix:
            raise
        reason = f"the folder cannot be read: {error.strerror}"
        left.append(LeftInPlace(prefix.rstrip("/"), reason))
        return []


def is_ignored(name: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether *name* is a known temporary or junk name."""
    lowered = name.lower()
    return any(fnmatchcase(lowered, pattern) for pattern in patterns)


def _reason_to_leave(facts: os.stat_result) -> str:
    if stat.S_ISLNK(facts.st_mode):
        return "it is a symbolic link; drop the file itself"
    if not stat.S_ISREG(facts.st_mode):
        return "it is not a regular file"
    if facts.st_nlink > 1:
        return "it is a hard link to a file elsewhere; drop a copy"
    return ""
