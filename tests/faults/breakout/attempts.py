"""Attempts to leave the sandbox; each raises ``OSError`` where it is stopped."""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)

_PTRACE_ATTACH = 16
_CLONE_NEWUSER = 0x10000000
# Numbers on x86_64, and on aarch64 where they differ.
_IS_ARM = platform.machine() == "aarch64"
_BPF = 280 if _IS_ARM else 321
_USERFAULTFD = 282 if _IS_ARM else 323
_PERF_EVENT_OPEN = 241 if _IS_ARM else 298
_IO_URING_SETUP = 425
_PIDFD_GETFD = 438


def attempts(claim: Path, stage: Path, secret: Path) -> dict[str, Callable[[], object]]:
    """List what must not work.

    Args:
        claim: the original; it may be read and nothing else.
        stage: where results may be made.
        secret: a file that is nobody's business; its folder may be written by the user.
    """
    other = secret.with_name("planted")
    return _files(claim, stage, secret, other) | _processes() | _kernel() | _threads()


def may_do(claim: Path, stage: Path) -> dict[str, Callable[[], object]]:
    """List what must work, or nothing else would prove anything."""
    made = stage.with_name("made-by-the-worker")
    return {
        "read the claim": claim.read_bytes,
        "make a result": lambda: made.write_bytes(b"x"),
        "make it shorter": lambda: os.truncate(os.open(made, os.O_RDWR), 0),
        "remove it": made.unlink,
        "read a library": Path(os.__file__).read_bytes,
    }


def _files(
    claim: Path, stage: Path, secret: Path, other: Path
) -> dict[str, Callable[[], object]]:
    return {
        "read /etc/passwd": Path("/etc/passwd").read_bytes,
        "list /etc": lambda: list(Path("/etc").iterdir()),
        "list the root": lambda: list(Path("/").iterdir()),
        "read a secret": secret.read_bytes,
        "read by a link in the stage": lambda: _by_link(stage, secret),
        "write elsewhere": lambda: other.write_bytes(b"x"),
        "write beside the claim": lambda: claim.with_name("x").write_bytes(b"x"),
        "change the claim": lambda: claim.open("r+b").close(),
        "cut the claim": lambda: os.truncate(claim, 0),
        "remove the claim": claim.unlink,
        "rename the claim": lambda: claim.rename(stage),
        "link the claim": lambda: os.link(claim, stage),
        "open the claim to all": lambda: claim.chmod(0o777),
        "give the claim away": lambda: os.chown(claim, 1, 1),
        "date the claim back": lambda: os.utime(claim, (0, 0)),
        "mark the claim": lambda: os.setxattr(claim, "user.x", b"x"),
        "remove the secret": secret.unlink,
        "make a folder": stage.mkdir,
        "make a pipe": lambda: os.mkfifo(stage),
        "open a device": lambda: os.close(os.open("/dev/full", os.O_RDWR)),
        "read its parent": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    }


def _by_link(stage: Path, secret: Path) -> None:
    link = stage.with_name("link")
    link.symlink_to(secret)
    link.read_bytes()


def _processes() -> dict[str, Callable[[], object]]:
    parent = os.getppid()
    return {
        "run a program": lambda: subprocess.run(["/bin/true"], check=True),
        "become a program": lambda: os.execv("/bin/true", ["true"]),
        "trace its parent": lambda: _check(_libc.ptrace(_PTRACE_ATTACH, parent, 0, 0)),
        "signal its parent": lambda: os.kill(parent, 0),
        "signal its group": lambda: os.kill(0, 0),
        "signal by a handle": lambda: os.close(_signal(parent)),
        "take a handle": lambda: _call(_PIDFD_GETFD, os.pidfd_open(parent), 0, 0),
        "read its parent's memory": lambda: _read_memory(parent),
        "limit its parent": lambda: _limit(parent),
    }


def _signal(pid: int) -> int:
    import signal  # noqa: PLC0415  (only here)

    handle = os.pidfd_open(pid)
    signal.pidfd_send_signal(handle, 0)
    return handle


def _limit(pid: int) -> None:
    import resource  # noqa: PLC0415  (only here)

    resource.prlimit(pid, resource.RLIMIT_NOFILE)


def _read_memory(pid: int) -> None:
    space = ctypes.create_string_buffer(8)
    part = (ctypes.c_size_t * 2)(ctypes.addressof(space), 8)
    _check(_libc.process_vm_readv(pid, part, 1, part, 1, 0))


def _kernel() -> dict[str, Callable[[], object]]:
    return {
        "open a socket": lambda: socket.socket(socket.AF_INET).close(),
        "open a socket of IPv6": lambda: socket.socket(socket.AF_INET6).close(),
        "open a local socket": lambda: socket.socket(socket.AF_UNIX).close(),
        "connect": lambda: _check(_libc.connect(0, b"\2\0\0\0\0\0\0\0", 16)),
        "mount": lambda: _check(_libc.mount(b"x", b"/mnt", b"tmpfs", 0, None)),
        "leave its name space": lambda: _check(_libc.unshare(_CLONE_NEWUSER)),
        "change its root": lambda: os.chroot("/usr"),
        "load a program of BPF": lambda: _call(_BPF, 0, 0, 0),
        "set up io_uring": lambda: _call(_IO_URING_SETUP, 1, 0),
        "catch page faults": lambda: _call(_USERFAULTFD, 1),
        "count events": lambda: _call(_PERF_EVENT_OPEN, 0, 0, -1, -1, 0),
        "call as x32": lambda: _call(0x40000000 | 39) if not _IS_ARM else _refuse(),
    }


def _threads() -> dict[str, Callable[[], object]]:
    return {"read a secret in a thread": lambda: _in_thread("/etc/passwd")}


def _in_thread(path: str) -> None:
    raised: list[OSError] = []

    def read() -> None:
        try:
            Path(path).read_bytes()
        except OSError as error:
            raised.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


def _refuse() -> None:
    raise PermissionError(1, "there is no such call on this machine")


def _call(number: int, *arguments: int) -> None:
    _check(_libc.syscall(number, *arguments))


def _check(result: int) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
