"""Puts a finished file under its final name: whole, durable, never over another."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import itertools
import os
import shutil
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

from retouchd.errors import StorageError

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_NO_SUCH_METHOD = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM}
_HASH_BLOCK = 1 << 20
_MAX_NAME_BYTES = 255

_libc = ctypes.CDLL(None, use_errno=True)


class Method(Enum):
    """How a folder's file system moves a file without overwriting."""

    RENAME = "rename"
    """renameat2(RENAME_NOREPLACE): one step; a stage that is gone was delivered."""
    LINK = "link"
    """link(2), then unlink(2): exact on NFS and CIFS, but two steps."""


class Durability:
    """Counts the fsync calls that a run needed, for the benchmark.

    The numbers are per process; the worker's come back with its outcomes.
    """

    calls = 0


def sync_file(path: Path) -> None:
    """Force the bytes of *path* to disk; errors of the delayed write show here."""
    _sync(path, os.O_RDONLY)


def sync_folders(folders: Iterable[Path]) -> None:
    """Force the entries of *folders* to disk, each once."""
    for folder in sorted(set(folders)):
        _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
        Durability.calls += 1
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """Return the lower-case hex SHA-256 of the bytes of *path*."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def probe_method(folder: Path) -> Method:
    """Find out by trying how *folder* moves files without overwriting.

    Raises:
        StorageError: the folder is not writable, or has neither way.
    """
    first, second = folder / ".probe-a", folder / ".probe-b"
    try:
        for path in (first, second):
            path.write_bytes(b"")
        for method in Method:
            if _refuses_to_overwrite(first, second, method):
                return method
    except OSError as error:
        raise StorageError(
            f"cannot write there: {error.strerror}",
            hint="mount it read-write and give the daemon's user write access",
            file=folder,
        ) from error
    finally:
        first.unlink(missing_ok=True)
        second.unlink(missing_ok=True)
    raise StorageError(
        "this file system can neither rename without overwriting nor hard-link",
        hint="put the hot folder on a local disk, NFS, or a share with hard links",
        file=folder,
    )


def _refuses_to_overwrite(source: Path, target: Path, method: Method) -> bool:
    try:
        _place(source, target, method)
    except FileExistsError:
        return True
    except OSError as error:
        if error.errno in _NO_SUCH_METHOD:
            return False
        raise
    return False


def place(stage: Path, final: Path, method: Method) -> None:
    """Move *stage* to *final* on the same file system, never over another file.

    Raises:
        FileExistsError: the name is taken; nothing happened.
        OSError: the storage failed.
    """
    _place(stage, final, method)


def _place(stage: Path, final: Path, method: Method) -> None:
    if method is Method.RENAME:
        _rename_noreplace(stage, final)
    else:
        os.link(stage, final)
        stage.unlink()


def _rename_noreplace(source: Path, target: Path) -> None:
    """Call renameat2(2), which Python does not wrap."""
    result = _libc.renameat2(
        _AT_FDCWD,
        os.fsencode(source),
        _AT_FDCWD,
        os.fsencode(target),
        _RENAME_NOREPLACE,
    )
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(source), None, str(target))


def suffixed(path: Path) -> Iterator[Path]:
    """Yield *path*, then ``NAME-2.EXT``, ``NAME-3.EXT`` and so on.

    A stem is cut where the number would make the name too long for file systems.
    """
    yield path
    for number in itertools.count(2):
        ending = os.fsencode(f"-{number}{path.suffix}")[:_MAX_NAME_BYTES]
        stem = os.fsencode(path.stem)[: _MAX_NAME_BYTES - len(ending)]
        yield path.with_name(os.fsdecode(stem + ending))


def free_name(path: Path) -> Path:
    """Return *path*, or its first numbered variant that nobody has."""
    return next(name for name in suffixed(path) if not os.path.lexists(name))


def move_without_overwriting(source: Path, wanted: Path) -> Path:
    """Move *source* to *wanted* or its first free numbered variant, and return that.

    Across file systems the copy is fsynced and compared before the source goes.
    """
    for target in suffixed(wanted):
        try:
            _move(source, target)
        except FileExistsError:
            continue
        return target
    raise AssertionError  # suffixed() never ends


def _move(source: Path, target: Path) -> None:
    try:
        _rename_noreplace(source, target)
    except OSError as error:
        if error.errno == errno.EXDEV:
            _move_across(source, target)
        elif error.errno in _NO_SUCH_METHOD:
            _place(source, target, Method.LINK)
        else:
            raise


def _move_across(source: Path, target: Path) -> None:
    """Copy *source* to another file system, prove the copy, then remove *source*."""
    # Short on purpose: the name of *target* may be as long as names can be.
    copy = target.with_name(f".{source.parent.name}-{source.stat().st_ino}.part")
    shutil.copy2(source, copy)
    sync_file(copy)
    if sha256_of(copy) != sha256_of(source):
        copy.unlink()
        raise StorageError(
            "the copy differs from the original",
            hint="check the disk behind the target folder",
            file=target,
        )
    _move(copy, target)
    sync_folders([target.parent])
    source.unlink()
