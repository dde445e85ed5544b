"""Boots User Mode Linux for one task and brings its result back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

HERE = Path(__file__).parent
DISK_BYTES = 1024**3
"""More than a daemon keeps in reserve; the file is sparse."""

MEMORY = "1500M"

Share = Literal["nfs", "cifs"]

NEEDS = (
    *("linux.uml", "modprobe", "mkfs.ext4", "ss"),
    *("rpc.nfsd", "rpc.mountd", "exportfs", "mount.nfs4"),
    *("smbd", "mount.cifs"),
)
"""Programs that the guest runs from the host's disk."""


def run_in_guest(task: str, share: Share, work: Path, seconds: float) -> Any:
    """Run the script *task* of this folder in a guest with *share* mounted twice.

    The guest sees ``/media/a`` and ``/media/b``, two clients of the server whose disk
    lies at ``/media/disk``.

    Args:
        task: name of the script; it writes ``/run/out/result.json``.
        share: what the server speaks.
        work: a folder of the host for the disk image, the result and the console.
        seconds: the guest is killed after so many.

    Returns:
        what the script has written.

    Raises:
        AssertionError: it wrote nothing in time; the message has the console's end.
    """
    disk = work / "disk.img"
    with disk.open("wb") as file:
        file.truncate(DISK_BYTES)
    console = work / "console.txt"
    with console.open("wb") as log:
        kernel = subprocess.Popen(
            _command(task, share, work, disk),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with suppress(subprocess.TimeoutExpired):
            kernel.wait(seconds)
    finally:
        _end(kernel)
    disk.unlink()
    result = work / "result.json"
    said = console.read_text(errors="replace")
    assert result.exists(), f"the guest wrote no result:\n{said[-6000:]}"
    return json.loads(result.read_text())


def _command(task: str, share: Share, work: Path, disk: Path) -> list[str]:
    return [
        "linux.uml",
        f"mem={MEMORY}",
        *("root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet"),
        *("con=null", "con0=null,fd:1", "con1=null", "ssl=null"),
        f"ubd0={disk}",
        f"uml_dir={work}",
        "init=/bin/sh",
        f"GUEST_SHARE={share}",
        f"GUEST_PYTHON={sys.executable}",
        f"GUEST_PATH={HERE.parent}",
        f"GUEST_TASK={HERE / task}",
        f"GUEST_OUT={work}",
        *("--", f"{HERE}/guest.sh"),
    ]


def _end(kernel: subprocess.Popen[bytes]) -> None:
    """Kill the guest with all its helpers; they are a session of their own."""
    with suppress(ProcessLookupError):
        os.killpg(kernel.pid, signal.SIGKILL)
    kernel.wait()
