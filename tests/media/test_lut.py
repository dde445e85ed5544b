"""Tables are read strictly and applied exactly."""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from retouchd.errors import ConfigError
from retouchd.media.cube import CubeTable
from retouchd.media.lut import read_cube

IDENTITY = ["0 0 0", "1 0 0", "0 1 0", "1 1 0", "0 0 1", "1 0 1", "0 1 1", "1 1 1"]


def write(folder: Path, *lines: str) -> Path:
    """Write a .cube file."""
    path = folder / "look.cube"
    path.write_text("\n".join(lines) + "\n")
    return path


def problem_of(path: Path) -> tuple[int, str]:
    """Read a bad file; return line and message of the complaint."""
    with pytest.raises(ConfigError) as caught:
        read_cube(path)
    (problem,) = caught.value.problems
    assert problem.file == str(path)
    return problem.line, problem.message


def tetrahedral(table: CubeTable, rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Interpolate in float64 over the tetrahedron that holds each colour.

    Source: Kasson, Plouffe, Nin, "A tetrahedral interpolation technique for color
    space conversion", 1993: walk from the lower corner along the axes, the largest
    fraction first.
    """
    low, high = np.array(table.domain_min), np.array(table.domain_max)
    last = len(table.values) - 1
    place = ((rgb - low) / (high - low)).clip(0, 1) * last
    if table.values.ndim == 2:
        channels = [
            np.interp(place[:, k], range(last + 1), table.values[:, k])
            for k in range(3)
        ]
        return np.stack(channels, axis=-1)
    corner = np.minimum(place.astype(int), last - 1)
    fraction = place - corner
    order = np.argsort(-fraction, axis=1)
    shares = np.take_along_axis(fraction, order, axis=1)
    weights = -np.diff(
        np.pad(shares, ((0, 0), (1, 1)), constant_values=((0, 0), (1, 0)))
    )
    result = np.zeros_like(rgb)
    for step in range(4):
        red, green, blue = corner.T
        result += weights[:, step : step + 1] * table.values[blue, green, red]
        if step < 3:
            corner[np.arange(len(corner)), order[:, step]] += 1
    return result


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("strength", [1.0, 0.8, 0.25])
def test_agrees_with_float64_on_the_shared_tables(
    shared_data: Path, dtype: Any, strength: float
) -> None:
    """Every good table, 1D and 3D, any domain: at most rounding away from float64."""
    largest = np.iinfo(dtype).max
    pixels = np.random.default_rng(7).integers(0, largest + 1, (40, 40, 4), dtype)
    rgb = pixels[..., :3].reshape(-1, 3) / largest
    folder = shared_data / "luts"
    files = [
        *folder.glob("synthetic/*.cube"),
        *folder.glob("film/*.cube"),
        *folder.glob("colour/*/*.cube"),
        folder / "opencolorio/iridas_1d.cube",
        folder / "opencolorio/iridas_3d.cube",
    ]

    for file in files:
        cube = read_cube(file)
        graded = cube.apply(pixels.copy(), strength)

        mixed = strength * tetrahedral(cube.table, rgb) + (1 - strength) * rgb
        error = graded[..., :3].reshape(-1, 3) - mixed.clip(0, 1) * largest
        assert abs(error).max() < 0.55, file.name
        assert (graded[..., 3] == pixels[..., 3]).all(), file.name
    assert len(files) > 40


def test_hand_worked_table(tmp_path: Path) -> None:
    """Tetrahedral, red fastest: checked by hand where trilinear would differ."""
    rows = list(IDENTITY)
    rows[1] = "1 0 0.4"  # red corner
    rows[3] = "1 1 0.8"  # red and green corner
    cube = read_cube(write(tmp_path, "LUT_3D_SIZE 2", *rows))
    # Red 0.6, green 0.2: 0.4 of black, 0.4 of red, 0.2 of red and green.
    pixels = np.array([[[153, 51, 0]]], np.uint8)

    graded = cube.apply(pixels)

    # Blue: (0.4 * 0.4 + 0.2 * 0.8) * 255 = 81.6; trilinear would give 73.4.
    assert graded.tolist() == [[[153, 51, 82]]]


def test_works_in_place(tmp_path: Path) -> None:
    """The pixels that were handed in are the pixels that come back."""
    cube = read_cube(write(tmp_path, "LUT_3D_SIZE 2", *reversed(IDENTITY)))
    pixels = np.full((3, 5, 3), 10, np.uint8)

    graded = cube.apply(pixels)

    assert graded is pixels
    assert (pixels == 245).all()


def test_strength_zero_touches_nothing(tmp_path: Path) -> None:
    """Without strength every byte stays."""
    cube = read_cube(write(tmp_path, "LUT_3D_SIZE 2", *reversed(IDENTITY)))
    pixels = np.random.default_rng(1).integers(0, 256, (9, 9, 3), np.uint8)

    assert (cube.apply(pixels.copy(), 0) == pixels).all()


def test_threads_share_a_table(tmp_path: Path) -> None:
    """Eight threads get what one gets."""
    cube = read_cube(write(tmp_path, "LUT_3D_SIZE 2", *reversed(IDENTITY)))
    pictures = np.random.default_rng(2).integers(0, 256, (16, 50, 60, 3), np.uint8)

    with ThreadPoolExecutor(8) as pool:
        graded = list(pool.map(lambda pixels: cube.apply(pixels.copy(), 0.5), pictures))

    alone = [cube.apply(pixels.copy(), 0.5) for pixels in pictures]
    assert np.array_equal(graded, alone)


def test_reads_an_unchanged_file_once_and_a_changed_one_again(tmp_path: Path) -> None:
    """A table is kept until its file changes."""
    path = write(tmp_path, "LUT_3D_SIZE 2", *IDENTITY)
    first = read_cube(path)

    assert read_cube(path) is first

    write(tmp_path, "LUT_3D_SIZE 2", *reversed(IDENTITY))
    os.utime(path, ns=(1, 1))
    assert read_cube(path).table.values[0, 0, 0].tolist() == [1, 1, 1]


def test_forgives_what_the_format_forgives(tmp_path: Path) -> None:
    """Comments, blank lines, lower case, tabs, titles in any encoding."""
    path = write(tmp_path, "# made by hand", "", "lut_3d_size\t2", *IDENTITY)
    path.write_bytes(b'\xef\xbb\xbfTITLE "\xe9t\xe9 # 1"\r\n' + path.read_bytes())

    assert read_cube(path).table.values.shape == (2, 2, 2, 3)


LINES = {
    "binary_garbage": 1, "both_1d_and_3d": 2, "comma_decimal": 9, "domain_equal": 3,
    "domain_inverted": 3, "duplicate_size": 2, "empty": 1, "four_columns": 2,
    "html_404": 1, "inf": 9, "nan": 9, "no_size": 1, "nul_bytes": 2, "only_comment": 2,
    "png_renamed": 3, "size_float": 1, "size_huge": 1, "size_negative": 1,
    "size_one": 1, "size_overflow": 1, "size_zero": 1, "too_few_rows": 10,
    "too_many_rows": 10, "two_columns": 2, "unknown_keyword": 2, "utf16": 1,
    "very_long_line": 2, "words": 9,
}  # fmt: skip


def test_every_malformed_file_is_refused_with_its_line(shared_data: Path) -> None:
    """The complaint names the line where the file goes wrong."""
    files = (shared_data / "luts/malformed").glob("*.cube")

    assert {file.stem: problem_of(file)[0] for file in files} == LINES


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        (["LUT_3D_SIZE 2", *IDENTITY[:5]], 7, "ends after 5 of 8"),
        (["LUT_3D_SIZE 2", *IDENTITY, "0 0 0"], 10, "more values than the 8"),
        (["LUT_3D_SIZE 130"], 1, "130"),
        (["LUT_1D_SIZE 65537"], 1, "65537"),
        (["LUT_3D_SIZE 2", *IDENTITY[:7], "nan 1 1"], 9, "out of range"),
        (["LUT_3D_SIZE 2", *IDENTITY[:7], "1_0 1 1"], 9, "'1_0'"),
        (["LUT_3D_SIZE 2", *IDENTITY, "DOMAIN_MIN 0 0 0"], 10, "behind"),
        (["LUT_3D_SIZE 2", "DOMAIN_MIN 0 0", *IDENTITY], 2, "2 numbers"),
        (["DOMAIN_MIN 1 1 1", "LUT_3D_SIZE 2", *IDENTITY], 1, "domain"),
        (["LUT_3D_SIZE 2", "LUT_3D_INPUT_RANGE 0", *IDENTITY], 2, "1 numbers"),
        (["LUT_3D_SIZE 2", "\x1b[31m 7"], 2, r"\x1b"),
    ],
)
def test_names_line_and_value(
    tmp_path: Path, lines: list[str], line: int, words: str
) -> None:
    """A size that lies, a value that is none, a domain upside down: all named."""
    found_line, message = problem_of(write(tmp_path, *lines))

    assert found_line == line
    assert words in message


def test_missing_file_is_a_problem_too(tmp_path: Path) -> None:
    """A table that is not there is named like one that is broken."""
    line, message = problem_of(tmp_path / "gone.cube")

    assert (line, message) == (0, "cannot be read: No such file or directory")


def test_corners_of_a_large_table_keep_their_places(tmp_path: Path) -> None:
    """Red runs fastest in the file: each corner comes out as its own row says."""
    size = 5
    ramp = np.linspace(0, 1, size)
    rows = [
        f"{r / 2:.6f} {g / 4:.6f} {b:.6f}"
        for b, g, r in itertools.product(ramp, ramp, ramp)
    ]
    cube = read_cube(write(tmp_path, f"LUT_3D_SIZE {size}", *rows))
    pixels = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)

    assert cube.apply(pixels).tolist() == [[[128, 0, 0], [0, 64, 0], [0, 0, 255]]]
