"""Tells how many frames an animated GIF or WebP has, and whether all of them came."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from retouchd.errors import DamagedError
from retouchd.media.clips.stills import ANIMATED, delays_of
from retouchd.values import Header

_MAX_BLOCKS = 1_000_000


def with_frames(path: Path, header: Header, pages: int) -> Header:
    """Return *header* with the number of frames and their time, where they move.

    Args:
        path: the file.
        header: of its first frame.
        pages: how many libvips counts.

    Raises:
        DamagedError: the file ends too early.
    """
    if header.format not in ANIMATED or pages < 2:
        return header
    # libvips refuses a cut WebP, and shows what is there of a cut GIF.
    if header.format == "gif" and not _ends(path):
        raise DamagedError(
            "the animation is cut short: it ends before its last frame",
            hint="copy it again, or export it again from where it was made",
            file=path,
        )
    delays = delays_of(path, header.format)
    return replace(header, frames=len(delays), seconds=sum(delays) / 1000)


def _ends(path: Path) -> bool:
    """Walk the blocks of a GIF to its trailer (GIF89a specification, 18 to 27)."""
    with path.open("rb") as file:
        head = file.read(13)
        file.seek(_table(head[10]), os.SEEK_CUR)
        for _ in range(_MAX_BLOCKS):
            kind = file.read(1)
            if kind == b"\x21":  # an extension, with its label
                file.seek(1, os.SEEK_CUR)
            elif kind == b"\x2c":  # a frame, with its code size
                flags = file.read(9)[8:]
                file.seek(1 + _table(flags[0] if flags else 0), os.SEEK_CUR)
            else:
                return kind == b"\x3b"
            _skip_parts(file)
    return False


def _table(flags: int) -> int:
    """Return the bytes of a colour table as its *flags* tell."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_parts(file: BinaryIO) -> None:
    """Read over sub-blocks: each tells its length, the last one has none."""
    while length := file.read(1)[:1]:
        if length == b"\0":
            return
        file.seek(length[0], os.SEEK_CUR)
