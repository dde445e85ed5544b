"""An amber dropper bottle on travertine, with a blob that a generator left behind."""

import numpy as np
from film import glow, grain, tone, vignette
from scene_mug import soft_box
from texture import (
    box2,
    box3,
    bump,
    ellipsoid,
    fbm,
    join,
    length,
    noise,
    segment2,
)
from tracer import (
    Array,
    Camera,
    Light,
    Scene,
    Surface,
    dot,
    mix,
    normals,
    refract,
    render,
    smoothstep,
    unit,
    vector,
)

SUN = unit(vector(-0.55, 0.62, 0.62))
WALL_Z = -1.7
WALL = vector(0.56, 0.28, 0.175)
STONE = vector(0.66, 0.56, 0.45)
AMBER = vector(0.34, 1.30, 4.4)
"""Absorption of the glass per unit of length."""
LABEL_ANGLE = 1.12
STROKES = {
    "O": [
        (
            (0.5 + 0.46 * np.cos(a), 0.5 + 0.5 * np.sin(a)),
            (0.5 + 0.46 * np.cos(a + 0.45), 0.5 + 0.5 * np.sin(a + 0.45)),
        )
        for a in np.arange(14) * 0.4488
    ],
    "L": [((0.1, 1.0), (0.1, 0.0)), ((0.1, 0.0), (0.75, 0.0))],
    "E": [
        ((0.1, 1.0), (0.1, 0.0)),
        ((0.1, 0.0), (0.75, 0.0)),
        ((0.1, 0.5), (0.65, 0.5)),
        ((0.1, 1.0), (0.75, 1.0)),
    ],
    "A": [
        ((0.0, 0.0), (0.42, 1.0)),
        ((0.42, 1.0), (0.84, 0.0)),
        ((0.14, 0.34), (0.70, 0.34)),
    ],
}


class Bottle(Scene):
    """Bottle, plinth, wall; a leaf outside the picture throws its shadow."""

    far = 30.0
    shadow_reach = 6.0
    occlusion_reach = 0.6
    lights = (
        Light(SUN, vector(2.15, 1.95, 1.65), 0.07, 0.25),
        Light(unit(vector(0.9, 0.35, 0.6)), vector(0.16, 0.18, 0.21), 0.5, 0.0),
    )

    def solid(self, p: Array) -> Array:
        """Return the distance to anything."""
        return np.minimum(self.glass(p), self.opaque(p))

    def glass(self, p: Array) -> Array:
        """Return the distance to the body, shoulder and neck."""
        radius = length(p[0], p[2])
        body = box2(radius, p[1] - 0.96, 0.66, 0.95, 0.16)
        neck = box2(radius, p[1] - 2.0, 0.25, 0.32, 0.02)
        return join(body, neck, 0.34)

    def opaque(self, p: Array) -> Array:
        """Return the distance to cap, stones, plinth, wall and the blob."""
        solid = np.minimum(self.cap(p), self.pebbles(p))
        solid = np.minimum(solid, self.plinth(p))
        wall = p[2] - WALL_Z
        solid = np.minimum(solid, join(wall, p[1] + 1.25, 0.5))
        return np.minimum(solid, self.blob(p))

    def cap(self, p: Array) -> Array:
        """Return the distance to the brass collar and the rubber bulb."""
        x, y, z = p
        radius = length(x, z)
        ribs = 0.006 * np.cos(44 * np.arctan2(z, x))
        collar = box2(radius + ribs, y - 2.42, 0.33, 0.20, 0.03)
        bulb = box2(radius + 0.035 * y, y - 2.80, 0.33, 0.32, 0.2)
        return np.minimum(collar, bulb)

    def pebbles(self, p: Array) -> Array:
        """Return the distance to two river stones left of the bottle."""
        x, y, z = p
        low = ellipsoid(x + 0.98, y - 0.15, z - 0.35, (0.36, 0.155, 0.27))
        high = ellipsoid(x + 0.93, y - 0.405, z - 0.33, (0.22, 0.10, 0.18))
        return np.minimum(low, high)

    def plinth(self, p: Array) -> Array:
        """Return the distance to two stone discs, one on the other."""
        x, y, z = p
        upper = box2(length(x, z), y + 0.14, 1.5, 0.14, 0.025)
        lower = box3(x - 0.35, y + 0.78, z - 0.1, (2.3, 0.5, 1.5), 0.03)
        return np.minimum(upper, lower)

    def blob(self, p: Array) -> Array:
        """Return the distance to a lump on the wall that nobody asked for."""
        x, y, z = p[0] - 1.06, p[1] - 2.45, p[2] - WALL_Z
        a = ellipsoid(x, y, z, (0.125, 0.10, 0.06))
        b = ellipsoid(x - 0.085, y + 0.075, z, (0.07, 0.085, 0.045))
        c = ellipsoid(x + 0.10, y - 0.06, z, (0.06, 0.045, 0.035))
        return join(join(a, b, 0.06), c, 0.05)

    def surface(self, p: Array, normal: Array) -> Surface:
        """Return the material of whatever is nearest to each point."""
        parts = np.stack(
            [
                self.cap(p),
                self.pebbles(p),
                self.plinth(p),
                self.blob(p),
                self.glass(p),
                np.full(p.shape[1], 4e-3, np.float32),
            ]
        )
        which = np.argmin(parts, axis=0)
        albedo, gloss = np.empty_like(p), np.zeros_like(p)
        rough = np.ones(p.shape[1], np.float32)
        bumped = normal.copy()
        for index, material in enumerate(
            (
                cap_material,
                pebble_material,
                stone_material,
                blob_material,
                label_material,
                wall_material,
            )
        ):
            at = which == index
            if at.any():
                s = material(p[:, at], normal[:, at])
                albedo[:, at], gloss[:, at] = s.albedo, s.gloss
                rough[at], bumped[:, at] = s.rough, s.normal
        return Surface(albedo, gloss, rough, bumped)

    def shade(self, p: Array, d: Array, depth: int) -> Array:
        """Return light as usual, but look through the glass."""
        through = (self.glass(p) < 3e-3) & ~on_label(p) & (self.cap(p) > 3e-3)
        out = np.empty_like(p)
        rest = ~through
        if rest.any():
            out[:, rest] = super().shade(p[:, rest], d[:, rest], depth)
        if through.any():
            out[:, through] = self.look_through(p[:, through], d[:, through], depth)
        return out

    def look_through(self, p: Array, d: Array, depth: int) -> Array:
        """Return the light through a body full of oil, and the glints on it."""
        normal = normals(self, p)
        inward, _ = refract(d, normal, 1 / 1.47)
        start = p - normal * np.float32(8e-3)
        walked = np.zeros(p.shape[1], np.float32)
        for _ in range(26):
            walked += np.maximum(-self.glass(start + inward * walked), 0)
        leave = start + inward * walked
        outward = -normals(self, leave)
        onward, _ = refract(inward, outward, 1.47)
        seen = self.background(onward)
        if depth < 2:
            seen, _ = self.radiance(
                leave - outward * np.float32(0.02), onward, depth + 1
            )
        oil = np.exp(-AMBER * (walked * (0.75 + 0.25 * smoothstep(1.9, 1.5, p[1]))))
        glint = Surface(
            seen, np.full_like(p, 0.045), np.full(p.shape[1], 0.04, np.float32), normal
        )
        out = seen * oil + oil**0.5 * vector(0.035, 0.012, 0.002)
        out += self.mirror(p + normal * np.float32(3e-3), d, glint, 1)
        return out

    def transmit(self, light: Light, p: Array) -> Array:
        """Return the light that passes the leaf, the bottle and the rest."""
        lit = super().transmit(light, p)
        if light.direction is not SUN:
            return lit
        flat = float(SUN[0, 0] ** 2 + SUN[2, 0] ** 2)
        along = -(p[0] * SUN[0] + p[2] * SUN[2]) / flat
        axis = np.abs(p[0] * SUN[2] - p[2] * SUN[0]) / flat**0.5
        passing = p[1] + SUN[1] * along
        core = smoothstep(0.66, 0.05, axis) * (along > 0.5)
        core *= smoothstep(0.15, 0.4, passing) * smoothstep(2.1, 1.2, passing)
        rim = passing - SUN[1] * (1.5 / flat**0.5)
        core *= smoothstep(0.0, 0.2, rim)
        tint = vector(0.34, 0.12, 0.018) * core**2
        return np.maximum(lit, tint) * (1 - 0.62 * leaf_shadow(p))

    def background(self, d: Array) -> Array:
        """Return the room behind the camera."""
        return mix(vector(0.32, 0.24, 0.19), vector(0.62, 0.55, 0.5), 0.5 + 0.5 * d[1])

    def ambient(self, normal: Array) -> Array:
        """Return sky light and the warm bounce of the wall."""
        up = 0.5 + 0.5 * normal[1]
        return mix(vector(0.24, 0.17, 0.135), vector(0.34, 0.34, 0.36), up)

    def reflected(self, d: Array, rough: Array) -> Array:
        """Return a window on the left, a strip on the right and the room."""
        soft = 0.02 + 0.3 * rough
        pane = soft_box(d, vector(-0.8, 0.32, 0.62), 0.30, 0.75, soft)
        strip = soft_box(d, vector(0.9, 0.2, 0.25), 0.09, 0.8, soft)
        warm = self.background(d)
        return warm + pane * vector(9, 8.6, 8.0) + strip * vector(3.5, 3.3, 3.2)


def leaf_shadow(p: Array) -> Array:
    """Return how dark (0..1) the shadow of a palm leaf lies on each point."""
    right = unit(np.cross(SUN, vector(0, 1, 0), axis=0))
    above = np.cross(right, SUN, axis=0)
    u, v = dot(p, -right), dot(p, above)
    shade = np.zeros(p.shape[1], np.float32)
    for x, y, turn, size in ((-2.5, 3.6, -0.75, 2.6), (-3.3, 2.1, -0.15, 2.2)):
        along = (u - x) * np.cos(turn) + (v - y) * np.sin(turn)
        across = (v - y) * np.cos(turn) - (u - x) * np.sin(turn)
        across = across + 0.10 * along * along / size
        s = np.clip(along / size, 0, 1)
        wide = 0.95 * np.sqrt(s * (1 - s)) * 1.5
        phase = 9.5 * (along - 0.75 * np.abs(across))
        finger = np.abs(phase - np.round(phase))
        width = 0.40 * (1 - np.abs(across) / np.maximum(wide, 1e-3))
        inside = (along > 0) & (along < size) & (np.abs(across) < wide)
        shade = np.maximum(shade, smoothstep(0.10, -0.14, finger - width) * inside)
        stem = smoothstep(0.05, 0.0, np.abs(across)) * ((along > -3) & (along < size))
        shade = np.maximum(shade, stem)
    return shade


def on_label(p: Array) -> Array:
    """Return where the paper label sits on the glass."""
    angle = np.arctan2(p[0], p[2])
    around = length(p[0], p[2]) > 0.6
    return (np.abs(angle) < LABEL_ANGLE) & (p[1] > 0.32) & (p[1] < 1.48) & around


def cap_material(p: Array, normal: Array) -> Surface:
    """Return brass below, black rubber above."""
    brass = p[1] < 2.615
    albedo = np.where(brass, vector(0.10, 0.065, 0.025), vector(0.018, 0.017, 0.017))
    gloss = np.where(brass, vector(0.86, 0.62, 0.30), vector(0.04, 0.04, 0.04))
    rough = np.where(brass, 0.26, 0.42).astype(np.float32)
    return Surface(albedo, gloss, rough, bump(p, normal, 90, 0.04))


def pebble_material(p: Array, normal: Array) -> Surface:
    """Return grey river stone with light veins."""
    vein = np.abs(fbm(p * 4.5 + 3, 4) - 0.5)
    dark = p[1] > 0.3
    base = np.where(dark, vector(0.62, 0.58, 0.52), vector(0.16, 0.15, 0.145))
    albedo = base * (0.6 + 0.8 * fbm(p * 14, 4))
    albedo = mix(albedo, vector(0.6, 0.57, 0.52), smoothstep(0.025, 0.004, vein) * 0.7)
    rough = np.full(p.shape[1], 0.55, np.float32)
    return Surface(albedo, np.full_like(p, 0.03), rough, bump(p, normal, 40, 0.16))


def stone_material(p: Array, normal: Array) -> Surface:
    """Return travertine: beds of colour and small pits."""
    stretched = p * np.array([[0.9], [5.5], [0.9]], np.float32)
    beds = fbm(stretched + 2.2 * fbm(p * 1.3, 3), 5)
    albedo = STONE * (0.62 + 0.75 * beds)
    pit = smoothstep(0.66, 0.76, fbm(p * np.array([[5], [16], [5]], np.float32), 3))
    albedo = albedo * (1 - 0.55 * pit) * (0.93 + 0.14 * noise(p * 60))
    rough = np.full(p.shape[1], 0.6, np.float32)
    return Surface(albedo, np.full_like(p, 0.02), rough, bump(p, normal, 26, 0.14))


def blob_material(p: Array, normal: Array) -> Surface:
    """Return wet, brownish nonsense."""
    albedo = vector(0.10, 0.035, 0.022) * (0.7 + 0.8 * fbm(p * 12, 3))
    rough = np.full(p.shape[1], 0.2, np.float32)
    return Surface(albedo, np.full_like(p, 0.05), rough, bump(p, normal, 14, 0.10))


def wall_material(p: Array, normal: Array) -> Surface:
    """Return lime plaster."""
    cloud = fbm(p * 0.9, 4)
    trowel = fbm(p * np.array([[3.0], [7.0], [3.0]], np.float32), 4)
    albedo = WALL * (0.80 + 0.26 * cloud + 0.16 * trowel)
    rough = np.ones(p.shape[1], np.float32)
    return Surface(albedo, np.zeros_like(p), rough, bump(p, normal, 7, 0.05))


def label_material(p: Array, normal: Array) -> Surface:
    """Return printed paper: a mark, a name, rules and small print."""
    u = np.arctan2(p[0], p[2]) * 0.66
    v = p[1] - 0.32
    ink = np.maximum(lettering(u, v), small_print(u, v))
    paper = vector(0.80, 0.74, 0.63) * (0.95 + 0.10 * fbm(p * 55, 3))
    albedo = mix(paper, vector(0.055, 0.05, 0.04), ink)
    rough = np.full(p.shape[1], 0.8, np.float32)
    return Surface(albedo, np.full_like(p, 0.02), rough, bump(p, normal, 70, 0.03))


def lettering(u: Array, v: Array) -> Array:
    """Return the ink (0..1) of the leaf mark and the name."""
    near = np.full(u.shape, 9, np.float32)
    for turn in (-0.75, 0.0, 0.75):
        x = u * np.cos(turn) + (v - 0.80) * np.sin(turn)
        y = (v - 0.80) * np.cos(turn) - u * np.sin(turn)
        leaf = length(np.abs(x) + 0.075, y - 0.105) - 0.125
        near = np.minimum(near, np.abs(leaf))
    for place, letter in zip((-0.335, -0.135, 0.03, 0.19), "OLEA", strict=True):
        for start, end in STROKES[letter]:
            a = (place + 0.15 * start[0], 0.50 + 0.165 * start[1])
            b = (place + 0.15 * end[0], 0.50 + 0.165 * end[1])
            near = np.minimum(near, segment2(u, v, a, b) - 0.004)
    return smoothstep(0.0075, 0.0035, near)


def small_print(u: Array, v: Array) -> Array:
    """Return the ink of two hairlines and of lines too small to read."""
    inside = np.abs(u) < 0.46
    rules = (np.abs(v - 0.40) < 0.0035) | (np.abs(v - 0.115) < 0.0035)
    row = np.floor((v - 0.15) / 0.055)
    height = (v - 0.15) / 0.055 - row
    width = np.array([0.20, 0.36, 0.31, 0.40])[np.clip(row, 0, 3).astype(int)]
    words = noise(np.stack([u * 17, row * 7.3, u * 0])) > 0.36
    glyph = noise(np.stack([u * 130, v * 90, row * 3.1])) > 0.40
    text = (row >= 0) & (row < 4) & (height > 0.3) & (height < 0.72)
    text &= (np.abs(u) < width) & words & glyph
    return np.where(rules & inside, 0.9, np.where(text, 0.75, 0)).astype(np.float32)


def picture(width: int, height: int) -> Array:
    """Return the encoded picture (H, W, 3)."""
    camera = Camera(vector(0.55, 2.15, 8.6), vector(0.05, 1.18, 0), 3.9)
    light, _ = render(Bottle(), camera, (width, height))
    light = vignette(glow(light, 12, 0.06), 0.18)
    return grain(tone(light), 0.008, seed=7)
