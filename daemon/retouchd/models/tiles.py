"""Enlarges pictures of any size through windows, without a seam and in little memory.

The windows overlap by twice the radius of the network's receptive field, and where
the picture ends the window ends: nothing is padded, so that the network's own zero
padding falls where it would fall for the whole picture. The result is then the same
as that of one run over the whole picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from retouchd.errors import ModelError
from retouchd.media.pixels import Pixels
from retouchd.models.manifest import Manifest
from retouchd.models.session import Session
from retouchd.models.tensors import to_tensor, write_pixels

# Edges of windows are multiples of this: few shapes, little of them wasted.
_GRID = 16


@dataclass(frozen=True)
class Span:
    """One window along one axis, in input pixels.

    Attributes:
        start, stop: what the network sees.
        first, last: what of it is kept.
    """

    start: int
    stop: int
    first: int
    last: int


def spans(
    length: int, tile: int, halo: int, multiple_of: int = 1, *, is_exact: bool = False
) -> list[Span]:
    """Cut *length* pixels into windows of one size, the last one shifted inwards.

    Args:
        length: a multiple of *multiple_of*.
        tile: longest window, halo included.
        halo: kept pixels lie at least this far from the edge of their window,
            unless that edge is the end of the picture.
        multiple_of: windows start and end at multiples of this.
        is_exact: no window is shorter than *tile*.
    """
    if length <= tile:
        return [Span(0, length, 0, length)]
    count = -(-(length - 2 * halo) // (tile - 2 * halo))
    step = _GRID * multiple_of
    even = -(-(length - 2 * halo) // count) + 2 * halo
    edge = tile if is_exact else min(-(-even // step) * step, tile)
    stride = (edge - 2 * halo) // multiple_of * multiple_of
    starts = [*range(0, length - edge, stride), length - edge]
    cuts = [0, *(start + halo for start in starts[1:]), length]
    return [
        Span(start, start + edge, first, last)
        for start, first, last in zip(starts, cuts, cuts[1:], strict=False)
    ]


def enlarge(session: Session, pixels: Pixels) -> Pixels:
    """Enlarge a picture by the scale of the model.

    Args:
        session: a model for ``upscale``.
        pixels: (H, W, 3) RGB, 8 or 16 bits.

    Returns:
        (H * scale, W * scale, 3), same type, a new array. Beside it only one window
        is in memory.

    Raises:
        ModelError: the model fails, or gives another size than it promises.
    """
    manifest = session.manifest
    height, width, _ = pixels.shape
    scale = manifest.scale
    source = _padded(pixels, manifest)
    result: Pixels = np.empty((height * scale, width * scale, 3), pixels.dtype)
    rows, columns = (_spans(manifest, source.shape[axis], axis) for axis in (0, 1))
    for row in rows:
        for column in columns:
            _enlarge_window(session, source, result, row, column)
    return result


def seen_pixels(manifest: Manifest, height: int, width: int) -> int:
    """Count the pixels of all windows of a picture, overlaps included.

    Args:
        manifest: of a network for ``upscale``.
        height: of the picture, in pixels.
        width: likewise.
    """
    lengths = _padded_lengths((height, width), manifest)
    rows, columns = (
        sum(span.stop - span.start for span in _spans(manifest, length, axis))
        for axis, length in enumerate(lengths)
    )
    return rows * columns


def _enlarge_window(
    session: Session, source: Pixels, result: Pixels, row: Span, column: Span
) -> None:
    manifest, scale = session.manifest, session.manifest.scale
    window = source[row.start : row.stop, column.start : column.stop]
    name = manifest.input.name
    tensor = session.run({name: to_tensor(window, manifest.input, session.dtype(name))})
    if manifest.input.layout == "NHWC":
        tensor = tensor.transpose(0, 3, 1, 2)
    if tensor.shape[1:] != (3, window.shape[0] * scale, window.shape[1] * scale):
        raise ModelError(
            f"{manifest.name} made {tensor.shape} of a window of {window.shape}",
            hint=f"scale = {scale} in model.toml is not what the network does",
            file=manifest.weights,
        )
    into = result[
        row.first * scale : row.last * scale, column.first * scale : column.last * scale
    ]
    top, left = (row.first - row.start) * scale, (column.first - column.start) * scale
    kept = tensor[:, :, top : top + into.shape[0], left : left + into.shape[1]]
    write_pixels(kept, manifest.output, into)


def _spans(manifest: Manifest, length: int, axis: int) -> list[Span]:
    halo, multiple_of = manifest.halo, manifest.multiple_of
    if fixed := manifest.input.fixed:
        return spans(length, fixed[axis], halo, multiple_of, is_exact=True)
    if manifest.tileable == "never":
        return [Span(0, length, 0, length)]
    return spans(length, manifest.tile, halo, multiple_of)


def _padded(pixels: Pixels, manifest: Manifest) -> Pixels:
    """Repeat the last row and column until the network takes the size."""
    wanted = _padded_lengths(pixels.shape, manifest)
    missing = [wanted[axis] - pixels.shape[axis] for axis in (0, 1)]
    if not any(missing):
        return pixels
    edges = [*((0, pad) for pad in missing), (0, 0)]
    padded: Any = np.pad(pixels, edges, mode="edge")
    return cast("Pixels", padded)


def _padded_lengths(shape: Sequence[int], manifest: Manifest) -> list[int]:
    """Return height and width with which the network takes a picture of *shape*."""
    least = manifest.input.fixed or (0, 0)
    lengths = [max(shape[axis], least[axis]) for axis in (0, 1)]
    return [length + -length % manifest.multiple_of for length in lengths]
