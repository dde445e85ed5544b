"""Puts a finished file under its final name: whole, durable, never over another."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import itertools
import os
import unicodedata
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_HASH_BLOCK = 1 << 20
_MAX_NAME_BYTES = 255

CANNOT_SYNC = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}
"""What a file system says to fsync of a folder that does not know it; see fsync(2)."""

_libc = ctypes.CDLL(None, use_errno=True)


class Method(Enum):
    """How a folder's file system moves a file without overwriting."""

    RENAME = "rename"
    """renameat2(RENAME_NOREPLACE): one step; a stage that is gone was delivered."""
    LINK = "link"
    """link(2), then unlink(2): exact on NFS and CIFS, but two steps."""
    RESERVE = "reserve"
    """The name is reserved beside, then looked at, then renamed to: for file systems
    with neither. Exact among daemons that share the folder of reservations; a stranger
    who creates the file in the very same moment may lose it."""


class Durability:
    """Counts the fsync calls that a run needed, for the benchmark.

    The numbers are per process; the worker's come back with its outcomes.
    """

    calls = 0


def sync_file(path: Path) -> None:
    """Force the bytes of *path* to disk; errors of the delayed write show here."""
    _sync(path, os.O_RDONLY)


def sync_folders(folders: Iterable[Path]) -> None:
    """Force the entries of *folders* to disk, each once, where that can be done."""
    for folder in sorted(set(folders)):
        try:
            _sync(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            if error.errno not in CANNOT_SYNC:
                raise


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


def place(stage: Path, final: Path, method: Method, names: Path | None = None) -> None:
    """Move *stage* to *final* on the same file system, never over another file.

    Args:
        stage: a whole file.
        final: its wanted name.
        method: one that the file system was seen to keep.
        names: existing folder of reservations; `Method.RESERVE` alone needs it.

    Raises:
        FileExistsError: the name is taken; nothing happened.
        OSError: the storage failed.
    """
    if method is Method.RENAME:
        _rename_noreplace(stage, final)
    elif method is Method.LINK:
        _link(stage, final)
        remove_old_name(stage)
    else:
        assert names is not None  # noqa: S101  (probed together with the method)
        _rename_reserved(stage, final, names)


def _link(stage: Path, final: Path) -> None:
    try:
        os.link(stage, final)
    except FileExistsError:
        # A server that answered once in vain says so of the link that it had made.
        if not os.path.samestat(os.lstat(stage), os.lstat(final)):
            raise


def _rename_reserved(stage: Path, final: Path, names: Path) -> None:
    reserved = names / _reservation(os.path.relpath(final, names))
    os.close(os.open(reserved, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        if os.path.lexists(final):
            raise FileExistsError(str(final))
        stage.rename(final)
    finally:
        remove_old_name(reserved)


def remove_old_name(path: Path) -> None:
    """Unlink *path*, whose work is done.

    Raises:
        OSError: EIO, whatever the number was: a name that is taken, or another file
            system, can be a word about the move alone, and that has happened.
    """
    try:
        path.unlink()
    except OSError as error:
        said = f"the old name cannot be removed: {error.strerror}"
        raise OSError(errno.EIO, said, str(path)) from error


def _reservation(name: str) -> str:
    """Name a reservation alike for all names that some file system takes as one."""
    folded = unicodedata.normalize("NFC", name).casefold()
    return hashlib.sha256(os.fsencode(folded)).hexdigest()


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


def other_name(path: Path) -> Path:
    """Return the first numbered variant of *path* that nobody has, never *path*.

    A name may be taken though no file has it: somebody reserved it.
    """
    variants = itertools.islice(suffixed(path), 1, None)
    return next(name for name in variants if not os.path.lexists(name))


def free_name(path: Path) -> Path:
    """Return *path*, or its first numbered variant that nobody has."""
    return next(name for name in suffixed(path) if not os.path.lexists(name))
