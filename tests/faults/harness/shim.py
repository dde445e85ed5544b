"""The shim between a process and the kernel: built here, told what to do from here."""

from __future__ import annotations

import ctypes
import errno
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SOURCE = Path(__file__).resolve().parents[1] / "shim/shim.c"

How = Literal["count", "kill before", "kill after", "fail", "done but fail"]
HOWS: tuple[How, ...] = How.__args__  # type: ignore[attr-defined]

KILLS: tuple[How, ...] = ("kill before", "kill after")

Method = Literal["rename", "link", "reserve"]
_FLAGS: dict[Method, int] = {"rename": 0, "link": 1, "reserve": 3}


@dataclass(frozen=True)
class Arm:
    """What the shim does.

    Attributes:
        at: the durable call at which it does it, from 1; 0: never.
        how: what it does there.
        error: name of the error number that a failing call reports, such as ``EIO``.
        method: what the file system is made to offer: ``link`` has no rename without
            overwriting (as NFS), ``reserve`` has no hard links either (as some CIFS).
    """

    at: int = 0
    how: How = "count"
    error: str = ""
    method: Method = "rename"

    @property
    def words(self) -> tuple[int, int, int, int]:
        """The four numbers that the shim understands."""
        number = getattr(errno, self.error) if self.error else 0
        return self.at, HOWS.index(self.how), number, _FLAGS[self.method]

    def environment(self, roots: list[Path], log: Path) -> dict[str, str]:
        """Return the variable that arms a program from its start."""
        parts = [*map(str, self.words), ":".join(map(str, roots)), str(log)]
        return {"SHIM_ARM": " ".join(parts)}

    def load(self, roots: list[str], log: str) -> None:
        """Arm this process, which was started with the shim in ``LD_PRELOAD``."""
        ctypes.CDLL(None).shim_arm(
            ctypes.c_long(self.words[0]),
            *self.words[1:],
            ":".join(roots).encode(),
            log.encode(),
        )


@dataclass(frozen=True)
class Call:
    """One durable call that the shim saw: its name and its one or two paths."""

    name: str
    paths: tuple[str, ...]


def build(folder: Path) -> Path:
    """Compile the shim into *folder*; return the library."""
    library = folder / "shim.so"
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    libraries = ["-ldl", "-lpthread"]
    subprocess.run(["cc", *flags, "-o", library, SOURCE, *libraries], check=True)
    return library


def calls_in(log: Path) -> list[Call]:
    """Read back what the shim saw, in order."""
    if not log.exists():
        return []
    calls = []
    for line in log.read_text(errors="surrogateescape").splitlines():
        name, *paths = line.split("\t")
        calls.append(Call(name, tuple(path for path in paths if path)))
    return calls
