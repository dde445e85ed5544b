"""Gates judge whatever a rule can make, and tell what a step did to a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retouchd.gate import Attempt, ClipGate, Gate, Seen, Stage
from retouchd.gates import known_gates
from retouchd.gates.erase import Erase
from retouchd.media.pixels import from_array, to_array
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.step import Tools
from retouchd.steps.erase import Erase as EraseStep
from retouchd.values import Picture, Region

MODELS = Path(__file__).resolve().parents[2] / "models"
OPTIONS: dict[str, dict[str, Any]] = {
    "brand_colour": {"colours": ("#d4213d",)},
    "dimensions": {"min_long_edge": 1},
}
PICTURE_GATES = sorted(
    word for word, gate in known_gates().items() if issubclass(gate, Gate)
)
CLIP_GATES = sorted(
    word for word, gate in known_gates().items() if issubclass(gate, ClipGate)
)
SPOT = Region("erase:spot", ((0.4, 0.4), (0.5, 0.4), (0.5, 0.5), (0.4, 0.5)))


def picture(width: int, height: int, bands: int, depth: int, level: float) -> Picture:
    """Make a flat picture with one pixel that differs."""
    dtype, top = (np.uint16, 65535) if depth == 16 else (np.uint8, 255)
    pixels = np.full((height, width, bands), round(level * top), dtype)
    pixels[0, 0] = top // 3
    return Picture(from_array(pixels))


@pytest.mark.parametrize("gate", PICTURE_GATES)
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("bands", [3, 4])
@pytest.mark.parametrize("size", [(1, 1), (3, 70), (64, 48)])
def test_never_fails_on_odd_pictures(
    gate: str, size: tuple[int, int], bands: int, depth: int, level: float
) -> None:
    """One pixel, one colour, opacity, 16 bits: a verdict comes, and it is finite."""
    before = picture(*size, bands, depth, level)
    after = picture(size[0] * 2, size[1] * 2, bands, depth, level)
    judge: Any = known_gates()[gate](**OPTIONS.get(gate, {}))
    same = gate in {"erase", "matte"}  # these steps keep or reframe, never enlarge
    mask = before.image[0] if same else None
    stages = tuple(
        Stage(word, before, before if same else after, mask) for word in judge.watches
    )

    run = judge.judge(Attempt(before, after, stages))

    assert run.gate == gate
    assert np.isfinite(run.value)


@pytest.mark.parametrize("gate", CLIP_GATES)
@pytest.mark.parametrize("level", [0.0, 1.0])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("bands", [3, 4])
@pytest.mark.parametrize("size", [(1, 1), (3, 70), (64, 48)])
def test_looks_at_odd_frames(
    gate: str, size: tuple[int, int], bands: int, depth: int, level: float
) -> None:
    """What a gate remembers of them is finite, and does not grow."""
    before = picture(*size, bands, depth, level)
    after = picture(size[0] * 2, size[1] * 2, bands, depth, level)
    judge: Any = known_gates()[gate]()
    stages = tuple(
        Stage(word, before, before, before.image[0]) for word in judge.watches
    )
    frame = Attempt(before, after, stages)

    sizes = set()
    seen: Seen = {}
    for number in range(20):
        seen = judge.look(number / 25, frame, seen)
        sizes.add(sum(array.nbytes for array in seen.values()) if number > 13 else 0)

    assert all(np.isfinite(array).all() for array in seen.values())
    assert len(sizes - {0}) <= 1


def _erased() -> tuple[Picture, Picture, Tools]:
    random = np.random.default_rng(5)
    ramp = np.linspace(90, 160, 300)[None, :, None] + random.normal(0, 3, (240, 300, 3))
    pixels = ramp.clip(0, 255).astype(np.uint8)
    pixels[100:116, 125:146] = 20
    before = Picture(from_array(pixels), regions=(SPOT,))
    tools = Tools(Shelf([MODELS], Runtime("cpu")), "draft")
    return before, EraseStep().apply(before, tools), tools


def test_a_good_fill_passes() -> None:
    """The step tells the gate where it worked, and the shipped model passes."""
    before, after, tools = _erased()
    stage = Stage("erase", before, after, tools.mask)

    run = Erase().judge(Attempt(before, after, (stage,)))

    assert tools.mask is not None
    assert run.passed, run


def test_a_stray_byte_fails() -> None:
    """P4: one changed byte outside the tagged areas is enough."""
    before, after, tools = _erased()
    pixels = to_array(after.image).copy()
    pixels[5, 5, 1] ^= 1
    spoilt = Picture(from_array(pixels))
    stage = Stage("erase", before, spoilt, tools.mask)

    run = Erase().judge(Attempt(before, spoilt, (stage,)))

    assert (run.passed, run.value, run.unit, run.step) == (False, 1, "px", "erase")
