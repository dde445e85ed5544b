"""Short shots: photographs that move, rest, fade or are cut, with noise."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from fractions import Fraction
from functools import cache, partial
from pathlib import Path

import av
import cv2
import numpy as np
from planted import SEED, Array, photographs

from retouchd.gate import FinishedClip
from retouchd.media.clips.opening import Clip, opened, read_facts

EDGE = 160
FRAMES = 18
REAL_CLIPS = "video/real"
Shot = Callable[[], Iterator[Array]]
"""Makes the frames of a shot anew."""


def shots(data: Path | None) -> list[Shot]:
    """Return shots of our renders and, with *data*, of photographs and real clips."""
    photos = list(photographs(data, 2 * EDGE))
    made: list[Shot] = []
    chance = np.random.default_rng(SEED)
    repeats = 1 if data else 2
    for number in range(repeats * len(photos)):
        photo = photos[number % len(photos)]
        other = photos[(number + 1) % len(photos)]
        kind = str(chance.choice(KINDS))
        made.append(partial(_shot, photo, other, kind, number))
    for path in sorted((data / REAL_CLIPS).iterdir()) if data else ():
        made += [partial(iter, run) for run in _runs(path)]
    return made


def _runs(path: Path) -> list[list[Array]]:
    """Return up to four runs of neighbouring frames of a clip."""
    frames: list[Array] = []
    with av.open(path) as clip:
        for frame in clip.decode(video=0):
            scale = EDGE / max(frame.width, frame.height)
            size = (round(frame.width * scale), round(frame.height * scale))
            small = frame.reformat(*size, format="rgb24", interpolation="AREA")
            frames.append(small.to_ndarray())
            if len(frames) == 4 * FRAMES:
                break
    runs = [frames[n : n + FRAMES] for n in range(0, len(frames), FRAMES)]
    return [run for run in runs if len(run) == FRAMES]


def _shot(photo: Array, other: Array, kind: str, seed: int) -> Iterator[Array]:
    chance = np.random.default_rng(seed)
    other = cv2.resize(other, (photo.shape[1], photo.shape[0]))
    noise = chance.choice([0.0, 2.0, 5.0])
    speed = chance.uniform(1.5, 5.0) * chance.choice([-1, 1])
    for number in range(FRAMES):
        shown = other if kind == "cut" and number >= FRAMES // 2 else photo
        x, y, zoom, light = _camera(kind, number, speed, chance)
        pixels = _window(shown, x, y, zoom) * light
        grain = chance.normal(0, noise, pixels.shape)
        yield np.rint((pixels + grain).clip(0, 255)).astype(np.uint8)


KINDS = ("pan", "zoom", "rest", "fade", "lamp", "cut", "hand", "drift")


def _camera(
    kind: str, number: int, speed: float, chance: np.random.Generator
) -> tuple[float, float, float, float]:
    """Return shift right and down in pixels, zoom and light of a frame."""
    middle = number - FRAMES / 2
    return {
        "pan": (speed * middle, 0.3 * speed * middle, 1.0, 1.0),
        "zoom": (0.0, 0.0, 1.0 + 0.02 * number, 1.0),
        "rest": (0.0, 0.0, 1.0, 1.0),
        "fade": (0.0, 0.0, 1.0, number / FRAMES),
        "lamp": (0.0, 0.0, 1.0, 1.0 + chance.uniform(-0.015, 0.015)),
        "cut": (speed * middle, 0.0, 1.0, 1.0),
        "hand": (*chance.normal(0, 1.5, 2), 1.0, 1.0),
        "drift": (0.12 * middle, 0.0, 1.0, 1.0),
    }[kind]


def _window(photo: Array, x: float, y: float, zoom: float) -> Array:
    """Return what a camera sees, half as large as *photo*, which goes on mirrored."""
    height, width = photo.shape[:2]
    size = (width // 2, height // 2)
    scale = 2 / zoom / 1.6
    matrix = np.array(
        [
            [scale, 0, width / 2 + 2 * x - scale * size[0] / 2],
            [0, scale, height / 2 + 2 * y - scale * size[1] / 2],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(
        photo, matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT
    ).astype(np.float32)


def opener(path: Path) -> Callable[[], AbstractContextManager[Clip]]:
    """Return what opens the clip *path*."""
    container = "matroska" if path.suffix == ".mkv" else "mov"
    facts = read_facts(path, container)
    return lambda: opened(path, container, facts)


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="retouchd-gates-"))


def written(name: str, times: Sequence[int], turn: int = 0) -> Path:
    """Write a clip of tiny frames that are shown at these *times*, in 1/12800 s."""
    path = _folder() / name
    with av.open(path, "w") as clip:
        stream = clip.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 16
        stream.codec_context.time_base = Fraction(1, 12_800)
        if turn:
            stream.set_display_rotation(turn)
        for time in times:
            frame = av.VideoFrame(16, 16, "yuv420p")
            frame.pts, frame.time_base = time, stream.codec_context.time_base
            clip.mux(stream.encode(frame))
        clip.mux(stream.encode(None))
    return path


@cache
def no_files() -> FinishedClip:
    """Return a clip of which nothing was written."""
    return FinishedClip(opener(written("source.mp4", [512 * n for n in range(3)])))
