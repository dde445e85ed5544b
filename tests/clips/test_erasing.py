"""A mark is erased from a clip whose frames lend to one another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from retouchd.delivery.place import sha256_of
from retouchd.inspect import Limits
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.order import Order
from retouchd.jobs.runner import Runner
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Output, Rule
from retouchd.step import Step, Tools
from retouchd.steps.erase import Erase
from retouchd.values import Drop, Outcome, Picture, Region

MODELS = Path(__file__).resolve().parents[2] / "models"
MARK = Region("erase:mark", ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)))
HOLE = (slice(42, 78), slice(58, 102))
WIDTH, HEIGHT, STEP = 160, 120, 8
GOP, CUT, FRAMES, BREAKS_AT = 8, 16, 24, 10


class Break(Step):
    """Breaks off at one frame, once.

    Attributes:
        once: the file that is there until then.
    """

    once: str

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002  (a step)
        """Do nothing."""
        return picture

    def over(self, frames: Iterable[Picture], tools: Tools) -> Iterator[Picture]:
        """Count, and fail."""
        first = int(tools.carried.get("count", np.array(0)))
        for number, picture in enumerate(frames, first):
            tools.carried = {"count": np.array(number + 1)}
            if number == BREAKS_AT and Path(self.once).exists():
                Path(self.once).unlink()
                raise OSError(5, "the disk fails")
            yield picture


def truth() -> list[NDArray[Any]]:
    """Frames of two pans, one after the other, over different grounds."""
    frames = []
    for seed, tint in ((1, (0, 0, 60)), (2, (60, 40, 0))):
        random = np.random.default_rng(seed)
        layers = [
            cv2.resize(random.uniform(-1, 1, (HEIGHT // size, 320 // size)), (320, 120))
            for size in (6, 14, 40)
        ]
        ground = (100 + 30 * np.sum(layers, axis=0))[:, :, None] + np.array(tint)
        frames += [ground[:, STEP * n : STEP * n + WIDTH] for n in range(CUT)]
    return [np.rint(one.clip(0, 255)).astype(np.uint8) for one in frames[:FRAMES]]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The two pans behind a mark, in three GOPs, without loss of detail."""
    path = tmp_path / "clip.mp4"
    options = {"g": str(GOP), "keyint_min": str(GOP), "sc_threshold": "0", "crf": "4"}
    with av.open(path, "w") as clip:
        pictures = clip.add_stream("libx264", rate=25, options=options)
        context = pictures.codec_context
        context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv444p"
        for pixels in truth():
            pixels[48:72, 64:96] = 250
            clip.mux(pictures.encode(av.VideoFrame.from_ndarray(pixels)))
        clip.mux(pictures.encode(None))
    return path


@pytest.fixture
def erase(source: Path, tmp_path: Path) -> Callable[[str], Outcome]:
    """Erase the mark, in segments of one GOP; results are staged in a folder."""

    def run(folder: str) -> Outcome:
        (tmp_path / folder).mkdir(exist_ok=True)
        stage = tmp_path / folder / "job-1"
        steps = (("erase", Erase()), ("break", Break(once=str(tmp_path / "once"))))
        output = Output(name="a.mp4", quality=95)
        order = Order(
            "job",
            Drop("hot", source.name, source),
            (Rule(rule="r", steps=steps, outputs=(output,)),),
            {"out": stage, "review": stage},
            regions=(MARK,),
        )
        shelf = Shelf([MODELS], Runtime(device="cpu"))
        budget = MemoryBudget(1 << 30)
        return Runner(shelf, Limits(), budget, least_frames=GOP).run(order)

    return run


def test_each_shot_shows_what_is_behind_the_mark(
    erase: Callable[[str], Outcome],
) -> None:
    """Frames of both pans come back about as they were."""
    made = erase("out")

    [result] = made.renditions
    with av.open(result.stage) as clip:
        frames = [one.to_ndarray(format="rgb24") for one in clip.decode(video=0)]
    wrong = [
        np.abs(one[HOLE].astype(float) - other[HOLE]).mean()
        for one, other in zip(frames, truth(), strict=True)
    ]
    middles = [wrong[n] for n in range(FRAMES) if 3 <= n % GOP <= 4]
    assert max(middles) < 4
    assert np.median(wrong) < 3


def test_a_clip_that_goes_on_is_that_of_one_go(
    erase: Callable[[str], Outcome], tmp_path: Path
) -> None:
    """What frames lend does not depend on where work broke off."""
    whole = erase("whole")
    (tmp_path / "once").touch()

    broken = erase("broken")
    resumed = erase("broken")

    assert "disk fails" in broken.error
    assert any("went on behind frame" in note for note in resumed.notes)
    [one], [other] = whole.renditions, resumed.renditions
    assert sha256_of(one.stage) == sha256_of(other.stage)
