"""Sets a cut-out before another background, with the shadow that it cast."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.media.matte import Cutout, Floats
from retouchd.media.pixels import Pixels

_SHADOW_EDGE = 256
# A background counts as flat when its brightness follows a smooth surface this closely
# on at least this share of it; the rest may be shadow.
_FLATNESS, _FLAT_SHARE = 0.02, 0.5
_FAINTEST, _DEEPEST = 0.02, 0.25


def shadow_of(pixels: Pixels, alpha: Pixels) -> Floats | None:
    """Measure the shadow on a background of one colour.

    Args:
        pixels: (H, W, 3), the picture with its background.
        alpha: (H, W), the subject.

    Returns:
        (H, W), 1 where there is no shadow, less the darker it is; ``None`` where the
        background is not flat, so that shadow and pattern cannot be told apart.
    """
    height, width = alpha.shape
    scale = min(1.0, _SHADOW_EDGE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    peak = np.iinfo(alpha.dtype).max
    seen: Any = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    brightness = seen.astype(np.float32).mean(axis=2) / peak
    covered: Any = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    free = cv2.dilate((covered > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    ratio = _ratio(brightness, free)
    if ratio is None:
        return None
    # Under the subject and its fringe the shadow goes on as it is beside them.
    weight = free.astype(np.float32)
    near: Any = cv2.GaussianBlur(ratio * weight, (0, 0), 3)
    near = near / np.maximum(cv2.GaussianBlur(weight, (0, 0), 3), 1e-3)
    smooth = cv2.GaussianBlur(np.where(free, ratio, near), (0, 0), 1)
    softened = np.clip((smooth + _FAINTEST), _DEEPEST, 1).astype(np.float32)
    return np.asarray(cv2.resize(softened, (width, height)), np.float32)


def _ratio(brightness: Floats, free: NDArray[np.bool_]) -> Floats | None:
    """Brightness over that of the unshaded background, a quadratic surface."""
    if free.mean() < 0.05:
        return None
    y, x = np.mgrid[
        -1 : 1 : brightness.shape[0] * 1j, -1 : 1 : brightness.shape[1] * 1j
    ]
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1)
    # Begin with the brighter half: a shadow only ever darkens.
    lit = free & (brightness >= np.median(brightness[free]))
    surface = brightness
    for _ in range(6):
        weights, *_ = np.linalg.lstsq(terms[lit], brightness[lit], rcond=None)
        surface = np.maximum(terms @ weights, 1e-3).astype(np.float32)
        lit = free & (np.abs(brightness / surface - 1) < 2 * _FLATNESS)
        if lit.sum() < _FLAT_SHARE * free.sum():
            return None
    spread = float(np.std((brightness / surface)[lit]))
    return brightness / surface if spread < _FLATNESS else None


def centred(cutout: Cutout, margin: float) -> tuple[Cutout, int, int]:
    """Reframe a cut-out so that the subject stands in the middle.

    Args:
        cutout: with a subject that is opaque somewhere.
        margin: space on each side, as share of the subject's longer edge.

    Returns:
        The cut-out in its new frame, and that frame's left and top in the old one;
        negative where it is wider.
    """
    clearly = (cutout.alpha > np.iinfo(cutout.alpha.dtype).max // 20).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(clearly)
    space = round(margin * max(width, height))
    frame = (left - space, top - space, width + 2 * space, height + 2 * space)
    shadow = cutout.shadow
    moved = Cutout(
        _moved(cutout.colours, frame, 0),
        _moved(cutout.alpha, frame, 0),
        None if shadow is None else _moved(shadow, frame, 1),
    )
    return moved, frame[0], frame[1]


def _moved(plane: Any, frame: tuple[int, int, int, int], outside: int) -> Any:
    """Cut *frame* (left, top, width, height) out of *plane*; it may reach beyond."""
    left, top, width, height = frame
    moved = np.full((height, width, *plane.shape[2:]), outside, plane.dtype)
    kept = plane[max(top, 0) : top + height, max(left, 0) : left + width]
    down, across = max(-top, 0), max(-left, 0)
    moved[down : down + kept.shape[0], across : across + kept.shape[1]] = kept
    return moved


def on_nothing(cutout: Cutout) -> Pixels:
    """Return (H, W, 4): the cut-out with its alpha, and its shadow as black."""
    if cutout.shadow is None:
        return _stack(cutout.colours, cutout.alpha)
    peak = np.iinfo(cutout.alpha.dtype).max
    opacity = cutout.alpha.astype(np.float32) / peak
    total = opacity + (1 - opacity) * (1 - cutout.shadow)
    part = opacity / np.maximum(total, 1e-6)
    colours = np.rint(cutout.colours * part[:, :, None])
    return _stack(colours.astype(cutout.colours.dtype), np.rint(total * peak))


def _stack(colours: Pixels, alpha: NDArray[Any]) -> Pixels:
    """Join colours and alpha; clear pixels become black, they carry nothing."""
    # In OpenCV, since indexing with a mask costs numpy ten times as much.
    seen = cv2.copyTo(colours, (alpha > 0).astype(np.uint8))
    stacked: Any = cv2.cvtColor(seen, cv2.COLOR_RGB2RGBA)
    stacked[:, :, 3] = alpha
    return np.asarray(stacked)


def on_background(cutout: Cutout, background: Pixels) -> Pixels:
    """Return (H, W, 3): the cut-out and its shadow before *background*.

    Args:
        cutout: the subject.
        background: (H, W, 3), or (1, 1, 3) for one colour; same type.
    """
    alpha = cutout.alpha
    peak = np.iinfo(alpha.dtype).max
    shape = cutout.colours.shape
    result: Pixels = np.array(np.broadcast_to(background, shape), order="C")
    if cutout.shadow is not None:
        result = np.rint(result * cutout.shadow[:, :, None]).astype(alpha.dtype)
    solid = alpha == peak
    cv2.copyTo(cutout.colours, solid.astype(np.uint8), result)
    edge = (alpha > 0) & ~solid
    share = (alpha[edge].astype(np.float32) / peak)[:, None]
    mixed = cutout.colours[edge] * share + result[edge] * (1 - share)
    result[edge] = np.rint(mixed).astype(alpha.dtype)
    return result
