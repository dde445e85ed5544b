"""Finds out by trying what the file system below a folder keeps and what it folds."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retouchd.delivery.move import NO_SUCH_METHOD
from retouchd.delivery.place import CANNOT_SYNC, Method, place
from retouchd.errors import StorageError

_MTIME_NS = 1_000_000_000_123_456_789
"""A time whose last digits show how fine the file system keeps times."""

_GRANULARITIES_NS = (1, 100, 1_000, 1_000_000, 1_000_000_000, 2_000_000_000)

_SMALLEST_NAME_LIMIT = 64


@dataclass(frozen=True)
class Traits:
    """What one folder's file system was seen to do.

    Attributes:
        method: how a file is moved without overwriting.
        names: folder of reservations, for `Method.RESERVE`.
        syncs_folders: whether fsync of a folder is more than an error.
        folds_case: whether ``A.JPG`` and ``a.jpg`` are one file.
        folds_form: whether composed and decomposed letters (NFC, NFD) are one name.
        mtime_ns: granularity of times, in nanoseconds.
        name_bytes: longest name.
    """

    method: Method
    names: Path
    syncs_folders: bool = True
    folds_case: bool = False
    folds_form: bool = False
    mtime_ns: int = 1
    name_bytes: int = 255

    def key(self, path: Path) -> str:
        """Return what two paths have in common where the file system takes them as one.

        ASCII letters differ from capitals on every file system that does not fold.
        """
        text = os.fsdecode(path)
        if self.folds_form:
            text = unicodedata.normalize("NFC", text)
        return text.casefold() if self.folds_case else text

    def sentence(self) -> str:
        """Say it in one line for `status`, `doctor` and the log."""
        facts = [f"moves by {self.method.value}"]
        if self.folds_case:
            facts.append("upper and lower case are one name")
        if self.folds_form:
            facts.append("composed and decomposed letters are one name")
        if not self.syncs_folders:
            facts.append("folders cannot be forced to disk")
        if self.mtime_ns > 1:
            facts.append(f"times to {self.mtime_ns / 1e9:g} s")
        if self.name_bytes != 255:
            facts.append(f"names to {self.name_bytes} bytes")
        return ", ".join(facts)


def probe(folder: Path, names: Path, *, is_network: bool) -> Traits:
    """Try everything once in *folder*, which is empty or ours alone.

    Args:
        folder: hidden folder on the file system in question; left as it was found.
        names: where reservations go if there is no better way; made if needed.
        is_network: whether other machines reach the file system. Their renames race
            past RENAME_NOREPLACE on CIFS (42 of 150 rounds lost a file), so it is not
            even tried.

    Raises:
        StorageError: the folder is not writable.
    """
    try:
        method = _method(folder, names, is_network=is_network)
        return Traits(
            method=method,
            names=names,
            syncs_folders=_syncs(folder),
            folds_case=_is_one_name(folder, ".probe-case-a", ".PROBE-CASE-A"),
            folds_form=_is_one_name(folder, ".probe-\u00e9", ".probe-e\u0301"),
            mtime_ns=_granularity(folder),
            name_bytes=_longest_name(folder),
        )
    except OSError as error:
        raise StorageError(
            f"cannot write there: {error.strerror}",
            hint="mount it read-write and give the daemon's user write access",
            file=folder,
            errno=error.errno or 0,
        ) from error


def forget_reservations(names: Path, scratch: Path, seconds: float) -> None:
    """Remove reservations that a crash left: they live for milliseconds.

    Args:
        names: the folder of reservations.
        scratch: another folder there; a file in it tells the server's own time.
        seconds: how old they must be, because others may reserve names there.
    """

    def look(path: Path) -> bool:
        now = path.stat().st_mtime
        for reserved in names.iterdir():
            if now - reserved.stat().st_mtime >= seconds:
                reserved.unlink()
        return True

    _with_file(scratch, ".probe-now", look)


def _method(folder: Path, names: Path, *, is_network: bool) -> Method:
    exact = [Method.LINK] if is_network else [Method.RENAME, Method.LINK]
    for method in exact:
        if _refuses_to_overwrite(folder, method):
            return method
    names.mkdir(parents=True, exist_ok=True)
    return Method.RESERVE


def _refuses_to_overwrite(folder: Path, method: Method) -> bool:
    """Whether a taken name is refused and a free one is not."""
    first, second, free = (folder / f".probe-{letter}" for letter in "abc")
    try:
        for path in (first, second):
            path.write_bytes(b"")
        try:
            place(first, second, method)
        except FileExistsError:
            place(first, free, method)
            return not first.exists() and free.exists()
    except OSError as error:
        if error.errno in NO_SUCH_METHOD:
            return False
        raise
    finally:
        for path in (first, second, free):
            path.unlink(missing_ok=True)
    return False


def _syncs(folder: Path) -> bool:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno in CANNOT_SYNC:
            return False
        raise
    finally:
        os.close(handle)
    return True


def _with_file(folder: Path, name: str, look: Callable[[Path], bool]) -> bool:
    path = folder / name
    path.write_bytes(b"")
    try:
        return look(path)
    finally:
        path.unlink()


def _is_one_name(folder: Path, name: str, variant: str) -> bool:
    return _with_file(folder, name, lambda _: os.path.lexists(folder / variant))


def _granularity(folder: Path) -> int:
    kept: list[int] = []

    def look(path: Path) -> bool:
        os.utime(path, ns=(_MTIME_NS, _MTIME_NS))
        kept.append(path.stat().st_mtime_ns)
        return True

    _with_file(folder, ".probe-time", look)
    fitting = (ns for ns in _GRANULARITIES_NS if kept[0] == _MTIME_NS // ns * ns)
    return next(fitting, _GRANULARITIES_NS[-1])


def _longest_name(folder: Path) -> int:
    try:
        return max(_SMALLEST_NAME_LIMIT, os.pathconf(folder, "PC_NAME_MAX"))
    except (OSError, ValueError):
        return 255  # what every file system of Linux allows
