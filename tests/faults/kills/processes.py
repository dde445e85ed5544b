"""What /proc tells of the processes of a site, and of those that outlive it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from harness.process import memory_mb

TAG = "FAULTS_SITE"
"""Environment variable by which every process of a site is found, orphans too."""


def is_running(pid: int) -> bool:
    """Whether there is such a process; one that only waits to be reaped counts not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def processes_of(root: Path) -> list[int]:
    """Return every running process that was started with `TAG` set to *root*."""
    wanted = f"{TAG}={root}".encode()
    return [
        int(folder.name)
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit()
        and wanted in _environment(folder).split(b"\0")
        and is_running(int(folder.name))
    ]


def _environment(folder: Path) -> bytes:
    try:
        return (folder / "environ").read_bytes()
    except OSError:  # gone meanwhile, or a thread of the kernel
        return b""


def children_of(pid: int) -> dict[int, str]:
    """Return the command line of each running child of *pid*, by its number."""
    threads = Path(f"/proc/{pid}/task")
    listings = [_text(threads / name / "children") for name in _names(threads)]
    numbers = [int(child) for listing in listings for child in listing.split()]
    commands = {number: _text(Path(f"/proc/{number}/cmdline")) for number in numbers}
    return {number: command for number, command in commands.items() if command}


def workers_of(pid: int) -> list[int]:
    """Return the workers among the children of *pid*."""
    children = children_of(pid)
    return sorted(child for child in children if "spawn_main" in children[child])


@dataclass(frozen=True)
class Reading:
    """What one process holds at one moment.

    Attributes:
        memory_mb: resident memory, in megabytes.
        fds: open descriptors.
        threads: threads.
        watches: inotify watches.
    """

    memory_mb: float
    fds: int
    threads: int
    watches: int

    @classmethod
    def of(cls, pid: int) -> Reading:
        """Read it.

        Raises:
            OSError: the process is gone.
        """
        folder = Path(f"/proc/{pid}")
        status = dict(
            line.split(":", 1) for line in (folder / "status").read_text().splitlines()
        )
        infos = [_text(folder / "fdinfo" / name) for name in _names(folder / "fdinfo")]
        return cls(
            memory_mb=memory_mb(pid),
            fds=len(infos),
            threads=int(status["Threads"]),
            watches=sum(info.count("inotify wd:") for info in infos),
        )


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  (names are what is wanted)
    except (FileNotFoundError, ProcessLookupError):
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):  # gone meanwhile
        return ""
