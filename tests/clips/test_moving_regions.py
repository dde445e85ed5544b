"""Erasing what moves: each frame gets the areas that are tagged in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from retouchd.gates.erase import Erase as EraseGate
from retouchd.inspect import Limits
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.order import Order
from retouchd.jobs.runner import Runner
from retouchd.media.pixels import from_array
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Output, Rule
from retouchd.rules.sequence import Sequence
from retouchd.settings import shipped_folder
from retouchd.steps.erase import Erase
from retouchd.values import Drop, Outcome

FRAMES, WIDTH, HEIGHT, SPOT = 8, 96, 64, 12
Pixels = NDArray[np.uint8]
Run = Callable[..., Outcome]


def left_of(number: int) -> int:
    """Where the black spot begins in a frame: it moves 8 pixels to the right each."""
    return 8 + 8 * number


def frame(number: int) -> Pixels:
    """A ramp with some grain, the same in every frame, and the spot."""
    grain = np.random.default_rng(2).normal(0, 2, (HEIGHT, WIDTH, 3))
    ramp = np.linspace(120, 200, WIDTH)[None, :, None] + grain
    pixels = ramp.clip(0, 255).astype(np.uint8)
    left = left_of(number)
    pixels[24 : 24 + SPOT, left : left + SPOT] = 0
    return pixels


def tracks(*keys: tuple[int, int]) -> str:
    """A CVAT file: the spot at key frames, outside of all others."""
    boxes = "".join(
        f'<box frame="{number}" outside="{gone}" xtl="{left_of(number)}" ytl="24" '
        f'xbr="{left_of(number) + SPOT}" ybr="{24 + SPOT}"/>'
        for number, gone in keys
    )
    return (
        f'<annotations><track id="0" label="erase:spot">{boxes}</track></annotations>'
    )


def labelme(number: int) -> str:
    """A LabelMe file of one frame."""
    left = left_of(number)
    points = [[left, 24], [left + SPOT, 24 + SPOT]]
    shape = {"label": "erase:spot", "shape_type": "rectangle", "points": points}
    return json.dumps({"shapes": [shape]})


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Erase with the shipped model; the order of what was dropped is given."""

    def erase(source: Path, members: Iterable[Path], **rule: object) -> Outcome:
        made = Rule(
            rule="r",
            steps=(("erase", Erase(grow=2, feather=1)),),
            outputs=(Output(name="{stem}.mkv", codec="ffv1"),),
            **rule,
        )
        (tmp_path / "out").mkdir()
        stage = tmp_path / "out" / "job"
        drop = Drop("hot", source.name, source, tuple(members))
        order = Order("job", drop, (made,), {"out": stage, "review": stage})
        shelf = Shelf([shipped_folder("models")], Runtime(device="cpu"))
        memory = MemoryBudget(1 << 30)
        return Runner(shelf, Limits(), memory, threads=2, least_frames=4).run(order)

    return erase


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """The frames as a lossless clip."""
    path = tmp_path / "clip.mkv"
    with av.open(path, "w") as out:
        stream = out.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "bgr0"
        for number in range(FRAMES):
            made = av.VideoFrame.from_ndarray(frame(number), "rgb24")
            out.mux(stream.encode(made.reformat(format="bgr0")))
        out.mux(stream.encode(None))
    return path


def decoded(outcome: Outcome) -> list[Pixels]:
    """The frames of the result."""
    assert outcome.error == ""
    with av.open(outcome.renditions[0].stage) as made:
        return [one.to_ndarray(format="rgb24") for one in made.decode(video=0)]


def darkest(pixels: Pixels, number: int) -> int:
    """The darkest level where the spot was in a frame."""
    left = left_of(number)
    return int(pixels[24 : 24 + SPOT, left : left + SPOT].min())


def assert_only_the_spot_changed(pixels: Pixels, number: int) -> None:
    """Beyond the area, widened by 2 pixels, each frame is what it was."""
    before, left = frame(number), left_of(number)
    before[22 : 26 + SPOT, left - 2 : left + SPOT + 2] = 0
    after = pixels.copy()
    after[22 : 26 + SPOT, left - 2 : left + SPOT + 2] = 0
    assert np.array_equal(after, before)


def test_a_track_is_followed_between_its_key_frames(run: Run, clip: Path) -> None:
    """Two key frames suffice for all eight; the gate sees the mask of each frame."""
    beside = clip.with_name("clip.mkv.xml")
    beside.write_text(tracks((0, 0), (FRAMES - 1, 0)))

    outcome = run(clip, [beside], gates=(("erase", EraseGate()),))

    for number, pixels in enumerate(decoded(outcome)):
        assert darkest(pixels, number) > 90
        assert_only_the_spot_changed(pixels, number)
    assert outcome.inspection is not None
    assert outcome.inspection.moving == ()  # large, and nobody's business any more
    [verdict] = outcome.gate_runs
    assert verdict.unit != "px"  # that would be pixels outside of the areas


def test_frames_without_the_area_stay_as_they_are(run: Run, clip: Path) -> None:
    """The track ends at frame 4."""
    beside = clip.with_name("clip.xml")
    beside.write_text(tracks((0, 0), (4, 1)))

    frames = decoded(run(clip, [beside]))

    assert [darkest(one, number) > 90 for number, one in enumerate(frames)] == [
        *[True] * 4,
        *[False] * 4,
    ]
    for number, pixels in enumerate(frames[4:], start=4):
        assert np.array_equal(pixels, frame(number))


def test_files_of_single_frames_tag_a_clip(run: Run, clip: Path) -> None:
    """One for each frame, numbered from 1."""
    beside = [clip.with_name(f"clip.mkv.{n + 1:04d}.json") for n in range(FRAMES)]
    for number, path in enumerate(beside):
        path.write_text(labelme(number))

    for number, pixels in enumerate(decoded(run(clip, beside))):
        assert darkest(pixels, number) > 90
        assert_only_the_spot_changed(pixels, number)


def test_files_beside_the_frames_tag_a_sequence(run: Run, tmp_path: Path) -> None:
    """That of the first frame holds for all only where it is alone."""
    frames = [tmp_path / f"shot_{n:04d}.png" for n in range(10, 10 + FRAMES)]
    beside = [path.with_suffix(".json") for path in frames]
    for number, (path, tags) in enumerate(zip(frames, beside, strict=True)):
        from_array(frame(number)).pngsave(path)
        tags.write_text(labelme(number))
    rule = {"match": {"files": ["*.png"], "kind": "sequence"}, "sequence": Sequence()}

    made = decoded(run(frames[0], [*frames[1:], *beside], **rule))

    assert [darkest(one, number) > 90 for number, one in enumerate(made)] == [True] * 8
    assert_only_the_spot_changed(made[5], 5)
