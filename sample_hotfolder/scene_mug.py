"""A stoneware mug on a white sweep, with a handle that light passes through."""

import numpy as np
from film import glow, grain, tone
from texture import box2, bump, cut, fbm, join, length, noise
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

GLAZE = vector(0.035, 0.17, 0.19)
GLAZE_THIN = vector(0.30, 0.145, 0.06)
CLAY = vector(0.50, 0.34, 0.22)
RUST = vector(0.17, 0.075, 0.035)
PAPER = vector(0.86, 0.86, 0.85)


class Mug(Scene):
    """Turned body, hollow, with a pulled handle to the right."""

    far = 30.0
    shadow_reach = 6.0
    occlusion_reach = 0.7
    lights = (
        Light(unit(vector(-0.62, 0.9, 0.42)), vector(1.15, 1.12, 1.07), 0.35, 0.0),
        Light(unit(vector(0.9, 0.55, 0.5)), vector(0.38, 0.40, 0.44), 0.5, 0.0),
    )

    def solid(self, p: Array) -> Array:
        """Return the distance to mug or floor."""
        return np.minimum(self.mug(p), p[1])

    def mug(self, p: Array) -> Array:
        """Return the distance to the mug alone."""
        x, y, z = p
        radius = length(x, z)
        belly = radius - np.float32(0.05) * np.sin(1.5 * y + 0.3)
        outer = box2(belly, y - 1.13, 0.98, 1.12, 0.16)
        inner = box2(belly, y - 1.75, 0.87, 1.6, 0.22)
        ring = length((x - 1.02) * 0.95, (y - 1.2) * 0.82)
        strap = length((ring - 0.52) * 1.25, z * 0.78) - 0.115
        body = join(outer, strap, 0.16)
        return cut(body, inner, 0.05)

    def surface(self, p: Array, normal: Array) -> Surface:
        """Return glaze outside, rust inside, bare clay at the foot, paper below."""
        floor = p[1] < self.mug(p)
        x, y, z = p
        inside = (length(x, z) < 0.905) & (y > 0.2)
        glaze = self.glaze(p, normal)
        albedo = np.where(inside, RUST * (0.92 + 0.1 * fbm(p * 6, 3)), glaze)
        line = 0.36 + 0.16 * noise(np.stack([x * 2.4, y * 0, z * 2.4]))
        line += 0.03 * noise(p * 9)
        bare = smoothstep(0.015, -0.015, y - line) * ~inside
        clay = CLAY * (0.75 + 0.45 * fbm(p * 22, 4))
        albedo = mix(albedo, clay, bare)
        albedo = np.where(floor, PAPER, albedo)
        gloss = np.where(floor, 0, 0.055 * (1 - bare))
        rough = np.where(floor | (bare > 0.5), 1.0, 0.1)
        bumped = bump(p, normal, 3.5, 0.035)
        bumped = np.where(bare > 0.5, bump(p, normal, 30, 0.25), bumped)
        return Surface(
            albedo.astype(np.float32),
            np.broadcast_to(gloss, p.shape).astype(np.float32),
            rough.astype(np.float32),
            np.where(floor, normal, bumped),
        )

    def glaze(self, p: Array, normal: Array) -> Array:
        """Return a reactive glaze: thin and rusty on edges, speckled with iron."""
        flow = fbm(p * np.array([[3.0], [1.1], [3.0]], np.float32), 5)
        thin = smoothstep(2.05, 2.27, p[1] + 0.18 * (flow - 0.5))
        base = GLAZE * (0.55 + 1.1 * flow)
        base = mix(base, vector(0.11, 0.30, 0.29), smoothstep(0.52, 0.75, flow) * 0.7)
        base = mix(base, GLAZE_THIN * (0.7 + 0.6 * flow), thin)
        speck = smoothstep(0.76, 0.9, 0.75 * noise(p * 19) + 0.35 * noise(p * 47)) * 0.8
        del normal
        return mix(base, vector(0.02, 0.016, 0.012), speck)

    def background(self, d: Array) -> Array:
        """Return the white sweep behind."""
        return PAPER * (1.08 - 0.2 * np.abs(d[0]))

    def ambient(self, normal: Array) -> Array:
        """Return the light of a white room."""
        up = 0.5 + 0.5 * normal[1]
        return mix(vector(0.34, 0.33, 0.32), vector(0.52, 0.54, 0.57), up)

    def reflected(self, d: Array, rough: Array) -> Array:
        """Return two soft boxes and a dim room."""
        soft = 0.03 + 0.25 * rough
        room = mix(vector(0.35, 0.34, 0.33), vector(0.5, 0.5, 0.52), 0.5 + 0.5 * d[1])
        key = soft_box(d, vector(-0.75, 0.55, 0.35), 0.34, 0.52, soft)
        side = soft_box(d, vector(0.95, 0.35, 0.15), 0.12, 0.55, soft)
        return room + key * vector(9.5, 9.3, 9.0) + side * vector(5.0, 5.2, 5.6)

    def veil(self, colour: Array, d: Array, t: Array) -> Array:
        """Let the floor run into the background without an edge."""
        return mix(colour, self.background(d), smoothstep(9, 24, t))


def soft_box(d: Array, towards: Array, wide: float, high: float, soft: Array) -> Array:
    """Return how much of a rectangular lamp lies along *d*."""
    ahead = unit(towards)
    right = unit(np.cross(ahead, vector(0, 1, 0), axis=0))
    above = np.cross(right, ahead, axis=0)
    depth = np.maximum(dot(d, ahead), 1e-3)
    edge = box2(dot(d, right) / depth, dot(d, above) / depth, wide, high, 0.03)
    return smoothstep(1, -1, edge / soft) * (dot(d, ahead) > 0.05)


def picture(width: int, height: int) -> Array:
    """Return the encoded picture (H, W, 3)."""
    camera = Camera(vector(1.1, 3.1, 6.6), vector(0.26, 0.98, 0), 3.25)
    light, _ = render(Mug(), camera, (width, height))
    return grain(tone(glow(light, 14, 0.05)), 0.007, seed=4)
