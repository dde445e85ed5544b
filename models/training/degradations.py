"""What happens to a picture before it reaches a shop: blur, noise, scaling, JPEG.

The order and the strength of every step are drawn; the same seed gives the same
picture. Needs numpy and OpenCV only. The idea of drawing the order is that of
BSRGAN (arXiv 2103.14006); strengths are our own, milder.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator

from training.resample import resize_bytes

Picture = np.ndarray
"""uint8 (H, W, 3)."""
Worse = Callable[[Picture, Generator], Picture]

CLEAN = 0.12
"""Share of pictures that are only shrunk: what is clean must stay clean."""


def degrade(large: Picture, scale: int, rng: Generator) -> Picture:
    """Shrink uint8 (sH, sW, 3) to (H, W, 3) and wear it down on the way."""
    height, width = large.shape[0] // scale, large.shape[1] // scale
    if rng.uniform() < CLEAN:
        return resize_bytes(large, height, width)
    before = [(blur_large, 0.6), (detour, 0.4), (noise_large, 0.4), (jpeg_large, 0.2)]
    after = [(noise_small, 0.45), (jpeg, 0.8), (blur_small, 0.2), (sharpen, 0.15)]
    picture = some(large, before, rng)
    kernel = str(rng.choice(["cubic", "linear", "box", "lanczos"]))
    return some(resize_bytes(picture, height, width, kernel), after, rng)


def some(picture: Picture, steps: list[tuple[Worse, float]], rng: Generator) -> Picture:
    """Take each step with its chance, in a random order."""
    for index in rng.permutation(len(steps)):
        step, chance = steps[index]
        if rng.uniform() < chance:
            picture = step(picture, rng)
    return picture


def blur_large(picture: Picture, rng: Generator) -> Picture:
    """Out of focus or moved: an oblong Gaussian of up to 3 px."""
    return blur(picture, rng.uniform(0.3, 3.0), rng.uniform(0.5, 1), rng)


def blur_small(picture: Picture, rng: Generator) -> Picture:
    """The softness of one more resize."""
    return blur(picture, rng.uniform(0.2, 0.7), 1.0, rng)


def blur(picture: Picture, sigma: float, oblong: float, rng: Generator) -> Picture:
    """Convolve with a Gaussian of *sigma* px, narrower by *oblong* across."""
    reach = int(np.ceil(3 * sigma))
    down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    angle = rng.uniform(0, np.pi)
    along = np.cos(angle) * right + np.sin(angle) * down
    across = np.cos(angle) * down - np.sin(angle) * right
    kernel = np.exp(-0.5 * ((along / sigma) ** 2 + (across / (sigma * oblong)) ** 2))
    return cv2.filter2D(
        picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT
    )


def detour(picture: Picture, rng: Generator) -> Picture:
    """Shrink to 40..90 % and back, as a picture that was resized before."""
    height, width = picture.shape[:2]
    part = rng.uniform(0.4, 0.9)
    there, back = rng.choice(["cubic", "linear", "box", "lanczos"], 2)
    small = resize_bytes(picture, round(height * part), round(width * part), str(there))
    return resize_bytes(small, height, width, str(back))


def noise_large(picture: Picture, rng: Generator) -> Picture:
    """Noise of the sensor; three quarters of it vanish when the picture shrinks."""
    return noise(picture, rng.uniform(2, 25), rng)


def noise_small(picture: Picture, rng: Generator) -> Picture:
    """Noise that is there at the final size."""
    return noise(picture, rng.uniform(0.5, 9), rng)


def noise(picture: Picture, sigma: float, rng: Generator) -> Picture:
    """Add Gaussian noise: coloured or grey, sometimes stronger where it is bright."""
    bands = 3 if rng.uniform() < 0.6 else 1
    grain = rng.normal(0, sigma, (*picture.shape[:2], bands))
    if rng.uniform() < 0.4:
        grain *= np.sqrt(picture.mean(2, keepdims=True) / 128 + 0.05)
    return np.rint(picture + grain).clip(0, 255).astype(np.uint8)


def jpeg_large(picture: Picture, rng: Generator) -> Picture:
    """JPEG by the camera, before the picture shrinks."""
    return compress(picture, int(rng.integers(35, 96)))


def jpeg(picture: Picture, rng: Generator) -> Picture:
    """JPEG by the shop or the messenger, at the final size."""
    return compress(picture, int(rng.integers(30, 96)))


def compress(picture: Picture, quality: int) -> Picture:
    """Pass through JPEG with halved chroma."""
    _, body = cv2.imencode(
        ".jpg", np.ascontiguousarray(picture), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    return cv2.imdecode(body, cv2.IMREAD_UNCHANGED)


def sharpen(picture: Picture, rng: Generator) -> Picture:
    """Unsharp mask, as shops love it."""
    soft = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.6, 1.5))
    amount = rng.uniform(0.2, 0.8)
    return cv2.addWeighted(picture, 1 + amount, soft, -amount, 0)
