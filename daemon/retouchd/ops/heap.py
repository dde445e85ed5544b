"""Keeps the supervisor's memory from growing with its threads."""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8


def share_one_heap() -> None:
    """Let all threads of this process take their memory from one heap.

    glibc gives threads heaps of their own, up to eight for each core. What one thread
    frees the others never get, so each heap grows to the most that ever was needed in
    it: SQLite's cache and its statements, tables of results, contents of files. A hot
    folder that goes away and comes back starts new threads, which take over any heap
    that is free and make it grow, too. In one heap what one thread freed serves the
    next, and it stays as large as it was after the start. Only one thread at a time
    runs Python, so nobody waits for anybody because of it.

    To be called before the threads start; heaps that exist are kept.

    Source: mallopt(3), M_ARENA_MAX; its number is in glibc's malloc.h. The other C
    library of Linux, musl, has one heap anyway, and no such function.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, 1)
