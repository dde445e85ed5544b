"""Training pictures for the cut-out: photos with taught mattes, and composites.

Tensors are float32 (N, C, H, W), 0..1; mattes have one channel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyvips
import torch
from torch.nn import functional

from training.data import to_batch
from training.holes import blob, box


@dataclass(frozen=True)
class Stock:
    """What composites are made from."""

    photos: np.ndarray
    """uint8 (N, S, S, 3)."""
    mattes: np.ndarray
    """uint8 (N, S, S), by the teacher."""
    cuttable: np.ndarray
    """Indices whose matte is decided and does not run out of the picture."""
    scenes: np.ndarray
    """Indices of photos that serve as backgrounds."""

    def shrunk(self, size_px: int) -> Stock:
        """The same stock at a smaller size; faster to draw from and to learn from."""
        return replace(
            self,
            photos=np.stack([shrink(each, size_px) for each in self.photos]),
            mattes=np.stack([shrink(each, size_px) for each in self.mattes]),
        )


def shrink(picture: np.ndarray, size_px: int) -> np.ndarray:
    """Shrink a square uint8 picture with 0 or 3 bands to (size_px, size_px, ...)."""
    small = pyvips.Image.new_from_array(picture).resize(size_px / picture.shape[0])
    return small.numpy()


def cuttable(mattes: np.ndarray) -> np.ndarray:
    """Indices of the mattes that make clean cut-outs, of uint8 (N, H, W)."""
    unsure = ((mattes > 40) & (mattes < 215)).mean((1, 2))
    area = (mattes > 127).mean((1, 2))
    rim = np.concatenate(
        [mattes[:, 0], mattes[:, -1], mattes[:, :, 0], mattes[:, :, -1]], axis=1
    )
    leaves = (rim > 60).mean(1)
    good = (unsure < 0.3 * area) & (area > 0.05) & (area < 0.7) & (leaves < 0.04)
    return np.flatnonzero(good)


def random_batch(
    stock: Stock, rng: np.random.Generator, count: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw *count* pictures and mattes: a quarter real photos."""
    taken = count // 4
    real, taught = real_photos(stock, rng, taken)
    made, exact = composites(stock, rng, count - taken)
    return recolour(torch.cat([real, made]), rng), torch.cat([taught, exact])


def real_photos(
    stock: Stock, rng: np.random.Generator, count: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Photos with their taught matte, mirrored and cropped a little."""
    chosen = rng.integers(len(stock.photos), size=count)
    x = to_batch(list(stock.photos[chosen]))
    alpha = to_batch(list(stock.mattes[chosen][..., None]))
    both = warp(torch.cat([x, alpha], 1), rng, zoom=(0.75, 1.0), tilt=0.1, shift=0.25)
    return both[:, :3], both[:, 3:]


def composites(
    stock: Stock, rng: np.random.Generator, count: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cut-outs, some of invented shape, on plain or photographed ground."""
    chosen = rng.choice(stock.cuttable, size=count)
    invented = np.flatnonzero(rng.uniform(size=count) < 0.5)
    alpha = to_batch(list(stock.mattes[chosen][..., None]))
    # an invented shape may carry any photo's texture
    chosen[invented] = rng.integers(len(stock.photos), size=len(invented))
    colour = tint(to_batch(list(stock.photos[chosen])), rng)
    side = alpha.shape[2]
    for index in invented:
        alpha[index, 0] = torch.from_numpy(invent(side, rng))
        colour[index] = light(colour[index], rng)
    alpha = functional.avg_pool2d(alpha, 3, 1, 1)
    # the teacher's rim is soft and shows the old background: tighten it
    alpha = ((alpha - 0.3) / 0.6).clamp(0, 1)
    both = warp(
        torch.cat([colour, alpha], 1),
        rng,
        zoom=(0.8, 1.7),
        tilt=0.5,
        shift=0.5,
        pad="zeros",
    )
    colour, alpha = both[:, :3], both[:, 3:]
    ground = grounds(stock, rng, count)
    ground = ground * shadow(alpha, rng)
    return colour * alpha + ground * (1 - alpha), alpha


def invent(side_px: int, rng: np.random.Generator) -> np.ndarray:
    """One to three blobs or boxes, float32 (side_px, side_px), 1 inside."""
    shape = np.zeros((side_px, side_px), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        draw = blob if rng.uniform() < 0.75 else box
        shape = np.maximum(shape, draw(side_px, side_px * 2 // 3, rng))
    return shape


def tint(x: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Swap and scale the colour channels of half the pictures, or most are cloth."""
    for index in np.flatnonzero(rng.uniform(size=len(x)) < 0.5):
        gain = torch.from_numpy(rng.uniform(0.5, 1.4, (3, 1, 1))).float()
        x[index] = (x[index, rng.permutation(3)] * gain).clamp(0, 1)
    return x


def light(colour: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Calm the texture of (3, H, W), colour it and shade it like a round body."""
    side = colour.shape[1]
    body = torch.from_numpy(rng.uniform(0, 1, (3, 1, 1))).float()
    calm = torch.lerp(colour, body.expand_as(colour), float(rng.uniform(0, 0.9)))
    across = torch.linspace(-1, 1, side)
    slope = across * float(rng.normal(0, 0.25)) + across[:, None] * float(
        rng.normal(0, 0.25)
    )
    return (calm * (1 + slope)).clamp(0, 1)


def grounds(stock: Stock, rng: np.random.Generator, count: int) -> torch.Tensor:
    """Backgrounds: enlarged pieces of scenes, or a plain colour with a gradient."""
    scenes = to_batch(list(stock.photos[rng.choice(stock.scenes, size=count)]))
    scenes = warp(scenes, rng, zoom=(0.5, 1.0), tilt=0.1, shift=0.7)
    side = scenes.shape[2]
    for index in np.flatnonzero(rng.uniform(size=count) < 0.4):
        light = rng.uniform(0.75, 1) if rng.uniform() < 0.6 else rng.uniform(0, 1)
        plain = torch.from_numpy(light + rng.normal(0, 0.06, (3, 1, 1)))
        slope = torch.linspace(0, float(rng.normal(0, 0.2)), side)
        scenes[index] = (plain + slope[:, None]).clamp(0, 1)
    return scenes


def shadow(alpha: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Darkening (N, 1, H, W), 0..1, under shifted copies of *alpha*; often none."""
    down, right = (int(shift) for shift in rng.integers(-14, 15, 2))
    soft = torch.roll(alpha, (down, right), (2, 3))
    for _ in range(2):
        soft = functional.avg_pool2d(soft, 17, 1, 8)
    depth = torch.from_numpy(rng.uniform(-0.3, 0.5, (len(alpha), 1, 1, 1))).float()
    return 1 - depth.clamp(min=0) * soft


def warp(
    x: torch.Tensor,
    rng: np.random.Generator,
    zoom: tuple[float, float],
    tilt: float,
    shift: float,
    pad: str = "reflection",
) -> torch.Tensor:
    """Mirror, scale, turn and move each picture of a batch.

    Args:
        x: (N, C, H, W).
        rng: source of chance.
        zoom: range of the part that is seen; above 1 the picture shrinks.
        tilt: standard angle in radians.
        shift: share of the spare room (that zoom leaves) to move by.
        pad: what lies outside, as in ``grid_sample``.
    """
    count = len(x)
    part = rng.uniform(*zoom, count)
    angle = rng.normal(0, tilt, count) * (rng.uniform(size=count) < 0.5)
    mirror = rng.choice([-1.0, 1.0], count)
    room = np.abs(1 - part) * shift / max(shift, 0.5)
    theta = np.zeros((count, 2, 3), np.float32)
    theta[:, 0, 0] = part * np.cos(angle) * mirror
    theta[:, 0, 1] = -part * np.sin(angle)
    theta[:, 1, 0] = part * np.sin(angle) * mirror
    theta[:, 1, 1] = part * np.cos(angle)
    theta[:, :, 2] = rng.uniform(-1, 1, (count, 2)) * room[:, None]
    grid = functional.affine_grid(
        torch.from_numpy(theta), list(x.shape), align_corners=False
    )
    return functional.grid_sample(x, grid, padding_mode=pad, align_corners=False)


def recolour(x: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Change exposure, white balance and contrast; blur and noise some pictures."""
    count = len(x)

    def spread(low: float, high: float, channels: int = 1) -> torch.Tensor:
        return torch.from_numpy(rng.uniform(low, high, (count, channels, 1, 1))).float()

    x = x.clamp(0, 1) ** spread(0.7, 1.4) * spread(0.88, 1.12, 3)
    x = (x - 0.5) * spread(0.75, 1.2) + 0.5
    blurred = functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    x = torch.lerp(x, blurred, (spread(-1, 1)).clamp(min=0))
    noise = torch.from_numpy(rng.standard_normal(tuple(x.shape), dtype=np.float32))
    return (x + noise * spread(-0.02, 0.03).clamp(min=0)).clamp(0, 1)
