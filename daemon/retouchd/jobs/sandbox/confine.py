"""Enters the sandbox: privileges, limits, files, system calls."""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retouchd.jobs.sandbox import landlock, places, seccomp
from retouchd.jobs.sandbox.landlock import Right

_PR_SET_NO_NEW_PRIVS = 38
_LARGEST_HANDLE = 4096
_VITAL = {"no_new_privs", "landlock", "seccomp"}


@dataclass(frozen=True)
class Confinement:
    """What a worker may reach beside the interpreter and its libraries.

    Attributes:
        readable: files and folders with all that lies below; links in them count.
        writable: folders in which files may be made; readable too.
        for_gpu: open the devices, drivers and sockets that CUDA needs.
        memory_bytes: most memory that the process may ask for; not kept with a GPU,
            whose driver reserves more than there is; 0: no limit.
        is_required: whether a worker without its sandbox must not work at all.
    """

    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    for_gpu: bool = False
    memory_bytes: int = 0
    is_required: bool = False


@dataclass(frozen=True)
class Protection:
    """Which locks are closed.

    Attributes:
        active: their words, such as ``landlock``.
        missing: the others, each with the reason.
        landlock_version: of the kernel; 0: none.
    """

    active: tuple[str, ...]
    missing: tuple[str, ...] = ()
    landlock_version: int = 0

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> Protection:
        """Take what ``dataclasses.asdict`` and JSON made of one."""
        return cls(
            tuple(facts["active"]), tuple(facts["missing"]), facts["landlock_version"]
        )

    @property
    def is_enough(self) -> bool:
        """Whether files, network and other processes are out of reach."""
        return set(self.active) >= _VITAL

    def sentence(self) -> str:
        """Say in one line what holds and what does not."""
        text = f"{', '.join(self.active) or 'none'}"
        return f"{text}; missing: {'; '.join(self.missing)}" if self.missing else text


def confine(confinement: Confinement, import_paths: Iterable[str] = ()) -> Protection:
    """Close every lock that this kernel has, for this thread and those it starts.

    Folders that do not answer within seconds are left out: a share that hangs must not
    keep the worker from the others.

    Args:
        confinement: what stays open.
        import_paths: entries of ``sys.path``; readable too.
    """
    handles = places.open_all(
        {
            **dict.fromkeys(places.system(import_paths), Right.READ),
            **places.devices(for_gpu=confinement.for_gpu),
            **dict.fromkeys(confinement.readable, Right.READ),
            **dict.fromkeys(confinement.writable, Right.STAGE),
        }
    )
    active, missing = [], []
    locks: dict[str, Callable[[], None]] = {
        "no_new_privs": _forbid_new_privileges,
        "rlimits": lambda: _limit(confinement),
        "landlock": lambda: landlock.restrict(handles, for_gpu=confinement.for_gpu),
        "seccomp": lambda: seccomp.refuse_calls(for_gpu=confinement.for_gpu),
    }
    for word, close in locks.items():
        try:
            close()
            active.append(word)
        except (OSError, ValueError) as error:
            missing.append(f"{word} ({error})")
    for handle in handles:
        os.close(handle)
    return Protection(tuple(active), tuple(missing), landlock.version())


def _forbid_new_privileges() -> None:
    """No program that is started from here gains rights; the other locks ask for it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _limit(confinement: Confinement) -> None:
    """Write no core dump, open few files, and fail before the machine is full."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_NOFILE, _LARGEST_HANDLE)
    if confinement.memory_bytes and not confinement.for_gpu:
        # Memory that is written to; address space alone is reserved generously.
        _lower(resource.RLIMIT_DATA, confinement.memory_bytes)


def _lower(limit: int, wanted: int) -> None:
    _, hard = resource.getrlimit(limit)
    bound = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(limit, (bound, bound))
