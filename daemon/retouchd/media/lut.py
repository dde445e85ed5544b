"""Grades pixels through .cube tables, with OpenColorIO."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import PyOpenColorIO as ocio  # noqa: N813  (modules are lower case here)
from numpy.typing import NDArray

from retouchd.media.cube import CubeTable, parse_cube
from retouchd.media.pixels import Pixels

_DEPTHS = {
    "uint8": ocio.BIT_DEPTH_UINT8,
    "uint16": ocio.BIT_DEPTH_UINT16,
    "float32": ocio.BIT_DEPTH_F32,
}

_ROWS_PER_STRIP = 64


def read_cube(path: Path) -> Cube:
    """Read a .cube file; an unchanged file is read once.

    Raises:
        ConfigError: with file and line, for every defect.
    """
    try:
        state = path.stat()
    except OSError:
        return _read_cube(path, 0, 0)
    return _read_cube(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=16)
def _read_cube(path: Path, _mtime_ns: int, _size: int) -> Cube:
    return Cube(parse_cube(path))


class Cube:
    """A grading table, ready for pixels; may be used from many threads at once.

    Interpolation is tetrahedral for 3D tables and linear for 1D ones; the result is
    rounded to the nearest code and clipped to the range of the pixels.
    """

    def __init__(self, table: CubeTable) -> None:
        self.table = table

    def apply(self, pixels: Pixels, strength: float = 1.0) -> Pixels:
        """Grade *pixels* in place and return them.

        Args:
            pixels: (height, width, 3 or 4), C-contiguous and writable; alpha stays.
            strength: 0 gives the pixels back unchanged, 1 the full grade; between them
                the result is mixed with the original.
        """
        if strength == 0:
            return pixels
        if strength == 1 or self.table.covers_unit_range:
            depth = pixels.dtype.name
            _processor(self, strength, depth, depth).apply(_packed(pixels))
            return pixels
        for top in range(0, len(pixels), _ROWS_PER_STRIP):
            self._mix(pixels[top : top + _ROWS_PER_STRIP], strength)
        return pixels

    def _mix(self, strip: Pixels, strength: float) -> None:
        """Grade *strip* in place where the table cannot hold the original itself."""
        graded = np.empty(strip.shape, np.float32)
        processor = _processor(self, 1.0, strip.dtype.name, "float32")
        processor.apply(_packed(strip), _packed(graded))
        largest = np.iinfo(strip.dtype).max
        mixed = (1 - strength) * strip + strength * largest * graded.astype(np.float64)
        strip[:] = np.rint(mixed.clip(0, largest))


@lru_cache(maxsize=32)
def _processor(cube: Cube, strength: float, depth_in: str, depth_out: str) -> Any:
    """Build what OpenColorIO runs, from codes of one depth to codes of another.

    For a strength below 1 the table itself is mixed with the identity: interpolation is
    linear, so one pass gives the mix, as long as no input lies outside the domain.
    """
    table = cube.table
    low, high = np.array(table.domain_min), np.array(table.domain_max)
    scale = 1 / (high - low)
    to_domain = ocio.MatrixTransform(
        matrix=np.diag([*scale, 1.0]).ravel().tolist(),
        offset=[*(-low * scale), 0.0],
    )
    mixed = strength * table.values + (1 - strength) * table.identity()
    group = ocio.GroupTransform([to_domain, _table_transform(mixed)])
    processor = ocio.Config.CreateRaw().getProcessor(group)
    return processor.getOptimizedCPUProcessor(
        _DEPTHS[depth_in], _DEPTHS[depth_out], ocio.OPTIMIZATION_DEFAULT
    )


def _table_transform(values: NDArray[np.float64]) -> Any:
    """Wrap values (N, 3) or (N, N, N, 3), blue slowest, as OpenColorIO wants them."""
    size = len(values)
    if values.ndim == 2:
        lut = ocio.Lut1DTransform(size, inputHalfDomain=False)
        lut.setInterpolation(ocio.INTERP_LINEAR)
        lut.setData(values.astype(np.float32).ravel())
        return lut
    lut = ocio.Lut3DTransform(size)
    lut.setInterpolation(ocio.INTERP_TETRAHEDRAL)
    # OpenColorIO keeps blue fastest, a .cube file red fastest.
    lut.setData(values.transpose(2, 1, 0, 3).astype(np.float32).ravel())
    return lut


def _packed(pixels: NDArray[Any]) -> Any:
    """Describe packed *pixels* (height, width, bands) to OpenColorIO."""
    height, width, bands = pixels.shape
    step = pixels.itemsize
    return ocio.PackedImageDesc(
        pixels,
        width,
        height,
        bands,
        _DEPTHS[pixels.dtype.name],
        step,
        step * bands,
        step * bands * width,
    )
