"""The daemon's memory does not grow with what its threads do."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from harness.site import Site

HEAP_BYTES = 64 << 20
"""glibc reserves so much address room, aligned to it, for each heap of a thread."""


def test_all_threads_share_one_heap(site: Site, until: Callable[..., None]) -> None:
    """While files are worked on no thread of the daemon has a heap of its own."""
    daemon = site.start()
    site.drop(3)

    until(lambda: site.states() == ["done"] * 3, "the end of all jobs", 90)

    assert daemon.threads() > 3
    assert heaps_of_threads(daemon.pid) == []


def heaps_of_threads(pid: int) -> list[str]:
    """Return the mappings of *pid* that are heaps of single threads.

    Source: malloc/arena.c of glibc 2.36, HEAP_MAX_SIZE; proc(5), ``/proc/PID/maps``.
    """
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    heaps = []
    for used, reserved in pairwise(lines):
        start, rights = int(used.split("-")[0], 16), reserved.split()[1]
        end = int(reserved.split()[0].split("-")[1], 16)
        is_heap = start % HEAP_BYTES == 0 and end - start == HEAP_BYTES
        if is_heap and rights == "---p":
            heaps.append(used)
    return heaps
