"""Noise, cells and shapes that the scenes are made of."""

from collections.abc import Callable

import numpy as np
from tracer import Array, dot

LATTICE = 64
_TABLE = np.random.default_rng(2026).random(LATTICE**3, dtype=np.float32)


def noise(p: Array) -> Array:
    """Return smooth value noise (N,) in 0..1 at points (3, N); one bump per unit."""
    floor = np.floor(p)
    f = p - floor
    f = f * f * (3 - 2 * f)
    cell = floor.astype(np.int32)
    x0, y0, z0 = cell & (LATTICE - 1)
    x1, y1, z1 = (cell + 1) & (LATTICE - 1)
    y0, y1 = y0 * LATTICE, y1 * LATTICE
    z0, z1 = z0 * LATTICE**2, z1 * LATTICE**2
    near = _edge(x0, x1, y0 + z0, f[0]), _edge(x0, x1, y1 + z0, f[0])
    back = _edge(x0, x1, y0 + z1, f[0]), _edge(x0, x1, y1 + z1, f[0])
    front = near[0] + (near[1] - near[0]) * f[1]
    behind = back[0] + (back[1] - back[0]) * f[1]
    return front + (behind - front) * f[2]


def _edge(x0: Array, x1: Array, rest: Array, share: Array) -> Array:
    """Return the table's values between two neighbours along x."""
    a, b = _TABLE[x0 + rest], _TABLE[x1 + rest]
    return a + (b - a) * share


def fbm(p: Array, octaves: int = 4) -> Array:
    """Return noise of several sizes, each half as strong and twice as fine."""
    total = np.zeros(p.shape[1], np.float32)
    weight = 0.5
    for _ in range(octaves):
        total += np.float32(weight) * noise(p)
        p = p * np.float32(2.03) + np.float32(17.3)
        weight /= 2
    return total / np.float32(1 - weight * 2)


def random(x: Array, y: Array, salt: int = 0) -> Array:
    """Return one number in 0..1 for each pair of whole numbers."""
    cells = x.astype(np.int32) * 7919 + y.astype(np.int32) * 104729 + salt * 1299709
    return _TABLE[cells % LATTICE**3]


def bump(p: Array, normal: Array, scale: float, strength: float) -> Array:
    """Return normals tilted by the slope of noise with *scale* bumps per unit."""
    q = p * np.float32(scale)
    here = noise(q)
    slope = np.stack(
        [noise(q + np.float32(0.35) * axis[:, None]) - here for axis in _AXES]
    )
    slope -= dot(slope, normal) * normal
    tilted = normal - np.float32(strength) * slope
    return tilted / np.sqrt(dot(tilted, tilted))


_AXES = np.eye(3, dtype=np.float32)


def length(*parts: Array) -> Array:
    """Return the length of vectors given by their coordinates."""
    total = parts[0] * parts[0]
    for part in parts[1:]:
        total = total + part * part
    return np.sqrt(total)


def box2(x: Array, y: Array, half_x: float, half_y: float, radius: float) -> Array:
    """Return the distance to a rectangle with rounded corners."""
    a = np.abs(x) - np.float32(half_x - radius)
    b = np.abs(y) - np.float32(half_y - radius)
    outside = length(np.maximum(a, 0), np.maximum(b, 0))
    return outside + np.minimum(np.maximum(a, b), 0) - np.float32(radius)


def box3(
    x: Array, y: Array, z: Array, half: tuple[float, float, float], radius: float
) -> Array:
    """Return the distance to a box with rounded edges."""
    a = np.abs(x) - np.float32(half[0] - radius)
    b = np.abs(y) - np.float32(half[1] - radius)
    c = np.abs(z) - np.float32(half[2] - radius)
    outside = length(np.maximum(a, 0), np.maximum(b, 0), np.maximum(c, 0))
    inside = np.minimum(np.maximum(np.maximum(a, b), c), 0)
    return outside + inside - np.float32(radius)


def join(a: Array, b: Array, soft: float) -> Array:
    """Return the union of two shapes with a fillet of size *soft*."""
    h = np.maximum(soft - np.abs(a - b), 0)
    return np.minimum(a, b) - h * h * np.float32(0.25 / soft)


def cut(a: Array, b: Array, soft: float) -> Array:
    """Return shape *a* without shape *b*, the edge rounded by *soft*."""
    return -join(-a, b, soft)


def segment2(
    x: Array, y: Array, start: tuple[float, float], end: tuple[float, float]
) -> Array:
    """Return the distance in the plane to a stroke."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    along = ((x - start[0]) * dx + (y - start[1]) * dy) / (dx * dx + dy * dy)
    along = np.clip(along, 0, 1)
    return length(x - start[0] - along * dx, y - start[1] - along * dy)


def ellipsoid(x: Array, y: Array, z: Array, half: tuple[float, float, float]) -> Array:
    """Return about the distance to an ellipsoid."""
    a, b, c = (v / np.float32(h) for v, h in zip((x, y, z), half, strict=True))
    near = length(a, b, c)
    slope = length(a / half[0], b / half[1], c / half[2])
    return near * (near - 1) / np.maximum(slope, 1e-6)


def within(
    bound: Array, p: Array, shape: Callable[[Array], Array], reach: float = 0.5
) -> Array:
    """Return the distance to *shape*, exact only where *bound* is below *reach*."""
    near = bound.copy()
    close = near < reach
    if close.any():
        near[close] = shape(p[:, close])
    return near
