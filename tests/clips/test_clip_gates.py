"""Gates that judge a clip as a whole: they see every frame, and what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from retouchd.gate import Attempt, ClipGate, FinishedClip, Seen, Stage
from retouchd.gates.flicker import Flicker
from retouchd.gates.frames import Frames
from retouchd.gates.loudness import Loudness
from retouchd.inspect import Limits
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.order import Order
from retouchd.jobs.runner import Runner
from retouchd.media.pixels import from_array
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Output, Rule
from retouchd.step import Step, Tools
from retouchd.steps.crop import Crop
from retouchd.steps.resize import Resize
from retouchd.values import Drop, GateRun, Outcome, Picture

MakeClip = Callable[..., Path]
Finish = Callable[..., Outcome]

ALL = (("flicker", Flicker()), ("frames", Frames()), ("loudness", Loudness()))
UNEVEN = (0, 512, 1300, 1500, 2900, 3400, 4300, 4400, 5900, 6400, 7700, 8000)


class Lamp(Step):
    """Makes every other frame lighter, in the order in which they come."""

    levels: int = 6

    def apply(self, picture: Picture, tools: Tools) -> Picture:
        """Do nothing to a single picture."""
        del tools
        return picture

    def over(self, frames: Iterable[Picture], tools: Tools) -> Iterator[Picture]:
        """Flicker."""
        del tools
        for number, picture in enumerate(frames):
            lit = picture.image.linear(1, self.levels * (number % 2)).cast("uchar")
            yield picture.with_image(lit)


class Stutter(Lamp):
    """Shows the frame before in the place of frame 7."""

    def over(self, frames: Iterable[Picture], tools: Tools) -> Iterator[Picture]:
        """Stutter."""
        del tools
        last = None
        for number, picture in enumerate(frames):
            shown = last if last is not None and number == 7 else picture
            last = picture
            yield picture.with_image(shown.image)


def verdicts(outcome: Outcome) -> dict[str, GateRun]:
    """Return what the gates said, by their words."""
    return {run.gate: run for run in outcome.gate_runs}


@pytest.mark.parametrize(
    ("clip", "name"),
    [
        ({}, "{stem}.mp4"),
        ({"times": UNEVEN}, "{stem}.mkv"),
        ({"rotation": 90}, "{stem}.mov"),
        ({"sound": False}, "{stem}.mp4"),
        ({"times": tuple(range(900, 7000, 512))}, "{stem}.mkv"),
    ],
)
def test_a_clip_that_was_only_resized_passes(
    make_clip: MakeClip, finish: Finish, clip: dict[str, Any], name: str
) -> None:
    """Also when it is turned, silent, begins late, or its frames come unevenly."""
    source = make_clip(**clip)

    outcome = finish(
        source,
        {"name": name, "codec": "h264"},
        steps=(("resize", Resize(factor=0.5)),),
        gates=ALL,
    )

    assert outcome.error == ""
    assert {gate: run.passed for gate, run in verdicts(outcome).items()} == {
        "flicker": True,
        "frames": True,
        "loudness": True,
    }
    assert outcome.destination == "out"


def test_a_step_that_flickers_sends_the_clip_to_a_person(
    make_clip: MakeClip, finish: Finish
) -> None:
    """The reason says what, and about when."""
    source = make_clip()

    outcome = finish(
        source, {"name": "{stem}.mp4"}, steps=(("lamp", Lamp()),), gates=ALL
    )

    found = verdicts(outcome)
    assert not found["flicker"].passed
    assert found["flicker"].value > 3
    assert "s: the result grows lighter and darker" in found["flicker"].detail
    assert found["frames"].passed
    assert outcome.destination == "review"
    assert "flicker" in outcome.review_reason


def test_a_frame_that_is_shown_twice_is_told_with_its_time(
    make_clip: MakeClip, finish: Finish
) -> None:
    """Frame 7 of 25 a second is shown at 0.28 s."""
    source = make_clip()

    outcome = finish(
        source, {"name": "{stem}.mp4"}, steps=(("stutter", Stutter()),), gates=ALL
    )

    frames = verdicts(outcome)["frames"]
    assert (frames.passed, frames.value) == (False, 1)
    assert frames.detail == "at 0.28 s: the result repeats a frame"


def test_what_is_cropped_away_may_move_and_what_is_left_may_blink() -> None:
    """A walker beside the crop is no frozen frame; a lamp within it weighs more there.

    The source itself blinks, so the result may.
    """
    gates: tuple[ClipGate, ...] = (Frames(), Flicker())
    seen: list[Seen] = [{}, {}]
    crop = Crop(width=36, height=36)
    for number in range(20):
        pixels = np.full((36, 64, 3), 90, np.uint8)
        pixels[:, number % 12 : number % 12 + 2] = 255
        pixels[16:20, 30:34] = 90 + 60 * (number % 2)
        before = Picture(from_array(pixels))
        after = crop.apply(before, Tools(Shelf((), Runtime("cpu")), "draft"))
        attempt = Attempt(before, after, (Stage("crop", before, after),))
        seen = [
            gate.look(number / 25, attempt, one)
            for gate, one in zip(gates, seen, strict=True)
        ]

    assert seen[0]["repeated"][0] == 0
    assert seen[1]["worst levels"][0] == 0


def test_loudness_alone_leaves_the_planes_as_they_are(
    make_clip: MakeClip, read_back: Callable[[Path], Any], finish: Finish
) -> None:
    """It only hears; no frame becomes a picture for it."""
    source = make_clip()

    outcome = finish(
        source,
        {"name": "{stem}.mkv", "codec": "ffv1"},
        gates=(("loudness", Loudness()),),
    )

    assert outcome.error == ""
    assert verdicts(outcome)["loudness"].passed
    [made] = outcome.renditions
    assert read_back(made.stage).planes == read_back(source).planes


class Counting(ClipGate):
    """Fails, and tells how many frames it has seen."""

    def look(self, at: float, frame: Attempt, seen: Seen) -> Seen:
        """Count."""
        del at, frame
        return {"count": seen.get("count", np.array(0)) + 1}

    def conclude(self, clip: FinishedClip, seen: Seen) -> GateRun:
        """Tell."""
        count, results = int(seen["count"]), len(clip.results)
        return GateRun("counting", count, "frames", results, passed=True)


class Watching(Counting):
    """Counts the frames of which it is shown what the step `lamp` did."""

    watches: ClassVar[tuple[str, ...]] = ("lamp",)

    def look(self, at: float, frame: Attempt, seen: Seen) -> Seen:
        """Count those with the stage, on either side of it."""
        [stage] = frame.stages_of(self.watches)
        assert (stage.before, stage.after) == (frame.before, frame.after)
        return super().look(at, frame, seen)


def test_a_gate_is_shown_the_steps_that_it_watches_in_every_frame(
    make_clip: MakeClip, finish: Finish
) -> None:
    """Not only in those that single pictures are judged by."""
    source = make_clip()

    outcome = finish(
        source,
        {"name": "{stem}.mp4"},
        steps=(("lamp", Lamp()),),
        gates=(("watching", Watching()),),
    )

    assert outcome.error == ""
    assert verdicts(outcome)["counting"].value == 12


class Failing(Lamp):
    """Fails once, at frame 9."""

    once: str

    def over(self, frames: Iterable[Picture], tools: Tools) -> Iterator[Picture]:
        """Fail."""
        del tools
        for picture in frames:
            yield picture
            if picture.image.avg() and Path(self.once).exists():
                self._fail_later()

    def _fail_later(self) -> None:
        file = Path(self.once)
        left = int(file.read_text()) - 1
        file.write_text(str(left))
        if left == 0:
            file.unlink()
            raise OSError(5, "the disk fails")


def test_what_a_gate_saw_is_known_after_a_crash(
    make_clip: MakeClip, tmp_path: Path
) -> None:
    """Frames of finished parts are not shown again, and none is missed."""
    options = {"g": "4", "keyint_min": "4", "sc_threshold": "0"}
    source = make_clip(times=tuple(range(0, 24 * 512, 512)), options=options)
    once = tmp_path / "once"
    once.write_text("14")
    (tmp_path / "out").mkdir()
    rule = Rule(
        rule="r",
        steps=(("failing", Failing(once=str(once))),),
        gates=(("counting", Counting()), ("frames", Frames())),
        outputs=(Output(name="a.mp4"), Output(name="b.mkv")),
    )
    stage = tmp_path / "out" / "job"
    drop = Drop("hot", source.name, source)
    order = Order("job", drop, (rule,), {"out": stage, "review": stage})

    def run() -> Outcome:
        shelf, memory = Shelf((), Runtime(device="cpu")), MemoryBudget(1 << 30)
        return Runner(shelf, Limits(), memory, least_frames=4).run(order)

    broken, resumed = run(), run()

    assert "disk fails" in broken.error
    assert any("went on behind frame" in note for note in resumed.notes)
    found = verdicts(resumed)
    assert (found["counting"].value, found["counting"].threshold) == (24, 2)
    assert found["frames"].passed


def test_a_still_is_told_which_gates_did_not_judge_it(
    finish: Finish, tmp_path: Path
) -> None:
    """P6: it does not pass in silence."""
    source = tmp_path / "still.png"
    from_array(np.full((20, 30, 3), 90, np.uint8)).pngsave(source)

    outcome = finish(source, {"name": "{stem}.png"}, gates=ALL)

    assert outcome.error == ""
    assert outcome.gate_runs == ()
    assert [note for note in outcome.notes if "was not judged" in note] == [
        f"{word} judges clips: this still was not judged by it" for word, _ in ALL
    ]
