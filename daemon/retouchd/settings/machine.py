"""What this machine grants the process: processors and memory."""

from __future__ import annotations

import os
from pathlib import Path

_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def granted_processors() -> int:
    """Count the processors this process may run on, at least 1."""
    return max(1, len(os.sched_getaffinity(0)))


def granted_memory() -> int:
    """Return bytes of RAM, or of the control group's limit where that is lower."""
    ram = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [_limit(path) for path in _CGROUP_LIMITS]
    return min(ram, *(limit for limit in limits if limit)) if any(limits) else ram


def _limit(path: Path) -> int:
    """Read a limit in bytes; 0 where there is none."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # no such controller here, or the word "max"
        return 0
