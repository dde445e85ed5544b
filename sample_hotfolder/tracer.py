"""A small sphere tracer: signed distance fields in, linear light out.

Points, directions and colours are float32 arrays of shape (3, N), so that one
coordinate is one contiguous row. Distances are in the units of the scene.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
"""Numbers, float32 wherever there are many."""
Mask = npt.NDArray[np.bool_]

CHUNK = 1 << 16
"""Rays traced together: small enough for the cache, large enough for numpy."""

TETRAHEDRON = np.array(
    [[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], dtype=np.float32
)


def vector(x: float, y: float, z: float) -> Array:
    """Return one column (3, 1)."""
    return np.array([[x], [y], [z]], dtype=np.float32)


def unit(v: Array) -> Array:
    """Return *v* with every column of length one."""
    return v / np.maximum(np.sqrt(dot(v, v)), 1e-9)


def dot(a: Array, b: Array) -> Array:
    """Return the (N,) products of the columns of *a* and *b*."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def mix(a: Array, b: Array, share: Array | float) -> Array:
    """Return *a* where *share* is 0 and *b* where it is 1."""
    return a + (b - a) * np.float32(share)


def smoothstep(low: float, high: float, x: Array) -> Array:
    """Return 0 below *low*, 1 above *high*, an S-curve between; *low* may be larger."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True)
class Light:
    """A light so far away that only its direction counts."""

    direction: Array
    """Unit vector (3, 1) towards the light."""
    colour: Array
    """Linear radiance (3, 1)."""
    width: float = 0.1
    """Tangent of its half angle: 0.005 is the sun, 0.4 a large soft box."""
    highlight: float = 1.0
    """How much of it glossy surfaces show; 0 where the surroundings show it."""


@dataclass(frozen=True)
class Surface:
    """What the material at N points does with light."""

    albedo: Array
    """Diffuse colour (3, N)."""
    gloss: Array
    """Mirror colour seen head-on (3, N); 0.04 for varnish, high for metal."""
    rough: Array
    """Roughness (N,), 0.02 polished to 1 dull."""
    normal: Array
    """Unit normals (3, N), bumps included."""


@dataclass(frozen=True)
class Camera:
    """A pinhole that looks from *eye* at *target*; *lens* is its focal length."""

    eye: Array
    target: Array
    lens: float
    """In units of half the longer edge of the picture."""

    def rays(self, x: Array, y: Array) -> Array:
        """Return unit directions for film points; the longer edge spans -1..1."""
        ahead = unit(self.target - self.eye)
        right = unit(np.cross(ahead, vector(0, 1, 0), axis=0))
        above = np.cross(right, ahead, axis=0)
        return unit(right * x + above * y + ahead * np.float32(self.lens))


class Scene(ABC):
    """What the tracer asks of a scene; the defaults suit a studio."""

    far = 40.0
    steps = 90
    lights: tuple[Light, ...] = ()
    mirrors = True
    shadow_steps = 28
    shadow_reach = 8.0
    shadow_stride = 1.0
    shadow_creep = 0.012
    occlusion_reach = 0.5

    def distance(self, p: Array) -> Array:
        """Return how far a ray may go from each point (N,) without a hit."""
        return self.solid(p)

    @abstractmethod
    def solid(self, p: Array) -> Array:
        """Return how far the nearest surface is from each point (N,)."""

    @abstractmethod
    def surface(self, p: Array, normal: Array) -> Surface:
        """Return the material at points on a surface."""

    @abstractmethod
    def background(self, d: Array) -> Array:
        """Return the light (3, N) that comes from outside along *d*."""

    @abstractmethod
    def ambient(self, normal: Array) -> Array:
        """Return the light (3, N) from all around that falls on *normal*."""

    def reflected(self, d: Array, rough: Array) -> Array:
        """Return the surroundings as a mirror shows them."""
        del rough
        return self.background(d)

    def veil(self, colour: Array, d: Array, t: Array) -> Array:
        """Return *colour* as seen through *t* of air."""
        del d, t
        return colour

    def transmit(self, light: Light, p: Array) -> Array:
        """Return the share (3, N) of *light* that arrives at *p*."""
        lit = soft_shadow(self, p, light)
        return np.broadcast_to(lit, p.shape)

    def radiance(self, origin: Array, d: Array, depth: int = 0) -> tuple[Array, Array]:
        """Return colours (3, N) along rays and the distances (N,) they went."""
        t, hit = march(self, origin, d)
        colour = self.background(d)
        if hit.any():
            rays, starts = d[:, hit], column(origin, hit)
            p = starts + rays * t[hit]
            shaded = self.shade(p, rays, depth)
            colour[:, hit] = self.veil(shaded, rays, t[hit])
        return colour, t

    def shade(self, p: Array, d: Array, depth: int) -> Array:
        """Return the light (3, N) that leaves *p* against *d*."""
        rough_normal = normals(self, p)
        s = self.surface(p, rough_normal)
        out = s.albedo * self.ambient(s.normal) * occlusion(self, p, rough_normal)
        away = p + rough_normal * np.float32(2e-3)
        for light in self.lights:
            facing = np.maximum(dot(s.normal, light.direction), 0)
            lit = (facing > 0) & (dot(rough_normal, light.direction) > 0)
            arriving = np.zeros_like(p)
            arriving[:, lit] = self.transmit(light, away[:, lit]) * light.colour
            out += arriving * facing * s.albedo
            if light.highlight:
                out += arriving * highlight(s, d, light) * light.highlight
        if self.mirrors:
            out += self.mirror(away, d, s, depth)
        return out

    def mirror(self, p: Array, d: Array, s: Surface, depth: int) -> Array:
        """Return what glossy surfaces show; only the first bounce is traced."""
        bounced = reflect(d, s.normal)
        facing = np.clip(-dot(d, s.normal), 0, 1)
        fresnel = s.gloss + (1 - s.gloss) * (1 - facing) ** 5 * (1 - s.rough) ** 2
        fresnel *= s.gloss.max(axis=0) > 0
        seen = self.reflected(bounced, s.rough)
        sharp = (fresnel.max(axis=0) > 0.02) & (s.rough < 0.5) & (depth == 0)
        if sharp.any():
            near, t = self.radiance(p[:, sharp], bounced[:, sharp], depth + 1)
            missed = t >= self.far
            near[:, missed] = seen[:, sharp][:, missed]
            seen[:, sharp] = near
        return seen * fresnel


def column(v: Array, mask: Mask) -> Array:
    """Return the columns of *v* under *mask*, or *v* itself if it has only one."""
    return v if v.shape[1] == 1 else v[:, mask]


def reflect(d: Array, normal: Array) -> Array:
    """Return *d* thrown back by a mirror."""
    return d - 2 * dot(d, normal) * normal


def refract(d: Array, normal: Array, ratio: float) -> tuple[Array, Mask]:
    """Return *d* bent by a change of medium, and where it is thrown back instead."""
    cosine = -dot(d, normal)
    inside = 1 - ratio * ratio * (1 - cosine * cosine)
    bent = ratio * d + (ratio * cosine - np.sqrt(np.maximum(inside, 0))) * normal
    thrown = inside < 0
    return np.where(thrown, reflect(d, normal), bent).astype(np.float32), thrown


def march(scene: Scene, origin: Array, d: Array) -> tuple[Array, Mask]:
    """Walk along rays until a surface is met.

    Finished rays are taken out every sixth step only: a surplus step does no harm.
    """
    count = d.shape[1]
    t = np.full(count, scene.far, np.float32)
    hit = np.zeros(count, np.bool_)
    index = np.arange(count)
    o, walked = np.broadcast_to(origin, d.shape), np.zeros(count, np.float32)
    for step in range(1, scene.steps + 1):
        gap = scene.distance(o + d * walked)
        walked = walked + gap
        if step % 6 and step < scene.steps:
            continue
        met = gap < 4e-4 * (1 + walked)
        lost = walked > scene.far
        if step == scene.steps:
            met |= (gap < 0.02 * walked) & ~lost
        done = met | lost
        t[index[met]], hit[index[met]] = walked[met], True
        keep = ~done
        index, o, d, walked = index[keep], o[:, keep], d[:, keep], walked[keep]
        if not index.size:
            break
    return np.minimum(t, scene.far), hit


def normals(scene: Scene, p: Array, size: float = 1.5e-3) -> Array:
    """Return unit normals from four distances around each point."""
    total = np.zeros_like(p)
    for corner in TETRAHEDRON:
        offset = corner[:, None]
        total += offset * scene.solid(p + offset * np.float32(size))
    return unit(total)


def occlusion(scene: Scene, p: Array, normal: Array) -> Array:
    """Return how open (0..1) the surroundings of each point are."""
    closed = np.zeros(p.shape[1], np.float32)
    weight = 1.0
    for share in (0.06, 0.2, 0.45, 1.0):
        reach = share * scene.occlusion_reach
        gap = scene.solid(p + normal * np.float32(reach))
        closed += weight * np.clip(1 - gap / reach, 0, 1)
        weight *= 0.75
    return np.clip(1 - closed / 2.6, 0, 1) ** 1.3


def soft_shadow(scene: Scene, p: Array, light: Light) -> Array:
    """Return the share (N,) of a wide light that is seen from each point.

    The narrowest gap along the way, as an angle, stands for the penumbra.
    """
    lit = np.ones(p.shape[1], np.float32)
    index = np.arange(p.shape[1])
    t = np.full(p.shape[1], 0.01, np.float32)
    for _ in range(scene.shadow_steps):
        gap = scene.solid(p[:, index] + light.direction * t)
        lit[index] = np.minimum(lit[index], 0.5 + 0.5 * gap / (light.width * t))
        t = t + np.clip(gap, scene.shadow_creep * (1 + t), scene.shadow_stride)
        keep = (t < scene.shadow_reach) & (lit[index] > 0)
        index, t = index[keep], t[keep]
        if not index.size:
            break
    lit = np.clip(lit, 0, 1)
    return lit * lit * (3 - 2 * lit)


def highlight(s: Surface, d: Array, light: Light) -> Array:
    """Return the glint (3, N) of *light*, with the GGX distribution of normals."""
    half = unit(light.direction - d)
    alpha = np.maximum(s.rough, light.width * 0.5) ** 2
    square = alpha * alpha
    facing = np.clip(dot(s.normal, half), 0, 1)
    spread = facing * facing * (square - 1) + 1
    lobe = square / (np.pi * spread * spread + 1e-7)
    towards = np.clip(dot(s.normal, light.direction), 0, 1)
    return s.gloss * np.minimum(lobe * towards * 0.8, 60)


def render(
    scene: Scene,
    camera: Camera,
    size: tuple[int, int],
    extra: int = 6,
    limit: float = 0.05,
) -> tuple[Array, Array]:
    """Return linear light (H, W, 3) and distance (H, W).

    Every pixel gets one ray; where neighbours differ by *limit*, *extra* more.
    """
    width, height = size
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = columns.ravel() + 0.5, rows.ravel() + 0.5
    colour, depth = trace(scene, camera, x, y, size)
    edges = np.flatnonzero(edge_mask(colour.reshape(3, height, width), limit))
    total = np.minimum(colour[:, edges], 6)
    jitter = np.random.default_rng(5).permutation(extra)
    for k in range(extra):
        dx = (k + 0.5) / extra - 0.5
        dy = (jitter[k] + 0.5) / extra - 0.5
        more, _ = trace(scene, camera, x[edges] + dx, y[edges] + dy, size)
        total += np.minimum(more, 6)
    colour[:, edges] = total / (extra + 1)
    picture = np.moveaxis(colour.reshape(3, height, width), 0, 2)
    return picture, depth.reshape(height, width)


def trace(
    scene: Scene, camera: Camera, x: Array, y: Array, size: tuple[int, int]
) -> tuple[Array, Array]:
    """Return colours (3, N) and distances (N,) for points in pixels."""
    colour = np.empty((3, x.size), np.float32)
    depth = np.empty(x.size, np.float32)
    half = max(size) / 2
    for start in range(0, x.size, CHUNK):
        part = slice(start, start + CHUNK)
        film_x = (x[part] - size[0] / 2) / half
        film_y = (size[1] / 2 - y[part]) / half
        d = camera.rays(film_x.astype(np.float32), film_y.astype(np.float32))
        colour[:, part], depth[part] = scene.radiance(camera.eye, d)
    return colour, depth


def edge_mask(colour: Array, limit: float) -> Mask:
    """Return where a pixel of (3, H, W) differs from a neighbour, as the eye sees."""
    tone = np.sqrt(np.clip(colour, 0, 1))
    mask = np.zeros(tone.shape[1:], np.bool_)
    across = np.abs(np.diff(tone, axis=2)).max(axis=0) > limit
    down = np.abs(np.diff(tone, axis=1)).max(axis=0) > limit
    mask[:, 1:] |= across
    mask[:, :-1] |= across
    mask[1:] |= down
    mask[:-1] |= down
    return mask
