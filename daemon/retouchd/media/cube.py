"""Reads .cube files strictly.

Source of the format: Adobe, "Cube LUT Specification" 1.0 (2013), with the input range
keywords of DaVinci Resolve.
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from retouchd.errors import ConfigError, Problem

_MAX_BYTES = 64 * 2**20
_MAX_LINE = 4096
_MAX_LINES = 3_000_000
_SIZES = {"LUT_1D_SIZE": (2, 65_536), "LUT_3D_SIZE": (2, 129)}
_RANGES = {"DOMAIN_MIN", "DOMAIN_MAX", "LUT_1D_INPUT_RANGE", "LUT_3D_INPUT_RANGE"}
_KEYWORDS = {"TITLE", *_SIZES, *_RANGES}
_LARGEST = 65_504.0  # of a half float; a table beyond it is no grade

Triple = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class CubeTable:
    """The content of a .cube file.

    Attributes:
        values: (N, 3) for a 1D table, (N, N, N, 3) for a 3D one, indexed blue, green,
            red; output red, green, blue, mostly 0..1.
        domain_min, domain_max: input of the first and the last entry, per channel.
    """

    values: NDArray[np.float64]
    domain_min: Triple = (0.0, 0.0, 0.0)
    domain_max: Triple = (1.0, 1.0, 1.0)

    @property
    def covers_unit_range(self) -> bool:
        """Whether no input 0..1 lies outside the domain."""
        return max(self.domain_min) <= 0 and min(self.domain_max) >= 1

    def identity(self) -> NDArray[np.float64]:
        """Return values of the same shape that change nothing inside the domain."""
        size = len(self.values)
        ramps = np.linspace(self.domain_min, self.domain_max, size)
        if self.values.ndim == 2:
            return ramps
        blue, green, red = np.meshgrid(*ramps.T[::-1], indexing="ij")
        return np.stack([red, green, blue], axis=-1)


class _Reader:
    """What is known after the lines read so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.line = 0
        self.size = 0
        self.dimensions = 0
        self.domain_min: Triple = (0.0, 0.0, 0.0)
        self.domain_max: Triple = (1.0, 1.0, 1.0)
        self.domain_line = 0
        self.values = array("d")

    @property
    def wanted_rows(self) -> int:
        """How many lines of values the size asks for."""
        return int(self.size**self.dimensions)

    def refuse(self, message: str, hint: str = "export the table again") -> NoReturn:
        """Name the defect and the line that shows it."""
        raise ConfigError(Problem(message, hint, str(self.path), self.line))

    def read(self, text: str) -> None:
        """Take the next line."""
        self.line += 1
        if self.line > _MAX_LINES:
            self.refuse("more lines than the largest table needs")
        if len(text) > _MAX_LINE:
            self.refuse(f"the line has {len(text):,} characters")
        words = text.split()
        if not words or words[0].startswith("#"):
            return
        if _as_number(words[0]) is None:
            self.read_keyword(words[0].upper(), words[1:])
        else:
            self.read_row(words)

    def read_keyword(self, keyword: str, words: list[str]) -> None:
        """Take a line that begins with a word."""
        if keyword not in _KEYWORDS:
            self.refuse(
                f"{_shown(keyword)} is neither a number nor a keyword of .cube files",
                "decimals are written with a point",
            )
        if self.values:
            self.refuse(f"{keyword} stands behind the first values")
        if keyword in _SIZES:
            self.read_size(keyword, words)
        elif keyword != "TITLE":
            self.read_domain(keyword, words)

    def read_size(self, keyword: str, words: list[str]) -> None:
        """Take the size; it is not trusted before the values have come."""
        if self.size:
            self.refuse(
                "a second table size",
                "one 1D or 3D table per file; bake a 1D shaper into the 3D table",
            )
        low, high = _SIZES[keyword]
        written = " ".join(words)
        is_whole = written.isascii() and written.isdecimal() and len(written) < 7
        if not is_whole or not low <= int(written) <= high:
            self.refuse(
                f"{keyword} is {_shown(written)}",
                f"it must be a whole number, {low} to {high}",
            )
        self.size, self.dimensions = int(written), int(keyword[4])

    def read_domain(self, keyword: str, words: list[str]) -> None:
        """Take one end of the domain, or both as Resolve writes them."""
        self.domain_line = self.line
        if keyword == "DOMAIN_MIN":
            self.domain_min = self.triple(words)
        elif keyword == "DOMAIN_MAX":
            self.domain_max = self.triple(words)
        elif len(words) == 2:
            self.domain_min = self.triple(words[:1] * 3)
            self.domain_max = self.triple(words[1:] * 3)
        else:
            self.refuse(f"{keyword} has {len(words)} numbers, 2 belong there")

    def read_row(self, words: list[str]) -> None:
        """Take one entry of the table."""
        if not self.size:
            self.refuse("values before LUT_1D_SIZE or LUT_3D_SIZE")
        if not self.values:
            self.check_domain()
        if len(self.values) == 3 * self.wanted_rows:
            self.refuse(
                f"more values than the {self.wanted_rows:,} lines its size asks for"
            )
        self.values.extend(self.triple(words))

    def check_domain(self) -> None:
        """Refuse a domain that is empty or upside down, at the line that made it so."""
        ends = zip(self.domain_min, self.domain_max, strict=True)
        if not all(low < high for low, high in ends):
            self.line = self.domain_line
            self.refuse(
                f"the domain ends at {self.domain_max}, before it begins, "
                f"at {self.domain_min}",
                "DOMAIN_MIN must be below DOMAIN_MAX",
            )

    def triple(self, words: list[str]) -> Triple:
        """Read red, green and blue."""
        if len(words) != 3:
            self.refuse(f"{len(words)} numbers in a place for 3")
        red, green, blue = (self.number(word) for word in words)
        return red, green, blue

    def number(self, word: str) -> float:
        """Read one finite number."""
        value = _as_number(word)
        if value is None:
            self.refuse(
                f"{_shown(word)} is no number", "decimals are written with a point"
            )
        if not abs(value) <= _LARGEST:  # false for nan, too
            self.refuse(f"{_shown(word)} is out of range")
        return value

    def finish(self) -> CubeTable:
        """Return the table, if the file was whole."""
        if not self.size:
            self.refuse("no LUT_1D_SIZE or LUT_3D_SIZE", "is it a .cube file?")
        rows = len(self.values) // 3
        if rows != self.wanted_rows:
            self.refuse(f"ends after {rows:,} of {self.wanted_rows:,} lines of values")
        shape = (*(self.size,) * self.dimensions, 3)
        values = np.array(self.values, np.float64).reshape(shape)
        return CubeTable(values, self.domain_min, self.domain_max)


def parse_cube(path: Path) -> CubeTable:
    """Read a .cube file.

    Raises:
        ConfigError: the file cannot be read, or does not keep to the format; with the
            line of the first defect.
    """
    reader = _Reader(path)
    for text in _lines(reader):
        reader.read(text)
    return reader.finish()


def _lines(reader: _Reader) -> Iterator[str]:
    """Yield the lines of a file that is a text of bearable size, one at a time."""
    try:
        with reader.path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        reader.refuse(f"cannot be read: {error.strerror}", "look at its permissions")
    if len(content) > _MAX_BYTES:
        reader.refuse("is larger than 64 MiB", "a table of 33 or 65 steps is enough")
    if b"\0" in content:
        reader.line = content[: content.index(b"\0")].count(b"\n") + 1
        reader.refuse("holds binary data", "save it as a .cube file in plain text")
    # Titles and comments come in any encoding; what counts is ASCII.
    yield from io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", errors="replace")
    if content[-1:] in (b"", b"\n", b"\r"):
        yield ""  # here a further line would have begun


def _as_number(word: str) -> float | None:
    """Read a number as other programs do: no underscores, no foreign digits."""
    if not word.isascii() or "_" in word:
        return None
    try:
        return float(word)
    except ValueError:
        return None


def _shown(word: str) -> str:
    """Quote what was found, short and fit for a terminal."""
    return ascii(word if len(word) <= 40 else word[:40] + "...")
