"""A clip under a rule: steps on every frame, sound kept, usage and gates of all."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from retouchd.gates.dimensions import Dimensions
from retouchd.media.pixels import from_array
from retouchd.rules.schema import Review
from retouchd.step import Step, Tools
from retouchd.steps.crop import Crop
from retouchd.steps.resize import Resize
from retouchd.steps.unify import Unify
from retouchd.values import Outcome, Picture

MakeClip = Callable[..., Path]
Finish = Callable[..., Outcome]


def test_steps_edit_every_frame_and_sound_stays(
    make_clip: MakeClip, read_back: Callable[[Path], Any], finish: Finish
) -> None:
    """A clip comes back as a clip, cropped, with the times and the sound it had."""
    source = make_clip(size=(64, 48))

    outcome = finish(
        source, {"name": "{stem}.mp4"}, steps=(("crop", Crop(width=32, height=32)),)
    )

    assert outcome.error == ""
    [made] = outcome.renditions
    before, after = read_back(source), read_back(made.stage)
    assert (made.name, made.width, made.height) == ("clip.mp4", 32, 32)
    assert after.size == (32, 32)
    assert (after.times, after.sound) == (before.times, before.sound)
    assert outcome.inspection is not None
    assert outcome.inspection.header.frames == len(before.times)


class Dawdle(Step):
    """Takes longer for some frames than for those after them."""

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Do nothing, in a while."""
        mean = picture.image.avg()
        time.sleep(0.03 if int(mean * 1000) % 2 else 0.0)
        return picture.with_image(picture.image.linear(1, 0).cast("uchar"))


def test_frames_that_overtake_one_another_come_out_in_order(
    make_clip: MakeClip, finish: Finish
) -> None:
    """A step does several frames at a time."""
    source = make_clip("in.mkv", codec="ffv1", pixel_format="yuv444p", sound=False)

    outcome = finish(
        source,
        {"name": "{stem}.mkv", "codec": "ffv1"},
        steps=(("dawdle", Dawdle()),),
    )

    assert outcome.error == ""
    with av.open(source) as one, av.open(outcome.renditions[0].stage) as other:
        pairs = zip(one.decode(video=0), other.decode(video=0), strict=True)
        for before, after in pairs:
            difference = before.to_ndarray().astype(int) - after.to_ndarray()
            assert np.abs(difference).max() <= 1


def test_each_shot_is_measured_once(finish: Finish, tmp_path: Path) -> None:
    """A cut changes what `unify` does, what moves in a shot does not."""
    rng = np.random.default_rng(8)
    ground = (
        rng.integers(0, 60, (2, 48, 64, 3)) + np.array([30, 120])[:, None, None, None]
    )
    source = tmp_path / "cut.mkv"
    with av.open(source, "w") as clip:
        stream = clip.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv444p"
        for number in range(50):
            pixels = ground[number // 25].astype(np.uint8)
            pixels[:, : number % 25] = 255
            clip.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        clip.mux(stream.encode(None))
    hero = tmp_path / "hero.png"
    reference = rng.integers(80, 200, (48, 64, 3)).astype(np.uint8)
    from_array(reference).pngsave(hero)

    outcome = finish(
        source,
        {"name": "{stem}.mkv", "codec": "ffv1"},
        steps=(("unify", Unify.model_validate({"like": str(hero)})),),
    )

    assert outcome.error == ""
    with av.open(outcome.renditions[0].stage) as made:
        frames = [frame.to_ndarray(format="rgb24") for frame in made.decode(video=0)]
    corners = np.array([frame[8:40, 40:].mean() for frame in frames])
    assert np.ptp(corners[:25]) < 0.01
    assert np.ptp(corners[25:]) < 0.01
    before = ground[:, 8:40, 40:].mean((1, 2, 3))
    assert abs(corners[0] - corners[-1]) < 0.5 * abs(before[0] - before[1])


def test_usage_of_all_frames_is_one_run_for_each_step(
    make_clip: MakeClip, finish: Finish
) -> None:
    """What the clip used is booked by step, as for a still, with all its pixels."""
    source = make_clip(size=(64, 48))

    outcome = finish(
        source, {"name": "{stem}.mp4"}, steps=(("resize", Resize(width=32)),)
    )

    runs = {run.step: run for run in outcome.step_runs}
    assert [run.step for run in outcome.step_runs] == ["decode", "resize", "encode"]
    assert runs["resize"].megapixels_in == pytest.approx(12 * 64 * 48 / 1e6)
    assert runs["decode"].bytes_in == source.stat().st_size
    assert runs["encode"].bytes_out == outcome.renditions[0].bytes
    assert all(run.cpu_s > 0 for run in runs.values())


def test_stills_of_a_rule_show_the_middle_of_the_clip(
    make_clip: MakeClip, finish: Finish
) -> None:
    """A poster is an output with the name of a still."""
    source = make_clip(size=(64, 48), times=tuple(range(0, 11 * 512, 512)))

    outcome = finish(source, {"name": "{stem}.mkv"}, {"name": "poster/{stem}.png"})

    clip, poster = outcome.renditions
    assert (poster.name, poster.width, poster.height) == ("poster/clip.png", 64, 48)
    with av.open(clip.stage) as made:
        frames = [frame.to_ndarray(format="rgb24") for frame in made.decode(video=0)]
    shown = av.open(poster.stage).decode(video=0)
    still = next(iter(shown)).to_ndarray(format="rgb24").astype(int)
    nearest = min(range(11), key=lambda n: np.abs(frames[n].astype(int) - still).mean())
    assert nearest in {5, 6}


def test_gates_look_at_three_frames_and_the_worst_speaks(
    make_clip: MakeClip, finish: Finish
) -> None:
    """A clip that fails waits in review, with the frame that failed beside it."""
    source = make_clip(size=(64, 48))
    outcome = finish(
        source,
        {"name": "{stem}.mp4"},
        steps=(("crop", Crop(width=32, height=32)),),
        gates=(("dimensions", Dimensions(width=40)),),
        review=Review(when="gate_failed"),
    )

    assert outcome.destination == "review"
    assert [one.role for one in outcome.renditions] == ["result", "preview", "reason"]
    assert all(one.stage.parent.name == "review" for one in outcome.renditions)
    [verdict] = outcome.gate_runs
    assert (verdict.gate, verdict.passed) == ("dimensions", False)
    assert verdict.detail.startswith("at 0.")
    gates_run = next(run for run in outcome.step_runs if run.step == "gates")
    assert gates_run.megapixels_in == pytest.approx(3 * 32 * 32 / 1e6)


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        ([{"name": "{stem}.png"}], "writes stills, and this is a clip"),
        ([{"name": "{stem}.webm"}], "sound"),
        ([{"name": "{stem}.mp4", "pixel_format": "rgb24"}], "does not store rgb24"),
        ([{"name": "{stem}.mp4", "width": 33}], "33 x 24 pixels"),
    ],
)
def test_what_cannot_be_written_is_said_and_leaves_nothing(
    make_clip: MakeClip,
    finish: Finish,
    tmp_path: Path,
    outputs: list[dict[str, Any]],
    reason: str,
) -> None:
    """The reason names the way out; no half clip is left behind."""
    outcome = finish(make_clip(), *outputs)

    assert reason in outcome.error
    assert outcome.hint
    assert list((tmp_path / "out").iterdir()) == []


def test_a_still_under_a_rule_for_clips_is_refused(
    finish: Finish, tmp_path: Path
) -> None:
    """One picture makes no clip."""
    frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 90, np.uint8), "rgb24")
    still = tmp_path / "still.png"
    frame.save(still)

    outcome = finish(still, {"name": "{stem}.mp4"})

    assert "does not write files like still.mp4" in outcome.error


def test_damage_in_the_middle_leaves_nothing_half(
    make_clip: MakeClip, finish: Finish, tmp_path: Path
) -> None:
    """A clip whose bytes were flipped fails as a whole, and may be looked at again."""
    source = make_clip(size=(320, 240), sound=False)
    damaged = bytearray(source.read_bytes())
    third = len(damaged) // 3
    damaged[third : 2 * third] = bytes(number % 251 for number in range(third))
    source.write_bytes(damaged)

    outcome = finish(source, {"name": "{stem}.mp4"})

    assert "damaged" in outcome.error
    assert outcome.retryable
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("list.mp4", b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n", "this is a text"),
        ("list.mkv", b"ffconcat version 1.0\nfile /etc/passwd\n", "this is a text"),
        ("cut.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isomiso2" + bytes(200), "damaged"),
        ("cut.mkv", b"\x1aE\xdf\xa3" + bytes(200), "damaged"),
    ],
)
def test_what_only_looks_like_a_clip_is_refused_by_content(
    finish: Finish, tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    """Playlists open nothing, whatever they are called."""
    path = tmp_path / name
    path.write_bytes(content)

    outcome = finish(path, {"name": "{stem}.mp4"})

    assert reason in outcome.error


def test_without_the_extra_the_reason_names_it(
    make_clip: MakeClip, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where PyAV is not installed a clip fails with the way to get it."""
    clip = make_clip()
    monkeypatch.setitem(sys.modules, "av", None)

    outcome = finish(clip, {"name": "{stem}.mp4"})

    assert "extra 'video'" in outcome.error
    assert "retouchd[video]" in outcome.hint
