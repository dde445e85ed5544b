"""The numbered folders of an owner, and how it empties those of the one before."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path


def enter(parents: Iterable[Path], epoch: int) -> None:
    """Make the folders of *epoch* and move everything of other epochs into them.

    To be called by a new owner before it does anything else, and never later: a
    daemon that was taken over must not make its folders again.

    Args:
        parents: each holds one folder per epoch.
        epoch: of the new owner.

    Raises:
        OSError: the share failed; calling again goes on.
    """
    for parent in parents:
        mine = parent / str(epoch)
        mine.mkdir(parents=True, exist_ok=True)
        for other in list(parent.iterdir()):
            if other.name.isdigit() and other != mine:
                _empty(other, mine)


def _empty(old: Path, new: Path) -> None:
    """Move each file of *old* to the same place in *new*, until *old* is gone.

    Moving the files and not the folder is what stops a stale daemon on NFS, which
    reaches a renamed folder through its cache. What it still makes meanwhile is moved
    in the next round.
    """
    while True:
        for place, _, names in os.walk(old):
            target = new / os.path.relpath(place, old)
            target.mkdir(parents=True, exist_ok=True)
            for name in names:
                _move_if_there(Path(place) / name, target / name)
        if _is_removed(old):
            return


def _move_if_there(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except FileNotFoundError:
        return  # the stale daemon was quicker, for the last time


def _is_removed(folder: Path) -> bool:
    try:
        for place, _, _ in os.walk(folder, topdown=False):
            Path(place).rmdir()
    except FileNotFoundError:
        return not folder.exists()
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
            return False
        raise
    return True
