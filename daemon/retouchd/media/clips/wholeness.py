"""Sees that a clip's file is as long as its own words say.

FFmpeg reads what there is of a file that was copied in part: the frames may all be
there, and the sound gone.
"""

from __future__ import annotations

import os
from typing import BinaryIO

# What cameras put behind the last box is no harm, and may look like a length.
_BOXES = {
    *(b"ftyp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"styp", b"emsg"),
    *(b"free", b"skip", b"wide", b"udta", b"meta", b"uuid"),
}

_EBML_HEADER, _SEGMENT = 0x1A45DFA3, 0x18538067


def missing_bytes(file: BinaryIO, container: str) -> int:
    """Return how many bytes the parts of *file* end behind it; 0: none, or not told.

    Args:
        file: at any place; it is left at its beginning.
        container: ``mov`` or ``matroska``.
    """
    size = os.fstat(file.fileno()).st_size
    end = _end_of_boxes(file, size) if container == "mov" else _end_of_segment(file)
    file.seek(0)
    return max(0, end - size)


def _end_of_boxes(file: BinaryIO, size: int) -> int:
    """Return where the last box at the top of an MP4 or MOV ends.

    Source: ISO/IEC 14496-12, section 4.2: a length of 0 means up to the end, one of 1
    that 64 bits follow.
    """
    end = 0
    while end + 8 <= size:
        file.seek(end)
        head = file.read(16)
        length = int.from_bytes(head[:4])
        if length == 1:
            length = int.from_bytes(head[8:16])
        if length < 8 or head[4:8] not in _BOXES:
            break
        end += length
    return end


def _end_of_segment(file: BinaryIO) -> int:
    """Return where the segment of a Matroska or WebM file ends; 0: it is not told.

    Source: RFC 8794, sections 4 and 5; all ones are an unknown length, as of what was
    written while it was sent.
    """
    file.seek(0)
    for expected in (_EBML_HEADER, _SEGMENT):
        name, _ = _number(file, keeps_marker=True)
        length, is_unknown = _number(file, keeps_marker=False)
        if name != expected or is_unknown:
            return 0
        if expected == _EBML_HEADER:
            file.seek(length, os.SEEK_CUR)
            continue
        return file.tell() + length
    return 0


def _number(file: BinaryIO, *, keeps_marker: bool) -> tuple[int, bool]:
    """Read a number of variable length; tell whether it is all ones."""
    first = file.read(1)
    if not first or not first[0]:
        return 0, True
    more = 8 - first[0].bit_length()
    rest = file.read(more)
    bits = 7 * (more + 1)
    value = int.from_bytes(first + rest)
    if not keeps_marker:
        value &= (1 << bits) - 1
    return value, value == (1 << bits) - 1
