"""Dunes at dusk with two spheres and an arch: smooth gradients for 16 bits."""

import numpy as np
from film import glow, tone, vignette
from texture import box2, fbm, length, noise
from tracer import (
    Array,
    Camera,
    Light,
    Scene,
    Surface,
    dot,
    mix,
    render,
    smoothstep,
    unit,
    vector,
)

SUN = unit(vector(-0.72, 0.30, 0.10))
SAND = vector(0.56, 0.31, 0.20)


class Dunes(Scene):
    """A satin sphere, a mirror sphere and a plaster arch on sand."""

    far = 120.0
    steps = 130
    shadow_reach = 16.0
    shadow_steps = 40
    shadow_stride = 2.0
    occlusion_reach = 0.9
    lights = (Light(SUN, vector(3.1, 2.15, 1.45), 0.035, 0.4),)

    def solid(self, p: Array) -> Array:
        """Return the distance to anything."""
        solids = np.minimum(self.spheres(p).min(axis=0), self.arch(p))
        return np.minimum(solids, (p[1] - ground(p[0], p[2])) * np.float32(0.75))

    def spheres(self, p: Array) -> Array:
        """Return the distances (2, N) to the satin and the mirror sphere."""
        x, y, z = p
        satin = length(x + 1.15, y - 1.12, z + 0.2) - 1.25
        mirror = length(x - 1.05, y - 0.42, z - 1.35) - 0.5
        return np.stack([satin, mirror])

    def arch(self, p: Array) -> Array:
        """Return the distance to an arch, a little turned, in the back."""
        x = (p[0] - 1.75) * 0.9 + (p[2] + 1.5) * 0.436
        z = (p[2] + 1.5) * 0.9 - (p[0] - 1.75) * 0.436
        y = p[1]
        outer = np.where(y > 2.0, length(x, y - 2.0) - 1.25, np.abs(x) - 1.25)
        inner = np.where(y > 2.0, length(x, y - 2.0) - 0.75, np.abs(x) - 0.75)
        flat = np.maximum(outer, -inner)
        return box2(flat + 0.3, z, 0.3, 0.38, 0.05)

    def surface(self, p: Array, normal: Array) -> Surface:
        """Return sand, satin paint, chrome or plaster."""
        satin, mirror = self.spheres(p)
        parts = np.stack([satin, mirror, self.arch(p), np.full_like(satin, 6e-3)])
        which = np.argmin(parts, axis=0)
        sand = SAND * (0.86 + 0.22 * fbm(p * np.float32(1.2), 3) + 0.10 * noise(p * 45))
        paint = mix(
            vector(0.50, 0.075, 0.06), vector(0.62, 0.17, 0.09), 0.5 + 0.4 * normal[1]
        )
        plaster = vector(0.66, 0.56, 0.50) * (0.9 + 0.2 * fbm(p * 5, 4))
        chrome = np.broadcast_to(vector(0.02, 0.02, 0.02), p.shape)
        albedo = np.choose(which, [paint, chrome, plaster, sand])
        gloss = np.choose(which, [0.05, 0.80, 0.0, 0.0]) + np.zeros_like(p)
        rough = np.choose(which, [0.36, 0.03, 1.0, 1.0])
        bumped = np.where(which == 3, ripples(p, normal), normal)
        return Surface(
            albedo.astype(np.float32),
            gloss.astype(np.float32),
            rough.astype(np.float32),
            bumped.astype(np.float32),
        )

    def background(self, d: Array) -> Array:
        """Return a sky from apricot to deep teal, brighter near the sun."""
        up = np.clip(d[1], 0, 1)
        sky = mix(
            vector(1.15, 0.58, 0.36), vector(0.55, 0.42, 0.50), smoothstep(0, 0.16, up)
        )
        sky = mix(sky, vector(0.05, 0.20, 0.33), smoothstep(0.02, 0.40, up))
        near = np.clip(dot(d, SUN), 0, 1)
        return sky + vector(1.0, 0.48, 0.22) * (0.35 * near**6 + 0.8 * near**60)

    def ambient(self, normal: Array) -> Array:
        """Return the light of that sky and the bounce of the sand."""
        up = 0.5 + 0.5 * normal[1]
        return mix(vector(0.21, 0.11, 0.085), vector(0.20, 0.24, 0.33), up)

    def veil(self, colour: Array, d: Array, t: Array) -> Array:
        """Add warm haze."""
        level = d * np.array([[1], [0], [1]], np.float32)
        return mix(colour, self.background(level) * 0.9, 1 - np.exp(-t / 60))


def ground(x: Array, z: Array) -> Array:
    """Return the height of the sand: flat in front, dunes with sharp crests behind."""
    far = smoothstep(-2.5, -16.0, z)
    crest = 1 - np.abs(np.sin(0.16 * x + 0.10 * z + 0.5 * np.sin(0.09 * z)))
    soft = np.sin(0.35 * x + 0.4) * np.cos(0.3 * z) * 0.12
    return soft + far * (1.9 * crest + 0.5 * np.sin(0.21 * x - 0.13 * z)) - 0.05


def ripples(p: Array, normal: Array) -> Array:
    """Return normals of wind ripples, fainter far away."""
    warp = 1.6 * noise(np.stack([p[0] * 0.7, p[1] * 0, p[2] * 0.7]))
    wave = np.cos(11 * (p[0] * 0.45 + p[2] * 0.9 + warp * 0.5))
    fade = 0.17 * smoothstep(-9, 2, p[2])
    tilt = np.stack([wave * 0.45 * fade, wave * 0, wave * 0.9 * fade])
    return unit(normal + tilt)


def picture(width: int, height: int) -> Array:
    """Return the encoded picture (H, W, 3), without grain."""
    camera = Camera(vector(-0.3, 1.55, 9.6), vector(0.25, 1.65, 0), 2.35)
    light, _ = render(Dunes(), camera, (width, height), extra=10)
    return tone(vignette(glow(light, 10, 0.08), 0.15))
