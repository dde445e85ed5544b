"""Small file systems that can fill up, turn read-only, go away and lose power."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import struct
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

EXT4_IOC_SHUTDOWN = 0x8004587D
WITHOUT_LOG_FLUSH = 2
"""Nothing that was not forced to disk survives. Source: fs/ext4/ext4.h."""

TRIES = 100
PAUSE_SECONDS = 0.1
"""A dying process, or one about to notice, may hold a mount a moment yet."""

FILLER = "filler"


class Disk:
    """A mounted file system, gone again when the context ends.

    Args:
        point: an empty folder to mount on.
        options: for mount(8).

    Attributes:
        is_mounted: whether it is there now.
    """

    kind = ""

    def __init__(self, point: Path, options: str = "") -> None:
        self.point = point
        self.options = options
        self.is_mounted = False

    def __enter__(self) -> Self:
        self.point.mkdir(parents=True, exist_ok=True)
        self.mount()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.unmount(lazily=error is not None)

    def _source(self) -> str:
        return "none"

    def mount(self) -> None:
        """Mount it, again perhaps."""
        options = ["-o", self.options] if self.options else []
        _run("mount", "-t", self.kind, *options, self._source(), str(self.point))
        self.is_mounted = True

    def remount(self, option: str) -> None:
        """Change one option, such as ``ro``; a file open for writing may delay it.

        ``abort`` makes an ext4 read-only as its own errors do, whoever writes.
        """
        _try_long("mount", "-o", f"remount,{option}", str(self.point))

    def fill(self) -> None:
        """Leave no byte free."""
        with suppress(OSError), (self.point / FILLER).open("wb", buffering=0) as file:
            while True:
                file.write(bytes(64 * 1024))
        with suppress(OSError), (self.point / FILLER).open("ab", buffering=0) as file:
            while True:
                file.write(bytes(512))

    def fill_inodes(self) -> None:
        """Leave no inode free."""
        folder = self.point / FILLER
        with suppress(OSError):
            folder.mkdir()
            for number in itertools.count():
                (folder / str(number)).touch()

    def make_room(self) -> None:
        """Take away what filled it."""
        filler = self.point / FILLER
        if filler.is_dir():
            shutil.rmtree(filler)
        else:
            filler.unlink()

    def unmount(self, *, lazily: bool = False) -> None:
        """Unmount it; *lazily*: even while somebody uses it."""
        if not self.is_mounted:
            return
        self.is_mounted = False
        if lazily:
            _run("umount", "--lazy", str(self.point))
        else:
            _try_long("umount", str(self.point))

    def sync(self) -> None:
        """Force all that it holds to disk."""
        _run("sync", "--file-system", str(self.point))


class Memory(Disk):
    """A tmpfs of so many bytes and inodes."""

    kind = "tmpfs"

    def __init__(self, point: Path, megabytes: float, inodes: int = 0) -> None:
        size = f"size={int(megabytes * 1024)}k"
        super().__init__(point, f"{size},nr_inodes={inodes}" if inodes else size)


class Window(Disk):
    """A view of another folder, which stays where it is when the view goes."""

    kind = "none"

    def __init__(self, point: Path, folder: Path) -> None:
        super().__init__(point, "bind")
        self._folder = folder
        folder.mkdir(parents=True)

    def _source(self) -> str:
        return str(self._folder)


class Loop(Disk):
    """An ext4 in a file, mounted through a loop device.

    Its commits are put off, so that only what was forced to disk is there after a cut.
    """

    kind = "ext4"

    def __init__(self, point: Path, megabytes: int) -> None:
        super().__init__(point, "loop,commit=1000")
        self.image = point.with_name(point.name + ".img")
        point.parent.mkdir(parents=True, exist_ok=True)
        with self.image.open("wb") as file:
            file.truncate(megabytes * 1024 * 1024)
        _run("mkfs.ext4", "-q", "-F", str(self.image))

    def _source(self) -> str:
        return str(self.image)

    def cut(self) -> None:
        """Take its power away: every later write fails, unforced ones are lost."""
        handle = os.open(self.point, os.O_RDONLY | os.O_DIRECTORY)
        try:
            flag = struct.pack("I", WITHOUT_LOG_FLUSH)
            fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, flag)
        finally:
            os.close(handle)

    def power_up(self) -> None:
        """Mount it anew, as after a power cut."""
        self.unmount()
        self.mount()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


def _try_long(*command: str) -> None:
    """Run *command* until it works: a dying process may hold the mount a moment yet."""
    for _ in range(TRIES):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        time.sleep(PAUSE_SECONDS)
    raise AssertionError(f"{' '.join(command)}: {done.stderr}")
