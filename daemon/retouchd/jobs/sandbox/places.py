"""Which files a worker needs beside its work: libraries, devices, its own process."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from retouchd.jobs.sandbox.landlock import Right

PATIENCE_SECONDS = 3.0
"""A folder of a share that hangs is left out after this."""

_SYSTEM = (
    *("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime"),
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat"),
    # ONNX Runtime looks for processors and devices.
    *("/sys/devices", "/sys/bus/pci/devices"),
)
_DEVICES = {
    "/dev/null": Right.READ_FILE | Right.WRITE_FILE,
    "/dev/urandom": Right.READ_FILE,
    "/dev/random": Right.READ_FILE,
    "/dev/zero": Right.READ_FILE,
}
# The driver reads its parameters there, and hands memory around between processes.
_GPU_FOLDERS = {
    "/proc": Right.READ,
    "/sys": Right.READ,
    "/dev/shm": Right.STAGE,  # noqa: S108  (a grant, no file of ours)
}


def system(import_paths: Iterable[str]) -> Iterator[Path]:
    """List what every program reads, the interpreter and what it imports.

    The working folder, which ``python -m`` puts among the import paths, is left out:
    it may be anything, the folder of the ledger too.
    """
    yield from map(Path, _SYSTEM)
    yield from (Path(sys.prefix), Path(sys.base_prefix), Path(sys.exec_prefix))
    yield Path(__file__).resolve().parents[2]  # retouchd itself
    here = Path.cwd()
    for entry in import_paths:
        path = Path(entry)
        if path.is_absolute() and path != here:
            yield path


def devices(*, for_gpu: bool) -> dict[Path, Right]:
    """List device nodes; with *for_gpu* those of NVIDIA and their drivers' folders."""
    found = {Path(name): right for name, right in _DEVICES.items()}
    if for_gpu:
        found |= {Path(name): right for name, right in _GPU_FOLDERS.items()}
        nodes = (*Path("/dev").glob("nvidia*"), Path("/dev/dxg"))
        found |= dict.fromkeys(nodes, Right.DEVICE | Right.READ_DIR)
    return found


def open_all(wanted: Mapping[Path, Right]) -> dict[int, Right]:
    """Open what is there of *wanted*; return the rights by descriptor.

    Each is opened by a thread of its own, which is left behind where a share hangs.
    """
    opened: dict[int, Right] = {}
    lock = threading.Lock()
    is_late = threading.Event()

    def look(path: Path, right: Right) -> None:
        with contextlib.suppress(OSError):  # away, or not on this machine
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
            with lock:
                if is_late.is_set():
                    os.close(handle)
                else:
                    opened[handle] = right

    threads = [
        threading.Thread(target=look, args=item, daemon=True) for item in wanted.items()
    ]
    for thread in threads:
        thread.start()
    give_up = time.monotonic() + PATIENCE_SECONDS
    for thread in threads:
        thread.join(max(0.0, give_up - time.monotonic()))
    with lock:
        is_late.set()
    return opened
