"""A lane of stuccoed houses in the afternoon sun, with a bell tower at its end."""

import numpy as np
from film import glow, grain, lens_blur, tone, vignette
from texture import box2, box3, bump, ellipsoid, fbm, length, noise, random, within
from tracer import (
    Array,
    Camera,
    Light,
    Scene,
    Surface,
    mix,
    render,
    smoothstep,
    unit,
    vector,
)

HALF_WIDTH = 3.3
HOUSE = 5.2
FLOOR = 3.1
SUN = unit(vector(-0.42, 0.80, -0.36))
STUCCO = np.array(
    [
        [0.66, 0.40, 0.19],
        [0.62, 0.27, 0.17],
        [0.70, 0.57, 0.38],
        [0.66, 0.46, 0.36],
        [0.56, 0.50, 0.40],
        [0.70, 0.49, 0.22],
    ],
    np.float32,
)
SHUTTER = np.array(
    [
        [0.045, 0.12, 0.09],
        [0.06, 0.115, 0.15],
        [0.13, 0.055, 0.035],
        [0.09, 0.12, 0.06],
    ],
    np.float32,
)


class House:
    """The house that is beside each point, in coordinates of its front.

    ``u`` runs along the front from its middle, ``v`` up, ``w`` out of the wall.
    """

    def __init__(self, p: Array) -> None:
        x, self.v, z = p
        self.side = np.where(x > 0, np.float32(1), np.float32(-1))
        shifted = z + np.where(x > 0, np.float32(0), np.float32(2.1))
        self.row = np.floor(shifted / HOUSE)
        self.u = shifted - (self.row + np.float32(0.5)) * np.float32(HOUSE)
        kind = random(self.row + 40, self.side + 1, 1)
        self.kind = kind
        self.setback = (kind - np.float32(0.5)) * np.float32(0.06)
        tall = random(self.row + 40, self.side + 1, 2)
        self.height = np.float32(9.0) + np.floor(tall * 2.99) * np.float32(1.45)
        self.w = HALF_WIDTH + self.setback - np.abs(x)
        column = np.where(self.u > 0, np.float32(1), np.float32(-1))
        self.level = np.clip(np.floor(self.v / FLOOR), 1, 3)
        self.window_u = self.u - column * np.float32(1.25)
        self.window_v = self.v - self.level * FLOOR - np.float32(1.45)
        self.window_v += np.where(self.level * FLOOR + 2.6 > self.height, 90, 0)


class Street(Scene):
    """Looks along -z; houses repeat on both sides with their own colours."""

    far = 90.0
    steps = 120
    mirrors = True
    shadow_reach = 16.0
    shadow_steps = 54
    shadow_creep = 0.006
    shadow_stride = 0.5
    occlusion_reach = 0.7
    lights = (Light(SUN, vector(5.0, 4.15, 3.0), 0.02, 0.0),)

    def distance(self, p: Array) -> Array:
        """Return the distance to anything, never past a house or a pot's place."""
        return np.minimum(self.solid(p), self.fence(p))

    def fence(self, p: Array) -> Array:
        """Return how far it is to the next house and the next place for a pot.

        What repeats may differ from its neighbour, which its distance ignores.
        """
        aside = np.abs(p[0])
        shifted = p[2] + np.where(p[0] > 0, np.float32(0), np.float32(2.1))
        part = np.abs(np.mod(shifted, HOUSE) - np.float32(HOUSE / 2))
        beside = np.maximum(np.float32(HOUSE / 2 + 0.04) - part, 0.04)
        inner = np.maximum(HALF_WIDTH - 0.7 - aside, p[1] - 13.2)
        _, _, z = self.planter(p)
        place = np.maximum(np.float32(1.36) - np.abs(z), 0.04)
        beds = np.maximum(1.9 - aside, p[1] - 1.9)
        return np.minimum(np.maximum(beside, inner), np.maximum(place, beds))

    def solid(self, p: Array) -> Array:
        """Return the distance to anything."""
        aside = np.abs(p[0])
        inner = np.maximum(HALF_WIDTH - 0.75 - aside, p[1] - 13.2)
        near = within(inner, p, self.houses)
        near = np.minimum(near, p[1])
        near = np.minimum(near, within(p[2] + 48.5, p, self.tower))
        beds = np.maximum(1.85 - aside, p[1] - 1.9)
        near = np.minimum(near, within(beds, p, self.greenery))
        cables = np.abs(p[1] - 5.6) - 0.72
        return np.minimum(near, within(cables, p, self.lamps))

    def houses(self, p: Array) -> Array:
        """Return the distance to the rows of houses."""
        h = House(p)
        wall = np.maximum(h.w, h.v - h.height)
        hole = box2(h.window_u, h.window_v, 0.52, 0.86, 0.02)
        door = box2(h.u, h.v - 1.1, 0.78, 1.42, 0.05)
        hole = np.minimum(hole, door)
        wall = np.maximum(wall, -np.maximum(hole, np.abs(h.w) - 0.2))
        shutter = box3(
            np.abs(h.window_u) - 0.80,
            h.window_v,
            h.w - 0.04,
            (0.255, 0.86, 0.045),
            0.01,
        )
        sill = box3(
            h.window_u, h.window_v + 0.93, h.w - 0.07, (0.66, 0.055, 0.13), 0.02
        )
        band = box2(h.v - 2.98, h.w, 0.10, 0.08, 0.02)
        eaves = box2(h.v - h.height + 0.12, h.w, 0.13, 0.52, 0.04)
        near = np.minimum(np.minimum(shutter, sill), np.minimum(band, eaves))
        out = HALF_WIDTH - np.abs(p[0]) - 0.06
        pipe = length(np.float32(HOUSE / 2) - np.abs(h.u), out) - 0.055
        pipe = np.maximum(pipe, h.v - h.height + 0.2)
        near = np.minimum(wall, near)
        near = np.maximum(near, np.abs(h.u) - np.float32(HOUSE / 2))
        return np.minimum(near, pipe)

    def tower(self, p: Array) -> Array:
        """Return the distance to the bell tower."""
        x, y, z = np.abs(p[0] - 0.5), p[1], p[2] + 52.0
        shaft = box3(x, y - 9.0, z, (2.4, 10.0, 2.4), 0.05)
        bell = box3(x, y - 21.2, z, (2.2, 2.4, 2.2), 0.05)
        arch = np.where(y > 21.7, length(x - 0.95, y - 21.7) - 0.62, 9)
        arch = np.minimum(arch, box2(x - 0.95, y - 20.9, 0.62, 0.9, 0.01))
        bell = np.maximum(bell, -np.maximum(arch, -z + 0.6))
        rim = box3(x, np.abs(y - 21.2) - 2.35, z, (2.75, 0.22, 2.75), 0.08)
        roof = (np.maximum(x, np.abs(z)) * 0.86 + (y - 27.6) * 0.51) * 0.95
        roof = np.maximum(roof, 23.5 - y)
        return np.minimum(np.minimum(shaft, bell), np.minimum(rim, roof))

    def greenery(self, p: Array) -> Array:
        """Return the distance to pots and bushes."""
        return np.minimum(self.pots(p), self.leaves(p))

    def pots(self, p: Array) -> Array:
        """Return the distance to terracotta pots along the walls."""
        x, y, z = self.planter(p)
        radius = length(x, z)
        pot = box2(radius - 0.16 * y, y - 0.3, 0.27, 0.3, 0.03)
        rim = box2(radius, y - 0.57, 0.37, 0.05, 0.02)
        return np.minimum(pot, rim) * np.float32(0.9)

    def planter(self, p: Array) -> tuple[Array, Array, Array]:
        """Return points relative to the nearest pot; not every place has one."""
        step = np.float32(2.6)
        shifted = p[2] + np.where(p[0] > 0, np.float32(1.0), np.float32(0.2))
        place = np.round(shifted / step)
        side = np.where(p[0] > 0, 1, 2)
        there = random(place + 60, side, 7) < 0.62
        x = np.abs(p[0]) - np.float32(HALF_WIDTH - 0.62)
        return (
            x + np.where(there, np.float32(0), np.float32(9)),
            p[1],
            shifted - place * step,
        )

    def leaves(self, p: Array) -> Array:
        """Return the distance to clipped bushes in the pots."""
        x, y, z = self.planter(p)
        ball = ellipsoid(x, y - 1.12, z, (0.52, 0.60, 0.52))
        close = ball < 0.16
        if close.any():
            q = p[:, close]
            sprig = noise(q * 7) - 0.5 + 0.8 * (noise(q * 25) - 0.5)
            ball[close] = (ball[close] + 0.12 * sprig) * 0.55
        return ball

    def lamps(self, p: Array) -> Array:
        """Return the distance to cables across the lane and the lamps on them."""
        place = np.round((p[2] + 3.4) / 7.0)
        z = p[2] + 3.4 - place * 7.0
        sag = 5.55 + 0.055 * p[0] * p[0]
        cable = length(p[1] - sag, z) - 0.014
        y = p[1] - 5.2
        shade = np.maximum(length(p[0], z) - 0.30 + 0.62 * (y + 0.05), np.abs(y) - 0.13)
        bulb = length(p[0], y + 0.14, z) - 0.11
        rod = np.maximum(length(p[0], z) - 0.016, np.abs(y - 0.2) - 0.2)
        return np.minimum(np.minimum(cable, shade * 0.8), np.minimum(bulb, rod))

    def surface(self, p: Array, normal: Array) -> Surface:
        """Return stone, stucco, leaves, clay or iron."""
        parts = np.stack(
            [
                p[1],
                self.houses(p),
                self.tower(p),
                self.pots(p),
                self.leaves(p),
                self.lamps(p),
            ]
        )
        which = np.argmin(parts, axis=0)
        albedo, gloss = np.empty_like(p), np.zeros_like(p)
        rough, bumped = np.ones(p.shape[1], np.float32), normal.copy()
        for index, material in enumerate(
            (cobbles, front, tower_wall, clay, foliage, iron)
        ):
            at = which == index
            if at.any():
                s = material(p[:, at], normal[:, at])
                albedo[:, at], gloss[:, at] = s.albedo, s.gloss
                rough[at], bumped[:, at] = s.rough, s.normal
        return Surface(albedo, gloss, rough, bumped)

    def background(self, d: Array) -> Array:
        """Return a hazy afternoon sky with thin clouds."""
        up = np.clip(d[1], 0, 1)
        sky = mix(vector(0.86, 0.83, 0.77), vector(0.13, 0.30, 0.58), up**0.55)
        plane = d / np.maximum(d[1], 0.08)
        q = np.stack([plane[0] * 1.3 + 4, plane[2] * 0.8, plane[0] * 0 + 2])
        cloud = fbm(q + 0.6 * fbm(q * 1.7, 3), 5)
        cover = smoothstep(0.46, 0.80, cloud) * smoothstep(0.05, 0.3, up) * 0.75
        return mix(sky, vector(0.98, 0.95, 0.90), cover).astype(np.float32)

    def ambient(self, normal: Array) -> Array:
        """Return sky light from above and warm light off the opposite walls."""
        up = 0.5 + 0.5 * normal[1]
        light = mix(vector(0.34, 0.25, 0.165), vector(0.33, 0.40, 0.50), up)
        return light * (1 + 0.25 * np.maximum(normal[0], 0))

    def veil(self, colour: Array, d: Array, t: Array) -> Array:
        """Add haze that glows a little."""
        level = d * 0 + vector(0, 0.12, -0.99)
        return mix(
            colour, self.background(level) * 0.95, 1 - np.exp(-((t / 170) ** 1.5))
        )


def cobbles(p: Array, normal: Array) -> Surface:
    """Return worn setts in running bond, with a gutter of flat stones."""
    x, z = p[0], p[2]
    gutter = np.abs(x) < 0.24
    long_, wide = 0.23, 0.15
    row = np.floor(z / wide)
    bend = 0.02 * np.sin(x * 5 + row * 1.7)
    a = (x + bend) / long_ + 0.5 * (row % 2) + 0.2 * random(row + 900, row * 0, 3)
    column_ = np.floor(a)
    fu, fv = (a - column_ - 0.5) * long_, (z / wide - row - 0.5) * wide
    edge = box2(fu, fv, long_ / 2 - 0.012, wide / 2 - 0.011, 0.03)
    value = random(column_ + 300, row + 900, 4)
    albedo = vector(0.33, 0.275, 0.215) * (0.62 + 0.75 * value)
    albedo = albedo * (0.72 + 0.55 * fbm(p * 13, 4)) * (0.75 + 0.5 * fbm(p * 0.8, 3))
    joint = smoothstep(-0.006, 0.008, edge)
    albedo = mix(albedo, vector(0.075, 0.065, 0.05), joint * 0.9)
    albedo = np.where(gutter, albedo * 0.8, albedo)
    rise = smoothstep(-0.045, 0.0, edge) * (1 - joint)
    inward = np.stack(
        [
            np.sign(fu) * (np.abs(fu) > long_ / 2 - 0.05),
            fu * 0,
            np.sign(fv) * (np.abs(fv) > wide / 2 - 0.05),
        ]
    )
    tilted = unit(normal + 0.35 * rise * inward + 0.22 * lean(column_, row))
    wet = 0.5 + 0.4 * fbm(p * 2.1, 3)
    return Surface(
        albedo.astype(np.float32),
        np.broadcast_to(0.035 * (1 - joint), p.shape),
        (0.5 + 0.3 * wet).astype(np.float32),
        bump(p, tilted, 34, 0.2),
    )


def lean(column_: Array, row: Array) -> Array:
    """Return how each stone leans (3, N)."""
    a = random(column_ + 300, row + 900, 8) - 0.5
    b = random(column_ + 300, row + 900, 9) - 0.5
    return np.stack([a, a * 0, b])


def front(p: Array, normal: Array) -> Surface:
    """Return stucco, glass, shutters and stone of a house front."""
    h = House(p)
    base = STUCCO[np.minimum((h.kind * 6).astype(int), 5)].T
    streak = fbm(np.stack([h.u * 3.5 + h.row * 7, h.v * 0.45, h.side]), 4)
    patch = fbm(np.stack([h.u * 0.8, h.v * 0.8, h.row * 3 + h.side]), 5)
    albedo = base * (0.72 + 0.30 * streak + 0.30 * patch)
    albedo = mix(albedo, base * 0.55 + 0.16, smoothstep(0.60, 0.74, patch) * 0.6)
    damp = smoothstep(1.1, 0.0, h.v + 0.9 * (patch - 0.5)) * 0.55
    albedo = albedo * (1 - damp)
    stone = (np.abs(h.v - 2.98) < 0.13) & (h.w > 0.02)
    stone |= (np.abs(h.window_v + 0.93) < 0.08) & (h.w > 0.01)
    stone |= h.v > h.height - 0.3
    stone |= (np.abs(box2(h.u, h.v - 1.1, 0.93, 1.57, 0.03)) < 0.13) & (h.w > -0.08)
    stone |= (box2(h.window_u, h.window_v, 0.60, 0.95, 0.02) < 0) & (h.w < 0.02)
    pipe = np.abs(h.u) > HOUSE / 2 - 0.07
    pale = vector(0.62, 0.55, 0.45) * (0.75 + 0.4 * fbm(p * 7, 4))
    albedo = np.where(stone, pale, albedo)
    albedo = np.where(pipe & (h.w > 0.02), vector(0.20, 0.125, 0.085), albedo)
    albedo, glass = openings(h, albedo)
    gloss = np.broadcast_to(np.where(glass, np.float32(0.07), 0), p.shape)
    rough = np.where(glass, 0.04, 1.0).astype(np.float32)
    bumped = np.where(glass, bump(p, normal, 1.3, 0.02), bump(p, normal, 24, 0.09))
    return Surface(albedo.astype(np.float32), gloss.astype(np.float32), rough, bumped)


def openings(h: House, albedo: Array) -> tuple[Array, Array]:
    """Return colours with shutters, doors and window panes, and where glass is."""
    paint = SHUTTER[np.minimum((np.mod(h.kind * 37, 1) * 4).astype(int), 3)].T
    louvre = 0.55 + 0.45 * np.abs(np.mod(h.window_v / 0.085, 1) - 0.35) / 0.65
    rail = (np.abs(np.abs(h.window_v) - 0.82) < 0.06) | (np.abs(h.window_v) < 0.05)
    rail |= np.abs(np.abs(np.abs(h.window_u) - 0.80) - 0.225) < 0.035
    slats = paint * np.where(rail, 1.0, louvre)
    shutter = (h.w > 0.015) & (np.abs(np.abs(h.window_u) - 0.80) < 0.27)
    shutter &= np.abs(h.window_v) < 0.88
    albedo = np.where(shutter, slats, albedo)
    deep = h.w < -0.17
    window = deep & (box2(h.window_u, h.window_v, 0.53, 0.87, 0.0) < 0)
    bars = (np.abs(h.window_u) < 0.035) | (np.abs(np.abs(h.window_v) - 0.29) < 0.022)
    bars |= (np.abs(h.window_u) > 0.46) | (np.abs(h.window_v) > 0.80)
    glass = window & ~bars
    albedo = np.where(window, np.where(bars, 0.62, 0.012), albedo)
    door = deep & (np.abs(h.u) < 0.8) & (h.v < 2.55)
    planks = paint * (0.75 + 0.25 * (np.abs(np.mod(h.u / 0.2, 1) - 0.5) < 0.44))
    return np.where(door, planks, albedo), glass


def tower_wall(p: Array, normal: Array) -> Surface:
    """Return sandstone in courses, and tiles on the roof."""
    tone_ = 0.7 + 0.6 * fbm(p * 1.1, 4)
    course = random(np.floor(p[1] / 0.6), np.floor((p[0] + p[2]) / 1.1), 6)
    albedo = vector(0.60, 0.45, 0.31) * tone_ * (0.88 + 0.24 * course)
    tiles = vector(0.48, 0.19, 0.10) * tone_
    albedo = np.where((p[1] > 23.8) & (normal[1] > 0.2), tiles, albedo)
    return dull(albedo, bump(p, normal, 5, 0.08))


def clay(p: Array, normal: Array) -> Surface:
    """Return weathered terracotta."""
    albedo = vector(0.50, 0.21, 0.115) * (0.55 + 0.8 * fbm(p * 8, 4))
    lime = smoothstep(0.55, 0.72, fbm(p * 4 + 9, 4)) * 0.4
    return dull(mix(albedo, vector(0.6, 0.52, 0.45), lime), bump(p, normal, 20, 0.1))


def foliage(p: Array, normal: Array) -> Surface:
    """Return box leaves, young ones lighter, with deep gaps between them."""
    warped = p * 34 + 1.6 * np.stack([noise(p * 23), noise(p * 23 + 7), noise(p * 29)])
    cell = np.floor(warped)
    key = cell[1] * 37 + cell[2] * 101 + 9000
    leaf = random(cell[0] + 2000, key, 1)
    albedo = mix(vector(0.018, 0.045, 0.010), vector(0.115, 0.19, 0.04), leaf**2)
    gap = smoothstep(0.50, 0.28, noise(p * 17 + 5))
    albedo = albedo * (1 - 0.8 * gap)
    turned = np.stack([random(cell[0] + 2000, key, salt) for salt in (2, 3, 4)])
    return dull(albedo, unit(normal + 1.3 * (turned - np.float32(0.5))))


def iron(p: Array, normal: Array) -> Surface:
    """Return black iron, and bulbs of milk glass."""
    z = p[2] + 3.4 - np.round((p[2] + 3.4) / 7.0) * 7.0
    bulb = length(p[0], p[1] - 5.06, z) < 0.125
    albedo = np.where(bulb, vector(0.8, 0.76, 0.66), vector(0.025, 0.024, 0.024))
    return dull(np.broadcast_to(albedo, p.shape).astype(np.float32), normal)


def dull(albedo: Array, normal: Array) -> Surface:
    """Return a surface without any gloss."""
    rough = np.ones(normal.shape[1], np.float32)
    return Surface(albedo.astype(np.float32), np.zeros_like(normal), rough, normal)


def picture(width: int, height: int) -> Array:
    """Return the encoded picture (H, W, 3), upright, without dust."""
    camera = Camera(vector(0.75, 1.62, 5.0), vector(-0.15, 3.35, -8.0), 1.75)
    light, depth = render(Street(), camera, (width, height), extra=3, limit=0.13)
    light = lens_blur(light, depth, 9.0, width / 700, 2.0)
    light = vignette(glow(light, width / 80, 0.07), 0.22)
    return grain(tone(light * 1.2), 0.009, seed=3, size=0.55)
