"""A filter of system calls: what no decoder and no network ever needs is refused.

Source: linux/seccomp.h, linux/filter.h, linux/audit.h; the numbers of the calls from
asm/unistd_64.h (x86_64) and asm-generic/unistd.h (aarch64).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
from collections.abc import Iterator, Mapping
from itertools import chain

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _MACHINE_AT, _ARGUMENT_AT = 0, 4, 16  # in struct seccomp_data
_X32 = 0x40000000

_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

REFUSED: Mapping[str, tuple[int | None, int | None]] = {
    # Other programs and other processes.
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kcmp": (312, 272),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    # Mounts and name spaces.
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    # Doors into the kernel.
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "open_by_handle_at": (304, 265),
    # What Landlock lets pass: changes of a file that need not open it.
    "truncate": (76, 45),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
}
"""Calls that fail with EPERM, with their numbers on x86_64 and aarch64."""

NETWORK: Mapping[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "connect": (42, 203),
}

GUARDED: Mapping[str, tuple[int | None, int | None]] = {
    "kill": (62, 129),
    "tgkill": (234, 131),
    "prlimit64": (302, 261),
    **NETWORK,
}
"""Calls that depend on their first argument, or on the use of a GPU."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def is_known_machine() -> bool:
    """Whether the numbers of the system calls are known here."""
    return platform.machine() in _MACHINES


def refuse_calls(*, for_gpu: bool) -> None:
    """Install the filter for this thread and those that it starts.

    ``no_new_privs`` must be set.

    Args:
        for_gpu: leave sockets within the machine, by which CUDA hands memory around.

    Raises:
        OSError: the kernel has no filters, or the architecture is not known.
    """
    if not is_known_machine():
        raise OSError(errno.ENOSYS, f"not known on {platform.machine()}")
    code = b"".join(_instructions(platform.machine(), for_gpu=for_gpu))
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0):
        failure = ctypes.get_errno()
        raise OSError(failure, os.strerror(failure))


def _instructions(machine: str, *, for_gpu: bool) -> Iterator[bytes]:
    """Write the program; a call of another architecture is refused as a whole."""
    column = list(_MACHINES).index(machine)
    yield _code(_LOAD, _MACHINE_AT)
    yield _code(_IF_EQUAL, _MACHINES[machine], then=1)
    yield _code(_RETURN, _REFUSE)
    yield _code(_LOAD, _NUMBER_AT)
    if machine == "x86_64":
        yield _code(_IF_AT_LEAST, _X32, otherwise=1)
        yield _code(_RETURN, _REFUSE)
    # The process itself; prlimit64 calls it 0.
    only = {"kill": os.getpid(), "tgkill": os.getpid(), "prlimit64": 0}
    if for_gpu:
        only["socket"] = int(socket.AF_UNIX)
    refused = REFUSED if for_gpu else {**REFUSED, **NETWORK}
    for numbers in refused.values():
        if (number := numbers[column]) is not None:
            yield _code(_IF_EQUAL, number, otherwise=1)
            yield _code(_RETURN, _REFUSE)
    yield from chain.from_iterable(
        _only(GUARDED[name][column], value) for name, value in only.items()
    )
    yield _code(_RETURN, _ALLOW)


def _only(number: int | None, argument: int) -> Iterator[bytes]:
    """Let a call pass only with this first argument."""
    assert number is not None  # noqa: S101  (every guarded call has its numbers)
    yield _code(_IF_EQUAL, number, otherwise=4)
    yield _code(_LOAD, _ARGUMENT_AT)
    yield _code(_IF_EQUAL, argument, otherwise=1)
    yield _code(_RETURN, _ALLOW)
    yield _code(_RETURN, _REFUSE)


def _code(operation: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    """Encode one instruction; *then* and *otherwise* count instructions to skip."""
    return struct.pack("=HBBI", operation, then, otherwise, value)
