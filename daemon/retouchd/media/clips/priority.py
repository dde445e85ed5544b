"""Keeps encoders from taking the machine for themselves.

SVT-AV1 gives its threads real-time priority where it may, which root may: some that
wait for others by looking again and again then take 95 % of every processor, for ever.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

# Source: capabilities(7), capget(2) and the kernel's linux/capability.h.
_VERSION_3 = 0x20080522
_SYS_NICE = 23


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


@contextmanager
def ordinary_priority() -> Iterator[None]:
    """Let threads that are made in the body of a ``with`` statement run as all others.

    The calling thread lends out its right to raise priorities, and threads inherit what
    the one that makes them has.
    """
    libc = ctypes.CDLL(None)
    header = _Header(_VERSION_3, 0)
    had, lent = (_Sets * 2)(), (_Sets * 2)()
    libc.capget(ctypes.byref(header), had)
    libc.capget(ctypes.byref(header), lent)
    lent[0].effective &= ~(1 << _SYS_NICE)
    libc.capset(ctypes.byref(header), lent)
    try:
        yield
    finally:
        libc.capset(ctypes.byref(header), had)
