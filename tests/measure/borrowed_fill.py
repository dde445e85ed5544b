"""How well frames fill one another's holes, against inventing what is hidden.

A camera goes over a still, behind a fixed mark; what is under the mark is known. Clips
get a mark drawn on as well.

    python tests/measure/borrowed_fill.py DATA [--clip CLIP] [--sheets FOLDER]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.media.patch import rasterise
from retouchd.media.pixels import from_array, to_array
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.step import Tools
from retouchd.steps.erase import Erase
from retouchd.values import Picture, Region

Array = NDArray[Any]
Camera = Callable[[int], Array]

SHIPPED = Path(__file__).resolve().parents[2] / "models"
STILL = "photos/test/kodak24/{}.png"
STILLS = ("8", "16", "19", "23")
WIDTH, HEIGHT, FRAMES = 512, 340, 24
MARK = Region("erase:mark", ((0.44, 0.5), (0.56, 0.5), (0.56, 0.62), (0.44, 0.62)))
CORNER = Region("erase:mark", ((0.7, 0.8), (0.94, 0.8), (0.94, 0.93), (0.7, 0.93)))
STEP = Erase()


@dataclass(frozen=True)
class Figures:
    """What a way of filling is worth.

    Attributes:
        decibels: peak signal to noise in the hole, mean square over all frames.
        flicker: mean change, from frame to frame, of what is wrong; levels of 255.
        seconds: CPU, a frame.
    """

    decibels: float
    flicker: float
    seconds: float


def say(line: str) -> None:
    """Print one line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def pan(across: float, down: float = 0.0) -> Camera:
    """Move by so many pixels a frame."""
    return lambda n: np.array([[1, 0, 20 + across * n], [0, 1, 60 + down * n]])


def shaken(n: int) -> Array:
    """Hold the camera in the hand."""
    chance = np.random.default_rng(n)
    across, down, turn = chance.normal(0, (6, 4, 0.008))
    return turned(n * 0 + 1, 120 + across, 80 + down, turn)


def turned(zoom: float, across: float, down: float, angle: float) -> Array:
    """Look at a still from a place, turned and zoomed about the middle."""
    cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
    x, y = WIDTH / 2, HEIGHT / 2
    return np.array(
        [
            [cos, -sin, across + x - cos * x + sin * y],
            [sin, cos, down + y - sin * x - cos * y],
        ]
    )


def turning(n: int) -> Array:
    """Turn, zoom and move at once."""
    return turned(1 - 0.004 * n, 60 + 3.3 * n, 90 + 0.7 * n, 0.004 * n)


CAMERAS: dict[str, tuple[Camera, float, float]] = {
    "pan 4 px": (pan(4), 0, 0),
    "pan 3.37 px, noise of 4": (pan(3.37, 0.41), 4, 0),
    "pan 0.6 px": (pan(0.6), 0, 0),
    "turn and zoom": (turning, 2, 0),
    "in the hand": (shaken, 2, 0),
    "pan 4 px, light falls by 30 %": (pan(4), 2, 0.3),
    "at rest": (pan(0), 2, 0),
}


def shot(still: Array, camera: Camera, noise: float, fall: float) -> Iterator[Array]:
    """Yield frames (HEIGHT, WIDTH, 3) of a camera over a still."""
    chance = np.random.default_rng(1)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    for n in range(FRAMES):
        seen = cv2.warpAffine(
            still,
            camera(n),
            (WIDTH, HEIGHT),
            flags=flags,
            borderMode=cv2.BORDER_REFLECT,
        ).astype(float)
        seen *= 1 - fall * n / FRAMES
        seen += chance.normal(0, noise, seen.shape) if noise else 0
        yield np.rint(seen.clip(0, 255)).astype(np.uint8)


def marked(frame: Array, region: Region) -> Picture:
    """Draw a white mark over *frame*, and tag it."""
    height, width = frame.shape[:2]
    pixels = frame.copy()
    left, top, right, bottom = region.box
    area = (
        slice(round(top * height), round(bottom * height)),
        slice(round(left * width), round(right * width)),
    )
    pixels[area] = pixels[area] // 4 + 190
    label: Any = np.ascontiguousarray(pixels[area])  # so that nothing sticks out
    rows = label.shape[0]
    place, font = (4, rows * 3 // 4), cv2.FONT_HERSHEY_DUPLEX
    cv2.putText(label, "MARK", place, font, rows / 50, (20, 30, 60), 2, cv2.LINE_AA)
    pixels[area] = label
    return Picture(from_array(pixels), (region,))


def figures(made: list[Array], truth: list[Array], hole: Array, cpu: float) -> Figures:
    """Compare what was *made* of the hole with the truth."""
    wrong = np.stack(
        [one[hole].astype(float) - other[hole] for one, other in zip(made, truth)]  # noqa: B905
    )
    square = max(float((wrong**2).mean()), 1e-3)
    return Figures(
        10 * np.log10(255**2 / square),
        float(np.abs(np.diff(wrong, axis=0)).mean()),
        cpu / len(made),
    )


def both_ways(
    frames: list[Array], region: Region, models: Shelf
) -> tuple[list[Array], list[Array], Figures, Figures]:
    """Fill frame by frame, and as a shot."""
    pictures = [marked(frame, region) for frame in frames]
    height, width = frames[0].shape[:2]
    hole = rasterise([region], width, height, STEP.grow)
    began = time.process_time()
    alone = [
        to_array(STEP.apply(one, Tools(models, "draft")).image) for one in pictures
    ]
    between = time.process_time()
    shot = STEP.over(pictures, Tools(models, "draft"))
    together = [to_array(one.image) for one in shot]
    ended = time.process_time()
    return (
        alone,
        together,
        figures(alone, frames, hole, between - began),
        figures(together, frames, hole, ended - between),
    )


def frames_of(clip: Path, first: int, count: int) -> list[Array]:
    """Decode frames of a clip."""
    with av.open(clip) as source:
        frames = enumerate(source.decode(video=0))
        return [
            frame.to_ndarray(format="rgb24")
            for number, frame in frames
            if first <= number < first + count
        ]


def sheet(
    path: Path,
    frames: list[Array],
    alone: list[Array],
    together: list[Array],
    box: Region,
) -> None:
    """Save the surroundings of the mark: marked, invented, borrowed, true, in time."""
    height, width = frames[0].shape[:2]
    left, top, right, bottom = box.box
    rows = slice(max(0, round(top * height) - 40), round(bottom * height) + 40)
    columns = slice(max(0, round(left * width) - 40), round(right * width) + 40)
    shown = range(0, len(frames), max(1, len(frames) // 6))
    lines = [
        np.hstack(
            [to_array(marked(frames[n], box).image)[rows, columns] for n in shown]
        )
    ]
    lines += [
        np.hstack([kind[n][rows, columns] for n in shown])
        for kind in (alone, together, frames)
    ]
    cv2.imwrite(str(path), np.vstack(lines)[:, :, ::-1])


def line(name: str, one: Figures, other: Figures) -> str:
    """Write a row of the table."""
    return (
        f"| {name} | {one.decibels:.1f} | {other.decibels:.1f} "
        f"| {one.flicker:.2f} | {other.flicker:.2f} "
        f"| {one.seconds:.2f} | {other.seconds:.2f} |"
    )


def main() -> None:
    """Print one line for each camera and still, and for the clip."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=FRAMES)
    parser.add_argument("--still", default="")
    parser.add_argument("--sheets", type=Path)
    given = parser.parse_args()
    models = Shelf([SHIPPED], Runtime("cpu"))
    if given.clip:
        frames = frames_of(given.clip, given.first, given.count)
        for name, region in (("middle", MARK), ("corner", CORNER)):
            alone, together, one, other = both_ways(frames, region, models)
            say(line(f"{given.clip.name}, {name}", one, other))
            if given.sheets:
                path = given.sheets / f"{given.clip.stem}-{name}.png"
                sheet(path, frames, alone, together, region)
        return
    for number in given.still.split() or STILLS:
        still = cv2.imread(str(given.data / STILL.format(number)))[:, :, ::-1]
        still = cv2.resize(still, (768, 512))
        for name, (camera, noise, fall) in CAMERAS.items():
            frames = list(shot(still, camera, noise, fall))
            alone, together, one, other = both_ways(frames, MARK, models)
            say(line(f"{number}: {name}", one, other))
            if given.sheets:
                path = given.sheets / f"{number}-{name.replace(' ', '_')}.png"
                sheet(path, frames, alone, together, MARK)


if __name__ == "__main__":
    main()
