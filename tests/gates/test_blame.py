"""A gate that fails blames the step at which another model could help."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from retouchd.gate import Attempt, Gate, Stage
from retouchd.gates.artefacts import Artefacts, joined
from retouchd.gates.geometry import Geometry
from retouchd.gates.noise import Noise
from retouchd.gates.sharpness import Sharpness
from retouchd.gates.similarity import Similarity
from retouchd.media.pixels import from_array
from retouchd.values import Picture

Pixels = NDArray[np.uint8]
Made = tuple[str, Pixels]
CHANCE = np.random.default_rng(3)
SHARP = np.kron(CHANCE.integers(0, 255, (40, 50, 1)), np.ones((8, 8, 3))).astype("u1")
SMOOTH = np.full((320, 400, 3), 60, np.uint8) + np.arange(400)[None, :, None] // 8
SMOOTH = SMOOTH.astype(np.uint8)


BLURRED = cv2.GaussianBlur(SHARP, (0, 0), 8)


def large(pixels: Pixels) -> Pixels:
    """Return *pixels* twice as large, softly."""
    return cv2.resize(pixels, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)


SOFT = large(BLURRED)


def noisy(pixels: Pixels) -> Pixels:
    """Return *pixels* with strong noise."""
    noise = np.random.default_rng(4).normal(0, 16, pixels.shape)
    return (pixels + noise).clip(0, 255).astype(np.uint8)


def seamed(pixels: Pixels) -> Pixels:
    """Return *pixels* with its right half 12 levels darker."""
    result = pixels.copy()
    result[:, pixels.shape[1] // 2 + 3 :] -= 12
    return result


def stretched(pixels: Pixels) -> Pixels:
    """Return *pixels* 5 % wider."""
    size = (round(1.05 * pixels.shape[1]), pixels.shape[0])
    return cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)


def attempt(start: Pixels, *steps: tuple[str, Pixels]) -> Attempt:
    """Return an attempt whose steps made these pictures one after the other."""
    pictures = [Picture(from_array(each)) for each in (start, *(p for _, p in steps))]
    stages = [
        Stage(word, pictures[n], pictures[n + 1]) for n, (word, _) in enumerate(steps)
    ]
    return Attempt(pictures[0], pictures[-1], tuple(stages))


@pytest.mark.parametrize(
    ("gate", "first", "second", "blamed"),
    [
        (Sharpness(), ("upscale", SOFT), ("grade", SOFT), "upscale"),
        (Noise(), ("upscale", large(SMOOTH)), ("grade", noisy(large(SMOOTH))), "grade"),
        (Artefacts(), ("upscale", large(seamed(SMOOTH))), None, "upscale"),
        (Geometry(), ("sharpen", SHARP), ("resize", stretched(SHARP)), "resize"),
    ],
)  # fmt: skip
def test_blames_the_step_that_did_it(
    gate: Gate, first: Made, second: Made | None, blamed: str
) -> None:
    """Of two steps, the one after which the trouble is there."""
    start = SHARP if isinstance(gate, Sharpness | Geometry) else SMOOTH

    run = gate.judge(attempt(start, first, *([second] if second else [])))

    assert not run.passed
    assert run.detail
    assert run.step == blamed


@pytest.mark.parametrize(
    ("gate", "start"), [(Sharpness(), BLURRED), (Noise(), noisy(SMOOTH))]
)
def test_no_step_is_blamed_for_a_bad_input(gate: Gate, start: Pixels) -> None:
    """A person has to look: no other model would do better."""
    run = gate.judge(attempt(start, ("upscale", start), ("grade", start)))

    assert (run.passed, run.step) == (False, "")


@pytest.mark.parametrize("gate", [Artefacts(), Geometry(), Similarity()])
def test_what_the_input_had_is_not_blamed(gate: Gate) -> None:
    """A seam in the input is still there after a step, and passes."""
    run = gate.judge(attempt(seamed(SMOOTH), ("upscale", large(seamed(SMOOTH)))))

    assert (run.passed, run.step, run.regions, run.detail) == (True, "", (), "")


def test_says_where_a_seam_is() -> None:
    """The region holds the seam, all down the picture, and little else."""
    run = Artefacts().judge(attempt(SMOOTH, ("upscale", seamed(SMOOTH))))

    ((left, top, right, bottom),) = run.regions
    assert left <= 203 / 400 <= right
    assert right - left <= 2 * 64 / 400
    assert top == 0
    assert bottom > 0.75


def test_joins_boxes_that_touch() -> None:
    """Two boxes that a third one connects become one with it."""
    boxes = [(0.0, 0.0, 0.1, 0.1), (0.2, 0.0, 0.3, 0.1), (0.6, 0.6, 0.7, 0.7)]

    joint = joined([*boxes, (0.1, 0.0, 0.2, 0.2)])

    assert set(joint) == {(0.6, 0.6, 0.7, 0.7), (0.0, 0.0, 0.3, 0.2)}
