"""From linear light to a picture: lens blur, glow, tone curve, vignette, grain."""

from itertools import pairwise

import numpy as np
import pyvips
from tracer import Array


def to_vips(pixels: Array) -> pyvips.Image:
    """Return float pixels (H, W, 3) as an image."""
    return pyvips.Image.new_from_array(np.ascontiguousarray(pixels, np.float32))


def blur(pixels: Array, sigma: float) -> Array:
    """Return pixels (H, W) or (H, W, C) blurred by a Gaussian."""
    image = to_vips(pixels).gaussblur(sigma, precision="float")
    return np.asarray(image.numpy(), np.float32).reshape(pixels.shape)


def disc_blur(pixels: Array, radius: float) -> Array:
    """Return (H, W, C) blurred by a round aperture, through the Fourier transform."""
    pad = int(radius) + 2
    wide = np.pad(pixels, ((pad, pad), (pad, pad), (0, 0)), mode="edge")
    height, width = wide.shape[:2]
    y = np.minimum(np.arange(height), height - np.arange(height))[:, None]
    x = np.minimum(np.arange(width), width - np.arange(width))[None, :]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    kernel = np.fft.rfft2(disc / disc.sum())[:, :, None]
    spectrum = np.fft.rfft2(wide, axes=(0, 1)) * kernel
    soft = np.fft.irfft2(spectrum, s=(height, width), axes=(0, 1))
    return soft[pad:-pad, pad:-pad].astype(np.float32)


def lens_blur(
    pixels: Array, depth: Array, focus: float, strength: float, limit: float
) -> Array:
    """Blur what is out of focus, layer by layer from far to near.

    Args:
        pixels: linear light (H, W, 3).
        depth: distance of each pixel (H, W).
        focus: the distance that is sharp.
        strength: pixels of blur for something infinitely far away.
        limit: the largest blur in pixels.

    """
    circle = np.clip(strength * (1 - focus / depth), -limit, limit)
    out = disc_blur(pixels, limit)
    edges = np.linspace(limit, -limit, 9)
    for high, low in pairwise(edges):
        inside = ((circle <= high) & (circle >= low)).astype(np.float32)[..., None]
        if not inside.any():
            continue
        layer = np.concatenate([pixels * inside, inside], axis=2)
        radius = abs(high + low) / 2
        if radius > 0.6:
            layer = disc_blur(layer, radius)
        cover = np.clip(layer[..., 3:], 0, 1)
        out = out * (1 - cover) + layer[..., :3]
    return np.maximum(out, 0)


def tone(linear: Array) -> Array:
    """Return linear light on a filmic curve, encoded as sRGB 0..1.

    The curve is Narkowicz's fit of the ACES reference transform (2015).
    """
    x = linear * np.float32(0.8)
    film = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)
    return encode(np.clip(film, 0, 1))


def encode(linear: Array) -> Array:
    """Return linear 0..1 as sRGB 0..1 (IEC 61966-2-1)."""
    low = linear * 12.92
    high = 1.055 * np.maximum(linear, 1e-6) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, low, high).astype(np.float32)


def glow(linear: Array, sigma: float, share: float) -> Array:
    """Return *linear* with a little light scattered in the lens."""
    return linear + share * (blur(np.minimum(linear, 4), sigma) - linear)


def vignette(linear: Array, strength: float) -> Array:
    """Return *linear*, darker by *strength* in the corners."""
    height, width = linear.shape[:2]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return linear * (1 - strength * ((x * x + y * y) / 2) ** 1.3)[..., None]


def grain(picture: Array, strength: float, seed: int, size: float = 0.6) -> Array:
    """Return an encoded picture with film grain, strongest in the middle tones."""
    rng = np.random.default_rng(seed)
    flakes = rng.standard_normal(picture.shape, dtype=np.float32)
    flakes = 0.75 * flakes.mean(axis=2, keepdims=True) * 3**0.5 + 0.35 * flakes
    flakes = blur(flakes, size) * np.float32(2 * size * np.pi**0.5)
    luma = picture.mean(axis=2, keepdims=True)
    weight = 0.35 + 2.6 * luma * (1 - luma)
    return np.clip(picture + flakes * weight * np.float32(strength), 0, 1)
