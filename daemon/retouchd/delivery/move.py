"""Moves an original for good: within a file system or to another, in exact steps."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from retouchd.delivery.place import (
    Method,
    place,
    remove_old_name,
    sha256_of,
    suffixed,
    sync_file,
    sync_folders,
)
from retouchd.errors import StorageError

NO_SUCH_METHOD = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM, errno.EMLINK}
"""What a file system says that does not know a way of moving."""


def move_without_overwriting(
    source: Path,
    wanted: Path,
    method: Method = Method.RENAME,
    names: Path | None = None,
) -> Path:
    """Move *source* to *wanted* or its first free numbered variant, and return that.

    Args:
        source: a file on any file system.
        wanted: its name in an existing folder.
        method: how the file system of *wanted* keeps a taken name; linking stands in
            where it does not know the method.
        names: see `place`.
    """
    for target in suffixed(wanted):
        try:
            move(source, target, method, names)
        except FileExistsError:
            continue
        return target
    raise AssertionError  # suffixed() never ends


def move(
    source: Path,
    target: Path,
    method: Method = Method.RENAME,
    names: Path | None = None,
) -> None:
    """Move *source* to exactly *target*.

    Across file systems the copy is fsynced and compared before the source goes.

    Raises:
        FileExistsError: the name is taken; *source* is where it was.
        OSError: the storage failed; calling again is safe, see `is_moved`.
    """
    try:
        place(source, target, method, names)
    except OSError as error:
        if error.errno == errno.EXDEV:
            _move_across(source, target, method, names)
        elif error.errno in NO_SUCH_METHOD and method is Method.RENAME:
            place(source, target, Method.LINK)
        else:
            raise


def is_moved(source: Path, target: Path) -> bool:
    """Tell whether a crash came between the last two steps of a move, and end it.

    Linking and copying make *target* first and remove *source* last. In between both
    are there: as two names of one file, or as two equal files on two file systems.

    Returns:
        whether *target* is what *source* was; *source* is gone then.
    """
    try:
        there, here = os.lstat(target), os.lstat(source)
    except FileNotFoundError:
        return False
    if here.st_dev == there.st_dev:
        is_same = here.st_ino == there.st_ino
    else:
        is_same = here.st_size == there.st_size and _are_equal(source, target)
    if is_same:
        sync_folders([target.parent])
        remove_old_name(source)
    return is_same


def _are_equal(source: Path, target: Path) -> bool:
    return target.is_file() and sha256_of(source) == sha256_of(target)


def _move_across(
    source: Path, target: Path, method: Method, names: Path | None
) -> None:
    """Copy *source* to another file system, prove the copy, then remove *source*.

    The copy has the same temporary name each time, so that a repetition after a crash
    leaves nothing behind.
    """
    facts = source.stat()
    # Short on purpose: the name of *target* may be as long as names can be.
    copy = target.with_name(f".{facts.st_dev:x}-{facts.st_ino:x}.part")
    # A file whose fsync failed is never synced again: its lost pages count as clean.
    copy.unlink(missing_ok=True)
    with source.open("rb") as reading, copy.open("xb") as writing:
        shutil.copyfileobj(reading, writing, 1 << 20)
    shutil.copystat(source, copy)
    sync_file(copy)
    if sha256_of(copy) != sha256_of(source):
        copy.unlink()
        raise StorageError(
            "the copy differs from the original",
            hint="check the disk behind the target folder",
            file=target,
        )
    try:
        move(copy, target, method, names)
    except FileExistsError:
        copy.unlink()
        raise
    sync_folders([target.parent])
    remove_old_name(source)
