"""Landlock: the kernel's own list of what a thread may open.

Source: linux/landlock.h and the kernel's Documentation/userspace-api/landlock.rst. The
numbers of its three calls are the same on every architecture.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable, Mapping
from enum import IntFlag

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
_NO_NETWORK = 0b11  # bind and connect of TCP
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 0b01, 0b10

_libc = ctypes.CDLL(None, use_errno=True)


class Right(IntFlag):
    """What may be done with a file, or with those below a folder."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_FILE = 1 << 5
    MAKE_REG = 1 << 8
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15

    READ = READ_FILE | READ_DIR
    STAGE = READ | WRITE_FILE | REMOVE_FILE | MAKE_REG | TRUNCATE
    DEVICE = READ_FILE | WRITE_FILE | IOCTL_DEV


_FOR_FILES = Right.EXECUTE | Right.DEVICE | Right.TRUNCATE
# The highest bit that each version of the interface knows, from version 1 on.
_KNOWN_BITS = (13, 14, 15, 15, 16)


def version() -> int:
    """Return the version of Landlock in this kernel; 0: none, or switched off."""
    found = int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION))
    return max(found, 0)


def restrict(grants: Mapping[int, Right], *, for_gpu: bool) -> None:
    """Let this thread, and those that it starts, open nothing but *grants*.

    ``no_new_privs`` must be set. TCP, signals to other processes and abstract sockets
    go too where the kernel has these locks; system call filters hold them as well.

    Args:
        grants: rights by open file descriptor (``O_PATH`` will do); what lies below a
            folder is meant with it.
        for_gpu: leave devices and abstract sockets, which CUDA needs, to the grants of
            files and to the filter.

    Raises:
        OSError: the kernel has no Landlock, or refuses.
    """
    known = version()
    files = (1 << _KNOWN_BITS[min(known, len(_KNOWN_BITS)) - 1]) - 1 if known else 0
    network = _NO_NETWORK if known >= 4 else 0
    scopes = _SCOPE_SIGNALS | (0 if for_gpu else _SCOPE_ABSTRACT_SOCKETS)
    if for_gpu:
        files &= ~Right.IOCTL_DEV
    asked = struct.pack("=QQQ", files, network, scopes if known >= 6 else 0)
    # An older kernel refuses a structure with fields that it does not know.
    size = 8 if known < 4 else 16 if known < 6 else 24
    ruleset = _checked(_CREATE_RULESET, asked, ctypes.c_size_t(size), 0)
    try:
        _add(ruleset, grants.items(), files)
        _checked(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _add(ruleset: int, grants: Iterable[tuple[int, Right]], handled: int) -> None:
    for handle, right in grants:
        allowed = right & handled
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            allowed &= _FOR_FILES
        rule = struct.pack("=Qi", allowed, handle)
        _checked(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)


def _checked(call: int, *arguments: object) -> int:
    result = int(_libc.syscall(call, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
