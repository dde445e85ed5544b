"""A steel chronograph on a leather strap, lying on walnut."""

import numpy as np
from film import glow, grain, lens_blur, tone, vignette
from scene_mug import soft_box
from texture import box2, box3, bump, fbm, length, noise, random, segment2, within
from tracer import (
    Array,
    Camera,
    Light,
    Mask,
    Scene,
    Surface,
    mix,
    render,
    smoothstep,
    unit,
    vector,
)

DIAL_Y = 0.36
TABLE, STRAP, CASE, DIAL = range(4)


class Watch(Scene):
    """The face looks up (+y); twelve o'clock points away from the camera (-z)."""

    far = 24.0
    shadow_reach = 4.0
    occlusion_reach = 0.35
    lights = (
        Light(unit(vector(-0.65, 0.85, -0.25)), vector(1.35, 1.25, 1.12), 0.16, 0.35),
        Light(unit(vector(0.7, 0.6, 0.5)), vector(0.25, 0.28, 0.34), 0.5, 0.0),
    )

    def solid(self, p: Array) -> Array:
        """Return the distance to anything."""
        above = np.maximum(length(p[0], p[2]) - 0.88, 0.3 - p[1])
        hands = within(above, p, self.hands, 0.06)
        metal = np.minimum(self.case(p), hands)
        return np.minimum(np.minimum(metal, self.strap(p)), p[1])

    def case(self, p: Array) -> Array:
        """Return the distance to case, bezel, dial, lugs, crown and pushers."""
        x, y, z = p
        radius = length(x, z)
        body = box2(radius, y - 0.23, 1.0, 0.17, 0.06)
        bezel = box2(radius - 0.90, y - 0.42, 0.085, 0.055, 0.04)
        body = np.minimum(body, bezel)
        lug = box3(
            np.abs(x) - 0.62, y - 0.2, np.abs(z) - 0.92, (0.12, 0.13, 0.34), 0.07
        )
        crown = box2(length(y - 0.25, z), x - 1.14, 0.13, 0.10, 0.03)
        crown = crown + 0.008 * np.cos(26 * np.arctan2(z, y - 0.25))
        push = box2(length(y - 0.25, np.abs(z) - 0.46), x - 1.02, 0.075, 0.13, 0.03)
        return np.minimum(np.minimum(body, lug), np.minimum(crown, push))

    def hands(self, p: Array) -> Array:
        """Return the distance to hands and hour marks above the dial."""
        x, y, z = p
        y = y - (DIAL_Y + 0.075)
        hour = hand(x, y, z, -0.93, 0.46, 0.04)
        minute = hand(x, y - 0.02, z, 1.02, 0.70, 0.03)
        second = hand(x, y - 0.045, z, 2.55, 0.76, 0.010)
        hub = box2(length(x, z), y, 0.065, 0.05, 0.02)
        angle = np.arctan2(x, -z)
        turn = np.round(angle / (np.pi / 6)) * (np.pi / 6)
        along = -z * np.cos(turn) + x * np.sin(turn)
        across = x * np.cos(turn) + z * np.sin(turn)
        mark = box3(across, y + 0.06, along - 0.67, (0.026, 0.035, 0.085), 0.012)
        return np.minimum(
            np.minimum(np.minimum(hour, minute), np.minimum(second, hub)), mark
        )

    def strap(self, p: Array) -> Array:
        """Return the distance to both halves of the strap, bent to the table."""
        x, y, z = p
        out = np.abs(z)
        height = 0.085 + 0.16 * smoothstep(1.9, 0.9, out)
        wide = 0.50 - 0.035 * smoothstep(1.0, 4.0, out)
        edge = box3(x, y - height, out - 3.0, (0.5, 0.075, 2.05), 0.05)
        padded = 0.02 * smoothstep(0.45, 0.1, np.abs(x))
        return (np.maximum(edge, np.abs(x) - wide) - padded) * np.float32(0.9)

    def surface(self, p: Array, normal: Array) -> Surface:
        """Return wood, leather, steel or dial."""
        metal = np.minimum(self.case(p), self.hands(p))
        parts = np.stack([p[1], self.strap(p), metal])
        which = np.argmin(parts, axis=0)
        dial = (length(p[0], p[2]) < 0.83) & (p[1] < DIAL_Y + 0.06) & (which == CASE)
        dial &= self.hands(p) > 2e-3
        which = np.where(dial, DIAL, which)
        albedo, gloss = np.empty_like(p), np.empty_like(p)
        rough, bumped = np.empty(p.shape[1], np.float32), normal.copy()
        for index, material in enumerate((walnut, leather, steel, face)):
            at = which == index
            if at.any():
                s = material(p[:, at], normal[:, at])
                albedo[:, at], gloss[:, at] = s.albedo, s.gloss
                rough[at], bumped[:, at] = s.rough, s.normal
        return Surface(albedo, gloss, rough, bumped)

    def background(self, d: Array) -> Array:
        """Return a dim studio."""
        return mix(
            vector(0.06, 0.055, 0.05), vector(0.16, 0.165, 0.18), 0.5 + 0.5 * d[1]
        )

    def ambient(self, normal: Array) -> Array:
        """Return light from a large window."""
        up = 0.5 + 0.5 * normal[1]
        return mix(vector(0.08, 0.06, 0.05), vector(0.20, 0.215, 0.24), up)

    def reflected(self, d: Array, rough: Array) -> Array:
        """Return a window, a strip and black cards between them."""
        soft = 0.04 + 0.4 * rough
        pane = soft_box(d, vector(-0.55, 0.8, -0.55), 0.5, 0.35, soft)
        strip = soft_box(d, vector(0.8, 0.55, 0.1), 0.12, 0.6, soft)
        front = soft_box(d, vector(0.0, 0.5, 0.9), 0.6, 0.12, soft)
        room = self.background(d)
        return room + pane * 1.5 + strip * vector(1.5, 1.65, 1.9) + front * 0.8


def hand(x: Array, y: Array, z: Array, turn: float, reach: float, wide: float) -> Array:
    """Return the distance to one hand, *turn* radians after twelve."""
    along = -z * np.cos(turn) + x * np.sin(turn)
    across = x * np.cos(turn) + z * np.sin(turn)
    taper = wide * (1 - 0.45 * np.clip(along / reach, 0, 1))
    bar = box3(across * 0, y, along - reach * 0.42, (1, 0.008, reach * 0.58), 0.006)
    return np.maximum(bar, np.abs(across) - taper)


def walnut(p: Array, normal: Array) -> Surface:
    """Return oiled boards with year rings and pores."""
    x, z = p[0] * 0.94 + p[2] * 0.34, p[2] * 0.94 - p[0] * 0.34
    board = np.floor(z / 1.55)
    shift = random(board, board, 3) * 40
    q = np.stack([x * 0.55 + shift, board * 9.1, z * 3.6])
    ring = np.sin(16 * (fbm(q, 3) + 0.12 * z)) * 0.5 + 0.5
    pores = noise(np.stack([x * 7 + shift, board, z * 85]))
    tone_ = (
        0.55 + 0.3 * ring + 0.35 * fbm(q * 2.2, 4) - 0.30 * smoothstep(0.62, 0.9, pores)
    )
    tone_ *= 0.8 + 0.4 * random(board, board, 5)
    albedo = vector(0.17, 0.085, 0.043) * tone_
    seam = np.abs(z / 1.55 - np.round(z / 1.55)) * 1.55
    albedo = albedo * (1 - 0.8 * smoothstep(0.016, 0.004, seam))
    rough = (0.52 + 0.2 * pores).astype(np.float32)
    return Surface(
        albedo.astype(np.float32),
        np.full_like(p, 0.035),
        rough,
        bump(p, normal, 50, 0.05),
    )


def leather(p: Array, normal: Array) -> Surface:
    """Return cognac leather, darker at the edges, with two rows of stitches."""
    edge = np.abs(p[0])
    base = vector(0.27, 0.085, 0.025) * (0.62 + 0.7 * fbm(p * 9, 4))
    base = mix(base, vector(0.07, 0.026, 0.012), smoothstep(0.38, 0.5, edge) * 0.75)
    dash = np.abs(p[2] / 0.115 - np.round(p[2] / 0.115))
    stitch = smoothstep(0.022, 0.014, np.abs(edge - 0.41)) * (dash < 0.36)
    stitch = stitch * (normal[1] > 0.5)
    albedo = mix(base, vector(0.72, 0.63, 0.47), stitch)
    rough = np.full(p.shape[1], 0.54, np.float32)
    grainy = bump(bump(p, normal, 34, 0.32), normal, 15, 0.12)
    return Surface(albedo, np.full_like(p, 0.04), rough, bump(p, grainy, 70, 0.2))


def steel(p: Array, normal: Array) -> Surface:
    """Return brushed steel, polished on slopes; the second hand is orange."""
    thin = hand(p[0], p[1] - DIAL_Y - 0.12, p[2], 2.55, 0.76, 0.010) < 2e-3
    flat = np.abs(normal[1]) > 0.9
    rough = np.where(flat, 0.22, 0.12).astype(np.float32)
    albedo = np.where(thin, vector(0.75, 0.16, 0.02), vector(0.05, 0.05, 0.05))
    gloss = np.where(thin, vector(0.05, 0.05, 0.05), vector(0.66, 0.65, 0.63))
    angle = np.arctan2(p[0], p[2]) * 40
    brush = bump(np.stack([angle, p[1] * 90, length(p[0], p[2])]), normal, 1.0, 0.05)
    return Surface(albedo, gloss, rough, brush)


def face(p: Array, normal: Array) -> Surface:
    """Return a blue dial with a sunburst, a minute track and three small dials."""
    x, z = p[0], p[2]
    angle, radius = np.arctan2(x, -z), length(x, z)
    rays = noise(np.stack([angle * 45, radius * 0.5, x * 0]))
    shine = 0.55 + 0.9 * np.cos(2 * (angle + 0.9)) ** 4
    base = vector(0.010, 0.045, 0.13) * shine * (0.85 + 0.3 * rays)
    base = base * (1.15 - 0.5 * radius)
    small, lines = small_dials(x, z)
    base = np.where(small, vector(0.006, 0.012, 0.03), base)
    tick = (
        np.abs(angle / (np.pi / 30) - np.round(angle / (np.pi / 30))) * radius * 0.105
    )
    track = (tick < 0.007) & (np.abs(radius - 0.785) < 0.025)
    ink = np.maximum(track, lines)
    for start, end in (
        ((-0.10, -0.36), (0.10, -0.36)),
        ((-0.06, -0.31), (0.06, -0.31)),
    ):
        ink = np.maximum(ink, smoothstep(0.014, 0.008, segment2(x, z, start, end)))
    albedo = mix(base, vector(0.75, 0.76, 0.74), ink)
    rough = np.full(p.shape[1], 0.35, np.float32)
    return Surface(albedo.astype(np.float32), np.full_like(p, 0.04), rough, normal)


def small_dials(x: Array, z: Array) -> tuple[Mask, Array]:
    """Return where the three small dials are, and the ink (0..1) on them."""
    inside = np.zeros(x.shape, np.bool_)
    ink = np.zeros(x.shape, np.float32)
    for cx, cz, turn in ((-0.36, 0.0, 0.6), (0.36, 0.0, -2.2), (0.0, 0.37, 2.0)):
        dx, dz = x - cx, z - cz
        radius, angle = length(dx, dz), np.arctan2(dx, -dz)
        inside |= radius < 0.205
        tick = (
            np.abs(angle / (np.pi / 6) - np.round(angle / (np.pi / 6))) * radius * 0.52
        )
        marks = (tick < 0.008) & (np.abs(radius - 0.17) < 0.025)
        ring = smoothstep(0.010, 0.005, np.abs(radius - 0.205))
        tip = (0.15 * float(np.sin(turn)), -0.15 * float(np.cos(turn)))
        needle = smoothstep(0.013, 0.007, segment2(dx, dz, (0, 0), tip))
        ink = np.maximum(ink, np.maximum(np.maximum(marks, ring), needle))
    return inside, ink


def picture(width: int, height: int) -> Array:
    """Return the encoded picture (H, W, 3)."""
    camera = Camera(vector(1.5, 4.9, 3.6), vector(0.02, 0.12, 0.06), 3.35)
    light, depth = render(Watch(), camera, (width, height))
    blur = width / 110
    light = lens_blur(light, depth, 6.0, blur * 1.3, blur)
    light = vignette(glow(light, width / 60, 0.05), 0.3)
    return grain(tone(light), 0.009, seed=11)
