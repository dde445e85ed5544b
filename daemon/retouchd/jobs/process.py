"""One worker process, seen from the pool: started, fed, measured, ended."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from retouchd.jobs.messages import Message, Ready
from retouchd.jobs.sandbox import Confinement, Protection
from retouchd.jobs.spawn_main import Opening
from retouchd.settings import silence_onnx_runtime

END_SECONDS = 10.0
KILL_SECONDS = 1.0
_LOOK_SECONDS = 0.005
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class WorkerProcess:
    """A spawned worker and the pipe to it, which closes when either side dies.

    Attributes:
        link: the pipe; what it yields are messages.
        served: jobs that it has finished.
    """

    def __init__(self, confinement: Confinement) -> None:
        """Start the process; it locks itself in before anything else."""
        silence_onnx_runtime()  # the worker inherits the environment
        self.link, theirs = multiprocessing.Pipe()
        self.served = 0
        self._born = time.monotonic()
        # Not by the module multiprocessing: it would load the whole program, and with
        # it threads, before the sandbox can be closed.
        self._process = subprocess.Popen(  # noqa: S603  (this interpreter, our module)
            [
                *(sys.executable, "-P", "-m", "retouchd.jobs.spawn_main"),
                str(theirs.fileno()),
            ],
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        self._cpu_seconds = 0.0
        self.send(Opening(tuple(sys.path), confinement))

    def send(self, message: object) -> None:
        """Give the worker something to do.

        One that has just died does not get it; its link says so to who reads next.
        """
        with contextlib.suppress(OSError):
            self.link.send(message)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def age_seconds(self) -> float:
        """How long ago it was started."""
        return time.monotonic() - self._born

    @property
    def resident_bytes(self) -> int:
        """Memory that it holds; 0 when it is gone."""
        try:
            fields = Path(f"/proc/{self.pid}/statm").read_text().split()
        except OSError:
            return 0
        return int(fields[1]) * _PAGE_BYTES

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds that all its threads used; after its end the last figure.

        Source: clock_getcpuclockid(3) and the kernel's posix-timers_types.h: the clock
        of a process is its complemented id, shifted, and 2 for the scheduler's figure.
        """
        if self._process.returncode is None:  # later its id may be another's
            with contextlib.suppress(OSError):
                self._cpu_seconds = time.clock_gettime((~self.pid << 3) | 2)
        return self._cpu_seconds

    def waits_for_storage(self) -> bool:
        """Whether a thread sleeps in the kernel where only a device can wake it.

        So does one that reads from a share whose server is away. Source: proc(5),
        /proc/PID/stat, state D.
        """
        try:
            return any(
                _state(task) == "D" for task in Path(f"/proc/{self.pid}/task").iterdir()
            )
        except OSError:
            return False

    def kill(self) -> bool:
        """End it at once; return whether it is gone.

        A process that waits for a share stays until the share answers.
        """
        self._process.kill()
        return self._is_gone_within(KILL_SECONDS)

    def wait(self) -> int:
        """Wait until it has ended and return its exit code."""
        self._has_ended(os.WEXITED | os.WNOWAIT)
        return self._bury()

    def retire(self) -> None:
        """Let it end: it does so when its link closes."""
        self.link.close()
        if not self._is_gone_within(END_SECONDS):
            self._process.kill()
            self.wait()

    def _is_gone_within(self, seconds: float) -> bool:
        give_up = time.monotonic() + seconds
        while not self._has_ended(os.WEXITED | os.WNOWAIT | os.WNOHANG):
            if time.monotonic() >= give_up:
                return False
            time.sleep(_LOOK_SECONDS)
        self._bury()
        return True

    def _has_ended(self, look: int) -> bool:
        """Look at it, or wait for its end, and leave it for ``_bury``."""
        try:
            return os.waitid(os.P_PID, self.pid, look) is not None
        except ChildProcessError:  # it was buried before
            return True

    def _bury(self) -> int:
        """Read the clock a last time: with the process the kernel forgets it."""
        _ = self.cpu_seconds
        return self._process.wait()


def try_out(confinement: Confinement, patience_seconds: float = 30.0) -> Protection:
    """Start a process, let it lock itself in and end it; tell which locks closed."""
    process = WorkerProcess(confinement)
    try:
        return first_word(process.link, patience_seconds)
    finally:
        process.retire()


def first_word(link: Connection, patience_seconds: float) -> Protection:
    """Wait until a worker tells which of its locks are closed."""
    if not link.poll(patience_seconds):
        return Protection((), ("the worker does not answer",))
    try:
        message: Message = link.recv()
    except (EOFError, OSError):
        return Protection((), ("the worker does not start",))
    assert isinstance(message, Ready)  # noqa: S101  (a worker's first message)
    return message.protection


def _state(task: Path) -> str:
    """Return the letter after the name, which is in brackets and may hold any."""
    return (task / "stat").read_text().rpartition(")")[2].split()[0]
