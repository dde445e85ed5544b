"""Pictures that carry a number in their pixels, so that each result names its input."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

CELLS = 6
"""The number is a grid of so many black and white blocks a side."""

MARK_BITS = 24
CHECK_BITS = 8
FIXED_BITS = (1, 0, 1, 1)
"""The last blocks: they tell the grid from any other picture."""

LEAST_SIDE = 2 * CELLS

_BLACK, _WHITE = 20, 235
_DARK, _BRIGHT = 96, 160
"""A block between these two is neither: pixels that were never decoded are grey."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_BANDS = {0: 1, 2: 3, 4: 2, 6: 4}


@dataclass(frozen=True)
class Input:
    """One file that was dropped.

    Attributes:
        name: its path below ``in/``.
        sha256: lower-case hex of its bytes.
        mark: the number in its pixels, below 2**24.
    """

    name: str
    sha256: str
    mark: int


def make_input(path: Path, mark: int, *, side: int = 32, seed: int = 0) -> Input:
    """Write a picture with *mark* in its pixels to *path*; its format by the suffix.

    Args:
        path: is overwritten.
        mark: below 2**24.
        side: pixels of its width and height, at least ``LEAST_SIDE``.
        seed: of the faint noise over the blocks; another seed gives other bytes.

    Returns:
        the input, named by the last part of *path*.
    """
    assert 0 <= mark < 1 << MARK_BITS, f"{mark} does not fit into the pixels"
    assert side >= LEAST_SIDE, f"a side of {side} pixels cannot carry a mark"
    cell_of = np.arange(side) * CELLS // side
    blocks = np.array(_bits(mark)).reshape(CELLS, CELLS)[np.ix_(cell_of, cell_of)]
    grey = np.where(blocks, _WHITE, _BLACK)[..., None]
    noise = np.random.default_rng([seed, mark]).integers(-15, 16, (side, side, 3))
    ok, data = cv2.imencode(path.suffix, (grey + noise).astype(np.uint8))
    assert ok, f"cannot write {path.suffix}"
    content = data.tobytes()
    path.write_bytes(content)
    return Input(path.name, hashlib.sha256(content).hexdigest(), mark)


def read_mark(path: Path) -> int | None:
    """Return the number in the pixels of *path*; ``None``: it is not a whole picture.

    Raises:
        FileNotFoundError: there is no such file (any more).
    """
    return mark_in(path.read_bytes())


def mark_in(content: bytes) -> int | None:
    """Return the number in the pixels of an encoded picture; ``None``: not whole."""
    if not content or not _is_whole(content):
        return None
    # What cv2 cannot decode is not whole either.
    grey = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    if grey is None or min(grey.shape) < LEAST_SIDE:
        return None
    bits = _read_bits(grey)
    if bits is None:
        return None
    mark = int("".join(map(str, bits[:MARK_BITS])), 2)
    return mark if bits == _bits(mark) else None


def _bits(mark: int) -> list[int]:
    check = zlib.crc32(mark.to_bytes(3, "big")) & 0xFF
    text = f"{mark:0{MARK_BITS}b}{check:0{CHECK_BITS}b}"
    return [int(bit) for bit in text] + list(FIXED_BITS)


def _read_bits(grey: NDArray[np.uint8]) -> list[int] | None:
    """Read every block by the mean of its middle; ``None``: one is neither."""
    height, width = grey.shape
    bits = []
    for cell in range(CELLS * CELLS):
        row, column = divmod(cell, CELLS)
        top, left = row * height / CELLS, column * width / CELLS
        middle = grey[
            int(top + height / CELLS * 0.3) : int(top + height / CELLS * 0.7) + 1,
            int(left + width / CELLS * 0.3) : int(left + width / CELLS * 0.7) + 1,
        ]
        mean = float(middle.mean())
        if _DARK < mean < _BRIGHT:
            return None
        bits.append(int(mean >= _BRIGHT))
    return bits


def _is_whole(content: bytes) -> bool:
    """Tell by the structure of the file whether its end is there; decoders forgive."""
    if content.startswith(_PNG_SIGNATURE):
        return _is_whole_png(content)
    if content.startswith(b"\xff\xd8"):
        return content.endswith(b"\xff\xd9")
    if content.startswith(b"RIFF"):
        return int.from_bytes(content[4:8], "little") + 8 == len(content)
    return True


def _is_whole_png(content: bytes) -> bool:
    """Check every chunk's sum, the number of pixel bytes, and that nothing follows."""
    at, kind, header, pixels = len(_PNG_SIGNATURE), b"", b"", b""
    while kind != b"IEND":
        if at + 12 > len(content):
            return False
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        body, at = content[at + 8 : at + 8 + length], at + 12 + length
        if content[at - 4 : at] != zlib.crc32(kind + body).to_bytes(4, "big"):
            return False
        header = body if kind == b"IHDR" else header
        pixels += body if kind == b"IDAT" else b""
    return at == len(content) and _has_all_pixels(header, pixels)


def _has_all_pixels(header: bytes, pixels: bytes) -> bool:
    width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    row = 1 + (width * _PNG_BANDS.get(colours, 1) * depth + 7) // 8
    try:
        size = len(zlib.decompress(pixels))
    except zlib.error:
        return False
    return bool(interlaced) or size == height * row
