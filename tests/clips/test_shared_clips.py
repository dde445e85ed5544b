"""Clips of many makers and codecs, all the way through a job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from retouchd.media.clips.handling import ClipHandling
from retouchd.steps.crop import Crop
from retouchd.steps.flatten import Flatten
from retouchd.values import Outcome

MakeClip = Callable[..., Path]
Finish = Callable[..., Outcome]
ReadBack = Callable[[Path], Any]

PIXELS = (("flatten", Flatten()),)


def since_the_first(times: Sequence[Fraction]) -> list[float]:
    """Return when frames are shown, counted from the first one."""
    return [float(time - times[0]) for time in times]


@pytest.mark.parametrize(
    "name",
    [
        "av1_opus.webm",
        "vp8_opus.webm",
        "vp9_opus.webm",
        "h264_23976fps.mkv",
        "h264_vfr.mkv",
        "h264_vfr.mp4",
        "h264_single_frame.mp4",
        "h264_two_audio_tracks.mp4",
        "prores_422hq_pcm.mov",
    ],
)
def test_frames_times_and_sound_are_those_of_the_source(
    shared_data: Path, read_back: ReadBack, finish: Finish, name: str
) -> None:
    """Cropped to a corner, in Matroska, which holds any sound."""
    source = shared_data / "video/derived" / name

    outcome = finish(
        source, {"name": "{stem}.mkv"}, steps=(("crop", Crop(width=64, height=64)),)
    )

    assert outcome.error == ""
    before, after = read_back(source), read_back(outcome.renditions[0].stage)
    assert since_the_first(after.times) == pytest.approx(
        since_the_first(before.times), abs=0.002
    )
    if before.sound:
        late, was_late = (
            float(one.times[0] - one.sound[0][0]) for one in (after, before)
        )
        assert late == pytest.approx(was_late, abs=0.002)
    assert [digest for _, digest in after.sound] == [
        digest for _, digest in before.sound
    ]
    assert after.size == (64, 64)


def test_shared_hdr_clip_becomes_sdr(shared_data: Path, finish: Finish) -> None:
    """Every frame of it, and it says so."""
    source = shared_data / "video/derived/hevc_10bit_pq_bt2020.mp4"
    rule = {
        "clip": ClipHandling(hdr="tone_map"),
        "steps": (("crop", Crop(width=64, height=64)),),
    }

    outcome = finish(source, {"name": "{stem}.mp4"}, **rule)

    assert outcome.error == ""
    with av.open(source) as before, av.open(outcome.renditions[0].stage) as after:
        count = sum(1 for _ in before.decode(video=0))
        frames = list(after.decode(video=0))
    assert len(frames) == count
    assert {(f.colorspace, f.color_primaries, f.color_trc) for f in frames} == {
        (1, 1, 1)
    }


@pytest.mark.parametrize("tags", [(1, 1, 1, 1), (5, 5, 6, 1), (9, 9, 14, 2)])
@pytest.mark.parametrize(
    ("output", "source_format"),
    [
        ({"name": "{stem}.mp4"}, "yuv420p"),
        ({"name": "{stem}.mp4", "codec": "hevc"}, "yuv420p10le"),
        ({"name": "{stem}.mp4", "codec": "av1"}, "yuv420p10le"),
        ({"name": "{stem}.mkv", "codec": "vp9"}, "yuv420p"),
        ({"name": "{stem}.mkv", "codec": "ffv1"}, "yuv420p10le"),
        ({"name": "{stem}.mov", "codec": "prores"}, "yuv422p10le"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.get("codec", "h264"),
)
def test_matrix_primaries_transfer_and_range_come_through(
    make_clip: MakeClip,
    read_back: ReadBack,
    finish: Finish,
    tags: tuple[int, ...],
    output: dict[str, str],
    source_format: str,
) -> None:
    """Whatever the codec, with 8 and 10 bits, the result is read as the source was."""
    source = make_clip(
        "in.mkv",
        codec="ffv1",
        pixel_format=source_format,
        tags=tags,
        sound=False,
        size=(64, 64),
    )

    outcome = finish(source, output, steps=PIXELS)

    assert outcome.error == ""
    after = read_back(outcome.renditions[0].stage)
    assert read_back(source).tags == tags
    assert after.tags[:3] == tags[:3]
    # Where it is the usual one some codecs do not state the range; ProRes has no other.
    is_full = tags[3] == 2 and output.get("codec") != "prores"
    assert (after.tags[3] == 2) == is_full


@pytest.mark.parametrize("steps", [(), PIXELS])
def test_full_range_becomes_limited_where_nothing_else_can_be_said(
    make_clip: MakeClip, finish: Finish, steps: object
) -> None:
    """A clip of full range looks the same as ProRes: its planes are made to fit."""
    source = make_clip(
        "in.mkv",
        codec="ffv1",
        pixel_format="yuv422p10le",
        tags=(1, 1, 1, 2),
        sound=False,
    )

    outcome = finish(source, {"name": "{stem}.mov", "codec": "prores"}, steps=steps)

    with av.open(source) as before, av.open(outcome.renditions[0].stage) as after:
        full, limited = (
            np.frombuffer(next(clip.decode(video=0)).planes[0], np.uint16).astype(int)
            for clip in (before, after)
        )
    expected = 64 + full * 876 / 1023
    assert np.abs(limited - expected).mean() < 3
    assert np.abs(limited - full).mean() > 12
