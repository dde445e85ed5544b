"""Interlaced clips: found by what they show, kept or made whole by rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from retouchd.errors import InputError
from retouchd.media.clips.fields import deinterlaced, find_fields
from retouchd.media.clips.handling import ClipHandling
from retouchd.steps.flatten import Flatten
from retouchd.values import Outcome

Finish = Callable[..., Outcome]
DEINTERLACE = {
    "clip": ClipHandling(interlaced="deinterlace"),
    "steps": (("flatten", Flatten()),),
}
"""A rule whose step leaves every pixel as it is."""

PLAIN = (1, 1, 1, 1)


def planes(frame: av.VideoFrame) -> list[NDArray[np.uint8]]:
    """Return the visible samples of each plane."""
    return [
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:, : plane.width]
        for plane in frame.planes
    ]


def moving(count: int, size: tuple[int, int] = (96, 64)) -> list[av.VideoFrame]:
    """Draw a soft pattern that moves across, one frame for each instant."""
    width, height = size
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    frames = []
    for number in range(count):
        wave = np.sin((across - 5 * number) / 7) * np.cos(down / 9)
        luma = np.rint(120 + 80 * wave).astype(np.uint8)
        frame = av.VideoFrame(width, height, "yuv420p")
        for place, plane in enumerate(frame.planes):
            whole = np.full((plane.height, plane.line_size), 128, np.uint8)
            if place == 0:
                whole[:, :width] = luma
            plane.update(whole.tobytes())
        frame.pts, frame.time_base = number * 512, Fraction(1, 12_800)
        frames.append(frame)
    return frames


def woven(
    instants: Sequence[av.VideoFrame], first: str = "tff"
) -> Iterator[av.VideoFrame]:
    """Take a frame's fields from two instants, as an interlaced camera does."""
    for early, late in zip(instants[::2], instants[1::2], strict=False):
        top, bottom = (early, late) if first == "tff" else (late, early)
        made = av.VideoFrame(early.width, early.height, "yuv420p")
        above, below = planes(top), planes(bottom)
        for plane, one, other in zip(made.planes, above, below, strict=True):
            whole = np.zeros((plane.height, plane.line_size), np.uint8)
            whole[0::2, : plane.width] = one[0::2]
            whole[1::2, : plane.width] = other[1::2]
            plane.update(whole.tobytes())
        made.pts, made.time_base = early.pts, early.time_base
        yield made


def pulled_down(instants: Sequence[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """Make five frames of four, two of them woven: film on television."""
    for place in range(0, len(instants) - 3, 4):
        a, b, c, d = instants[place : place + 4]
        yield from (a, b, *woven([b, c]), *woven([c, d]), d)


def noisy(frames: Sequence[av.VideoFrame], sigma: float) -> Iterator[av.VideoFrame]:
    """Add noise to luma."""
    rng = np.random.default_rng(8)
    for frame in frames:
        plane = frame.planes[0]
        whole = np.frombuffer(plane, np.uint8) + rng.normal(0, sigma, plane.buffer_size)
        plane.update(whole.clip(0, 255).astype(np.uint8).tobytes())
        yield frame


@pytest.fixture
def store(tmp_path: Path) -> Callable[..., Path]:
    """Write frames as an H.264 clip; marked as interlaced, or not."""

    def write(
        frames: Sequence[av.VideoFrame], name: str = "in.mp4", *, is_marked: bool
    ) -> Path:
        path = tmp_path / name
        with av.open(path, "w") as clip:
            stream = clip.add_stream("libx264", rate=25, options={"crf": "8"})
            context = stream.codec_context
            context.width, context.height = frames[0].width, frames[0].height
            context.pix_fmt, context.time_base = "yuv420p", frames[0].time_base
            context.colorspace, context.color_primaries = PLAIN[:2]
            context.color_trc, context.color_range = PLAIN[2:]
            if is_marked:
                context.flags |= 1 << 18
            for number, frame in enumerate(frames):
                frame.pts, frame.time_base = number * 512, Fraction(1, 12_800)
                clip.mux(stream.encode(frame))
            clip.mux(stream.encode(None))
        return path

    return write


def combing(frames: Sequence[av.VideoFrame]) -> float:
    """Return how much lines differ from those above and below them."""
    lumas = [planes(frame)[0].astype(int) for frame in frames]
    return float(np.mean([np.abs(2 * y[1:-1] - y[:-2] - y[2:]).mean() for y in lumas]))


@pytest.mark.parametrize("first", ["tff", "bff"])
def test_fields_are_found_without_any_mark(first: str) -> None:
    """Frames of two instants are interlaced, whatever the clip says of itself."""
    assert find_fields(woven(moving(24), first)) == first


def test_pulldown_is_found() -> None:
    """Two woven frames in five are enough: steps would tear them as well."""
    assert find_fields(pulled_down(moving(40))) == "tff"


@pytest.mark.parametrize("sigma", [0, 4, 12])
def test_whole_frames_are_not_taken_for_fields(sigma: float) -> None:
    """Noise makes the detector blind, but never wrong."""
    assert find_fields(noisy(moving(40), sigma)) is None


def test_mark_counts_where_nothing_moves(store: Callable[..., Path]) -> None:
    """A still clip shows no fields; its mark is believed."""
    still = moving(1) * 8
    marked, plain = (
        store(still, f"{is_marked}.mp4", is_marked=is_marked)
        for is_marked in (True, False)
    )

    with av.open(marked) as one, av.open(plain) as other:
        assert find_fields(one.decode(video=0)) == "auto"
        assert find_fields(other.decode(video=0)) is None


def test_only_as_much_is_looked_at_as_decides(shared_data: Path) -> None:
    """A long clip is not decoded twice."""
    with av.open(shared_data / "video/real/cockatoo_yuv444p_h264_mp3_14s.mp4") as clip:
        frames = clip.decode(video=0)

        assert find_fields(frames) is None

        assert 200 < sum(1 for _ in frames) < 280


def test_real_clips_are_progressive(shared_data: Path) -> None:
    """None of many makers' clips is taken for interlaced, but the marked one."""
    clips = [
        path
        for path in sorted((shared_data / "video").glob("*/*.*"))
        if path.suffix in {".mp4", ".mov", ".mkv", ".webm"}
        and "broken" not in path.name
    ]

    found = {}
    for path in clips:
        with av.open(path) as clip:
            found[path.name] = find_fields(islice(clip.decode(video=0), 40))

    assert len(clips) > 25
    assert {name: fields for name, fields in found.items() if fields} == {
        "h264_interlaced_tff.mp4": "auto"
    }


@pytest.mark.parametrize("first", ["tff", "bff"])
def test_a_frame_comes_out_for_each_with_its_time(first: str) -> None:
    """Whole frames show the instant of the first field; their times are exact."""
    instants = moving(40)
    frames = list(woven(instants, first))
    truth = instants[::2]

    made = list(deinterlaced(iter(frames), first))

    times = [(frame.pts, frame.time_base) for frame in frames]
    assert [(frame.pts, frame.time_base) for frame in made] == times
    assert find_fields(made) is None
    inner = slice(2, -2)
    off = [
        np.abs(planes(one)[0].astype(int) - planes(other)[0]).mean()
        for one, other in zip(made[inner], truth[inner], strict=True)
    ]
    before = [
        np.abs(planes(one)[0].astype(int) - planes(other)[0]).mean()
        for one, other in zip(frames[inner], truth[inner], strict=True)
    ]
    assert max(off) < 0.2 * min(before)


@pytest.mark.parametrize("cuts", [(0, 7, 20), (0, 1, 2, 20), (0, 10, 19, 20)])
def test_parts_with_a_frame_on_either_side_are_those_of_the_whole(
    cuts: tuple[int, ...],
) -> None:
    """Work can be cut anywhere: the neighbours' results are left out."""
    frames = list(woven(moving(40)))
    whole = [planes(frame) for frame in deinterlaced(iter(frames), "tff")]

    made = []
    for begin, end in pairwise(cuts):
        early, late = max(0, begin - 1), min(len(frames), end + 1)
        part = list(deinterlaced(iter(frames[early:late]), "tff"))
        made += [planes(frame) for frame in part[begin - early : end - early]]

    assert len(made) == len(whole)
    for one, other in zip(made, whole, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_frames_that_cannot_be_made_whole_are_refused() -> None:
    """Two lines hold no fields to work with."""
    frames = moving(4, size=(16, 2))

    with pytest.raises(InputError, match="16 x 2 as yuv420p cannot be de-interlaced"):
        list(deinterlaced(iter(frames), "tff"))


@pytest.mark.parametrize("is_marked", [True, False])
def test_rule_refuses_or_deinterlaces(
    store: Callable[..., Path], finish: Finish, is_marked: bool
) -> None:
    """Without a word steps are refused, with the way out; with it frames are whole."""
    source = store(list(woven(moving(40))), is_marked=is_marked)
    mkv = {"name": "{stem}.mkv", "codec": "ffv1"}

    refused = finish(source, mkv, steps=DEINTERLACE["steps"])
    outcome = finish(source, mkv, **DEINTERLACE)

    assert "interlaced" in refused.error
    assert "clip: {interlaced: deinterlace}" in refused.hint
    assert outcome.error == ""
    out = outcome.renditions[0].stage
    with av.open(source) as before, av.open(out) as after:
        old, new = list(before.decode(video=0)), list(after.decode(video=0))
    assert len(new) == len(old) == 20
    assert combing(new) < 0.2 * combing(old)
    assert not any(frame.interlaced_frame for frame in new)
    assert [frame.time for frame in new] == pytest.approx(
        [frame.time for frame in old], abs=0.001
    )


@pytest.mark.parametrize(
    ("output", "notes", "is_marked"),
    [
        ({"name": "{stem}.mp4"}, (), True),
        ({"name": "{stem}.mkv", "codec": "ffv1"}, (), True),
        ({"name": "{stem}.mov"}, (), True),
        (
            {"name": "{stem}.mp4", "codec": "hevc"},
            ("left out of the result: the mark of interlaced frames",),
            False,
        ),
    ],
)
def test_untouched_fields_stay_fields(
    store: Callable[..., Path],
    finish: Finish,
    output: dict[str, str],
    notes: tuple[str, ...],
    is_marked: bool,
) -> None:
    """Without steps nothing is made of them, and the result says what they are."""
    if output["name"].endswith("mov"):
        output = {**output, "codec": "h264"}
    source = store(list(woven(moving(40))), is_marked=True)

    outcome = finish(source, output)

    assert outcome.notes == notes
    with av.open(outcome.renditions[0].stage) as clip:
        frames = list(clip.decode(video=0))
    assert all(bool(frame.interlaced_frame) == is_marked for frame in frames)
    assert find_fields(frames) == "tff"
