"""One running daemon, seen from outside."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 100.0


@dataclass(frozen=True)
class DaemonProcess:
    """A real daemon process and its log file."""

    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def children(self) -> list[int]:
        """Process ids of its worker and of the worker's kin."""
        try:
            threads = list(Path(f"/proc/{self.pid}/task").iterdir())
        except FileNotFoundError:
            return []
        listings = [_text(thread / "children") for thread in threads]
        return [int(pid) for listing in listings for pid in listing.split()]

    def workers(self) -> list[int]:
        """Process ids of the workers alone."""
        return [pid for pid in self.children() if "spawn_main" in command_of(pid)]

    def kill(self) -> None:
        """Kill it as the kernel would, and see it gone."""
        self.process.kill()
        self.process.wait()

    def send(self, sign: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(sign)

    def wait(self, timeout: float = PATIENCE_SECONDS) -> int:
        """Wait at most *timeout* seconds for its end; return the exit code."""
        return self.process.wait(timeout)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def log(self) -> str:
        """Return all that it wrote."""
        return self.log_file.read_text(errors="replace")

    def has_said(self, event: str) -> bool:
        """Whether *event* stands in its log."""
        return f'"event": "{event}"' in self.log()

    def memory_mb(self) -> float:
        """Resident memory of the daemon itself, without its workers, in MB."""
        return memory_mb(self.pid)

    def fds(self) -> int:
        """Open descriptors of the daemon itself."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def threads(self) -> int:
        """Threads of the daemon itself."""
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))


def command_of(pid: int) -> str:
    """Return the command line of *pid*; empty when it is gone or a zombie."""
    return _text(Path(f"/proc/{pid}/cmdline"))


def memory_mb(pid: int) -> float:
    """Return the resident memory of *pid* in MB; 0 when it is gone."""
    status = _text(Path(f"/proc/{pid}/status"))
    lines = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(lines[0].split()[1]) * 1024 / 1e6 if lines else 0.0


def _text(path: Path) -> str:
    """Read a file of /proc; empty when its process or thread is gone."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def until(
    condition: Callable[[], object], what: str, timeout: float = PATIENCE_SECONDS
) -> None:
    """Wait for *condition*.

    Raises:
        AssertionError: *what* did not happen within *timeout* seconds.
    """
    give_up = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < give_up, f"{what} did not happen in {timeout:g} s"
        time.sleep(0.02)
