"""How much the edge of a matte flickers, and what is left behind of what moves.

A subject with a known matte, with new noise in every frame, rests; then it is moved
over another picture. Both are cut out frame by frame, and as a shot. Clips are cut
out both ways as well; with --rest their first frame is shown all the time.

    python tests/measure/steady_matte.py DATA [--model M.onnx] [--clip CLIP [--rest]]
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from rembg_comparison import MANIFEST

from retouchd.media.matte import own_colours
from retouchd.media.pixels import from_array, to_array
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.step import Tools
from retouchd.steps.remove_background import RemoveBackground
from retouchd.values import Picture

Array = NDArray[Any]

SHIPPED = Path(__file__).resolve().parents[2] / "models"
STILLS = ("lemur_on_bg5", "Mango", "abo_x1", "Pineapple")
GROUND = "photos/test/kodak24/16.png"
EDGE, NOISE, SEED = 640, 6.0, 1
SETTLED = 4
"""Frames that are left out of the means: the average over time begins there."""


def say(line: str) -> None:
    """Print one line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def shelf(weights: Path | None, folder: Path) -> Shelf:
    """Return the shipped models, or *weights* in the place of the matte model."""
    if weights is None:
        return Shelf([SHIPPED], Runtime("cpu"))
    data = weights.read_bytes()
    text = MANIFEST.replace("SHA256", hashlib.sha256(data).hexdigest())
    (folder / "matte").mkdir()
    (folder / "matte" / "u2netp.onnx").write_bytes(data)
    (folder / "matte" / "model.toml").write_text(text.replace("BYTES", str(len(data))))
    return Shelf([folder], Runtime("cpu"))


def composite(data: Path, name: str) -> tuple[Array, Array]:
    """Read a picture (H, W, 3) and its true alpha (H, W), long edge 640."""
    folder = data / "mattes" / "composites"
    photo = cv2.cvtColor(cv2.imread(str(folder / f"{name}.jpg")), cv2.COLOR_BGR2RGB)
    alpha = cv2.imread(str(folder / f"{name}_alpha.png"), cv2.IMREAD_GRAYSCALE)
    scale = EDGE / max(alpha.shape)
    size = (round(alpha.shape[1] * scale), round(alpha.shape[0] * scale))
    area = cv2.INTER_AREA
    return cv2.resize(photo, size, interpolation=area), cv2.resize(
        alpha, size, interpolation=area
    )


def noisy(pixels: Array, chance: np.random.Generator) -> Array:
    """Add noise of *NOISE* levels."""
    grain = chance.normal(0, NOISE, pixels.shape)
    return np.rint((pixels + grain).clip(0, 255)).astype(np.uint8)


def resting(data: Path, name: str, count: int) -> Iterator[Array]:
    """Yield the same still with new noise."""
    photo, _ = composite(data, name)
    chance = np.random.default_rng(SEED)
    for _ in range(count):
        yield noisy(photo, chance)


def moving(
    data: Path, name: str, ground: str, step: float, count: int
) -> Iterator[tuple[Array, Array]]:
    """Yield the subject of one still before another, *step* pixels on in each frame."""
    photo, alpha = composite(data, name)
    height, width = alpha.shape
    behind = cv2.resize(cv2.imread(str(data / ground)), (width, height))[:, :, ::-1]
    colours = own_colours(np.ascontiguousarray(photo), alpha).colours
    chance = np.random.default_rng(SEED)
    for number in range(count):
        place = np.array([[1, 0, step * (number - count / 2)], [0, 1, 0]])
        over = cv2.warpAffine(alpha, place, (width, height))
        seen = cv2.warpAffine(
            colours, place, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
        share = over[:, :, None] / 255
        yield noisy(seen * share + behind * (1 - share), chance), over


def frames_of(clip: Path, first: int, count: int) -> Iterator[Array]:
    """Yield frames of a clip, long edge 640."""
    with av.open(clip) as source:
        for number, frame in enumerate(source.decode(video=0)):
            if number >= first + count:
                return
            if number >= first:
                pixels = frame.to_ndarray(format="rgb24")
                scale = EDGE / max(pixels.shape)
                size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
                yield cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def both_ways(frames: list[Array], models: Shelf) -> tuple[Array, Array, float]:
    """Return alpha frame by frame, and as a shot, and what the second costs more.

    Returns:
        two stacks (frames, H, W), 0..255, and CPU seconds a frame.
    """
    step = RemoveBackground(empty="keep")
    pictures = [Picture(from_array(np.ascontiguousarray(one))) for one in frames]
    began = time.process_time()
    alone = [step.apply(one, Tools(models, "draft")) for one in pictures]
    between = time.process_time()
    together = list(step.over(pictures, Tools(models, "draft")))
    more = (time.process_time() - between) - (between - began)
    return alphas(alone), alphas(together), more / len(frames)


def alphas(pictures: list[Picture]) -> Array:
    """Their opacity; without a subject there is none."""
    planes = [to_array(one.image) for one in pictures]
    return np.stack(
        [one[:, :, 3] if one.shape[2] == 4 else one[:, :, 0] * 0 for one in planes]
    ).astype(np.float32)


def flicker(planes: Array) -> float:
    """Mean change from frame to frame where any is neither clear nor solid."""
    planes = planes[SETTLED:]
    edge = (planes.max(axis=0) > 12) & (planes.min(axis=0) < 243)
    return float(np.abs(np.diff(planes, axis=0))[:, edge].mean())


def behind(planes: Array, truth: Array) -> float:
    """Mean alpha where the subject was within 8 frames, and is no more."""
    found = []
    for number in range(SETTLED, len(truth)):
        was = truth[max(0, number - 8) : number].max(axis=0) > 128
        clear = cv2.erode((truth[number] <= 2).astype(np.uint8), np.ones((3, 3))) > 0
        if (was & clear).any():
            found.append(planes[number][was & clear].mean())
    return float(np.mean(found))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--ground", default=GROUND)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--frames", type=int, default=14)
    parser.add_argument("--rest", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models = shelf(asked.model, Path(folder))
        if asked.clip:
            chance = np.random.default_rng(SEED)
            shown = list(frames_of(asked.clip, asked.first, asked.frames))
            if asked.rest:
                shown = shown[:1] * asked.frames
            clip = [noisy(one, chance) for one in shown]
            tell_flicker(asked.clip.stem, clip, models)
            return
        for name in STILLS:
            tell_flicker(name, list(resting(asked.data, name, asked.frames)), models)
        for name, step in (("Mango", 6.0), ("Mango", 1.3), ("abo_x1", 15.0)):
            pairs = list(moving(asked.data, name, asked.ground, step, asked.frames))
            truth = np.stack([alpha for _, alpha in pairs]).astype(np.float32)
            alone, together, _ = both_ways([frame for frame, _ in pairs], models)
            errors = [np.abs(one - truth).mean() for one in (alone, together)]
            say(
                f"{name} moves {step} px a frame: behind it alpha "
                f"{behind(alone, truth):.2f} alone, {behind(together, truth):.2f} as a "
                f"shot; mean error {errors[0]:.2f}, {errors[1]:.2f} of 255"
            )


def tell_flicker(name: str, frames: list[Array], models: Shelf) -> None:
    """Print how much less the edge flickers."""
    alone, together, more = both_ways(frames, models)
    one, other = flicker(alone), flicker(together)
    say(
        f"{name}: flicker {one:.2f} alone, {other:.2f} as a shot "
        f"({100 * (1 - other / one):.0f} % less), {more:.3f} CPU s a frame more"
    )


if __name__ == "__main__":
    main()
