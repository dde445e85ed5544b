"""Numbered stills as a clip, and clips as numbered stills."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import pyvips

from retouchd.errors import DamagedError
from retouchd.inspect import Limits, inspect
from retouchd.jobs.budget import estimated_need
from retouchd.jobs.sources import clip_facts
from retouchd.media.clips.opening import opened
from retouchd.media.clips.stills import StillsClip
from retouchd.media.pixels import Pixels, from_array
from retouchd.rules.schema import Match, Output, Rule
from retouchd.rules.sequence import Sequence
from retouchd.steps.resize import Resize
from retouchd.values import Drop, Header, Outcome

Finish = Callable[..., Outcome]
SEQUENCES = Match(kind="sequence", files="*")


def _pixels(number: int, bands: int = 3, depth: int = 8) -> Pixels:
    rng = np.random.default_rng(number)
    kind = np.uint16 if depth == 16 else np.uint8
    return rng.integers(0, 2**depth, (36, 48, bands), dtype=kind)


def _write(folder: Path, numbers: range, ending: str = "png", **form: int) -> Drop:
    frames = []
    for number in numbers:
        path = folder / f"shot_{number:04d}.{ending}"
        from_array(_pixels(number, **form)).write_to_file(str(path))
        frames.append(path)
    return Drop("hot", f"sub/{frames[0].name}", frames[0], tuple(frames[1:]))


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """A folder for frames."""
    made = tmp_path / "shots"
    made.mkdir()
    return made


def _clip(drop: Drop, rate: float = 24) -> StillsClip:
    header = inspect(drop, Limits()).header
    rule = Rule(
        rule="r",
        match=SEQUENCES,
        sequence=Sequence(rate=rate),
        outputs=(Output(name="{stem}.mp4"),),
    )
    facts = clip_facts(drop, header, rule)
    with opened(drop.path, header.format, facts) as clip:
        assert isinstance(clip, StillsClip)
        return clip


@pytest.mark.parametrize(
    ("bands", "depth", "layout"),
    [
        *((3, 8, "rgb24"), (4, 8, "rgba")),
        *((3, 16, "rgb48le"), (4, 16, "rgba64le")),
    ],
)
def test_frames_have_the_pixels_of_the_files(
    shots: Path, bands: int, depth: int, layout: str
) -> None:
    """RGB or RGBA, 8 or 16 bits: each frame is its file, at its time."""
    clip = _clip(_write(shots, range(5, 8), bands=bands, depth=depth))

    frames = list(clip.frames())

    assert [frame.format.name for frame in frames] == [layout] * 3
    for number, frame in enumerate(frames, start=5):
        assert np.array_equal(frame.to_ndarray(), _pixels(number, bands, depth))
    assert [frame.pts * frame.time_base for frame in frames] == [
        Fraction(number, 24) for number in range(3)
    ]
    assert [frame.duration for frame in frames] == [1, 1, 1]
    assert clip.facts.frames == 3
    assert clip.facts.seconds == pytest.approx(3 / 24)


def test_frames_are_brought_to_one_form(shots: Path) -> None:
    """One transparent frame of 16 bits makes all frames so; no value is lost."""
    drop = _write(shots, range(1, 3))
    deep = _pixels(2, bands=4, depth=16)
    from_array(deep).write_to_file(str(drop.members[0]))

    first, second = _clip(drop).frames()

    assert first.format.name == second.format.name == "rgba64le"
    shallow = first.to_ndarray()
    assert np.array_equal(shallow[..., :3], _pixels(1).astype(np.uint16) * 257)
    assert (shallow[..., 3] == 65535).all()
    assert np.array_equal(second.to_ndarray(), deep)


def test_a_clip_begins_at_any_frame_without_those_before(shots: Path) -> None:
    """What is resumed reads nothing again: not even a damaged frame before stops."""
    drop = _write(shots, range(1, 6))
    clip = _clip(drop)
    drop.path.write_bytes(b"gone bad")

    frames = list(clip.frames(first=3))

    assert [frame.pts for frame in frames] == [3, 4]
    assert np.array_equal(frames[0].to_ndarray(), _pixels(4))


def test_key_packets_tell_where_a_clip_may_be_cut(shots: Path) -> None:
    """Any frame of a sequence may begin a segment."""
    clip = _clip(_write(shots, range(1, 5)))

    packets = list(clip.container.demux(clip.pictures))

    assert [(one.pts, one.is_keyframe) for one in packets] == [
        (number, True) for number in range(4)
    ]


def test_truncated_frame_is_named(shots: Path) -> None:
    """P2: half a frame is never half a picture; which one it is stands in the error."""
    drop = _write(shots, range(1, 4))
    whole = drop.members[0].read_bytes()
    drop.members[0].write_bytes(whole[: len(whole) // 2])
    frames = _clip(drop).frames()
    next(frames)

    with pytest.raises(DamagedError) as caught:
        next(frames)

    assert caught.value.file == str(drop.members[0])


@pytest.mark.parametrize(
    ("rate", "exact"),
    [
        (24, Fraction(24)),
        (23.976, Fraction(24_000, 1001)),
        (29.97, Fraction(30_000, 1001)),
        (12.5, Fraction(25, 2)),
        (30, Fraction(30)),
    ],
)
def test_rates_are_exact(shots: Path, rate: float, exact: Fraction) -> None:
    """A rate as people write it stands for the exact one."""
    frames = list(_clip(_write(shots, range(1, 4)), rate).frames())

    assert [frame.pts * frame.time_base for frame in frames] == [
        number / exact for number in range(3)
    ]


def _read(path: Path) -> list[av.VideoFrame]:
    with av.open(path) as clip:
        return list(clip.decode(clip.streams.video[0]))


def test_sequence_comes_back_as_a_clip(shots: Path, finish_drop: Finish) -> None:
    """Lossless: every pixel, at the rule's rate, named without the number."""
    drop = _write(shots, range(101, 111))

    outcome = finish_drop(
        drop,
        {"name": "{stem}.mkv", "codec": "ffv1"},
        match=SEQUENCES,
        sequence=Sequence(rate=25),
    )

    assert outcome.error == ""
    [made] = outcome.renditions
    frames = _read(made.stage)
    assert made.name == "sub/shot.mkv"
    assert len(frames) == 10
    for number, frame in enumerate(frames, start=101):
        assert np.array_equal(frame.to_ndarray(format="rgb24"), _pixels(number))
    assert [frame.time for frame in frames] == pytest.approx(
        [n / 25 for n in range(10)]
    )


def test_white_and_black_keep_their_levels(shots: Path, finish_drop: Finish) -> None:
    """Frames have all values, players expect 16 to 235: said and done in the result."""
    for number, level in enumerate((0, 255), start=1):
        grey = np.full((32, 32, 3), level, np.uint8)
        from_array(grey).write_to_file(str(shots / f"s_{number}.png"))
    drop = Drop("hot", "s_1.png", shots / "s_1.png", (shots / "s_2.png",))

    outcome = finish_drop(
        drop,
        {"name": "{stem}.mp4", "pixel_format": "yuv420p", "quality": 95},
        match=SEQUENCES,
    )

    [made] = outcome.renditions
    black, white = _read(made.stage)
    assert (black.to_ndarray()[:32].mean(), white.to_ndarray()[:32].mean()) == (16, 235)
    assert (int(white.color_range), int(white.colorspace)) == (1, 1)
    assert (int(white.color_primaries), int(white.color_trc)) == (1, 13)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        *(("{stem}.mp4", "h264"), ("{stem}.mp4", "hevc"), ("{stem}.webm", "vp9")),
        *(("{stem}.mp4", "av1"), ("{stem}.mov", "prores"), ("{stem}.mkv", "ffv1")),
    ],
)
def test_every_codec_shows_the_colours_of_the_files(
    shots: Path, finish_drop: Finish, name: str, codec: str
) -> None:
    """P5: a red frame is red in every player, whatever the planes are."""
    red = np.full((64, 64, 3), (200, 40, 20), np.uint8)
    frames = [shots / f"s_{number}.png" for number in range(1, 9)]
    for frame in frames:
        from_array(red).write_to_file(str(frame))
    drop = Drop("hot", "s_1.png", frames[0], tuple(frames[1:]))

    outcome = finish_drop(drop, {"name": name, "codec": codec}, match=SEQUENCES)

    assert outcome.error == ""
    shown = _read(outcome.renditions[0].stage)[0].reformat(
        format="rgb24", src_colorspace=1, src_color_range=1
    )
    assert np.abs(shown.to_ndarray().astype(int) - red).max() <= 6


def test_transparency_survives_in_prores(shots: Path, finish_drop: Finish) -> None:
    """A transparent sequence becomes ProRes 4444 without being asked."""
    drop = _write(shots, range(1, 4), bands=4)

    outcome = finish_drop(drop, {"name": "{stem}.mov"}, match=SEQUENCES)

    [made] = outcome.renditions
    first = _read(made.stage)[0].to_ndarray(format="rgba")
    assert np.abs(first[..., 3].astype(int) - _pixels(1, 4)[..., 3]).max() <= 2


def test_transparency_survives_in_webm_or_is_refused(
    shots: Path, finish_drop: Finish
) -> None:
    """P6: VP9 holds it beside halved colours; HEVC does not, and that is said."""
    drop = _write(shots, range(1, 9), bands=4)

    kept = finish_drop(drop, {"name": "{stem}.webm"}, match=SEQUENCES)
    lost = finish_drop(drop, {"name": "{stem}.mp4", "codec": "hevc"}, match=SEQUENCES)

    [made] = kept.renditions
    with av.open(made.stage) as clip:
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        packets = clip.demux(clip.streams.video[0])
        first = next(f for packet in packets for f in decoder.decode(packet))
    assert first.format.name == "yuva420p"
    assert "holds no transparency" in lost.error


@pytest.mark.parametrize("depth", [8, 16])
def test_sequence_comes_back_as_a_sequence(
    shots: Path, finish_drop: Finish, depth: int
) -> None:
    """Numbered as in the source, one file for each frame, no value changed."""
    drop = _write(shots, range(98, 103), depth=depth)

    outcome = finish_drop(
        drop, {"name": "{stem}/{stem}_{frame}.{ext}"}, match=SEQUENCES
    )

    assert outcome.error == ""
    assert [made.name for made in outcome.renditions] == [
        f"sub/shot/shot_{number:04d}.png" for number in range(98, 103)
    ]
    assert [made.output for made in outcome.renditions] == [0, 1, 2, 3, 4]
    for number, made in enumerate(outcome.renditions, start=98):
        pixels = pyvips.Image.new_from_file(str(made.stage)).numpy()
        assert np.array_equal(pixels, _pixels(number, depth=depth))
        assert hashlib.sha256(made.stage.read_bytes()).hexdigest() == made.sha256


def test_all_kinds_of_outputs_together(shots: Path, finish_drop: Finish) -> None:
    """Clip, small frames and poster from one pass; every file has its own number."""
    drop = _write(shots, range(1, 4))

    outcome = finish_drop(
        drop,
        {"name": "{stem}.mkv", "codec": "ffv1"},
        {"name": "small/{stem}.{frame}.jpg", "long_edge": 24},
        {"name": "{stem}.jpg"},
        match=SEQUENCES,
        steps=(("resize", Resize(long_edge=40)),),
    )

    made = {one.output: one for one in outcome.renditions}
    assert [
        (number, one.name, one.part_of) for number, one in sorted(made.items())
    ] == [
        (0, "sub/shot.mkv", None),
        (1, "sub/small/shot.0001.jpg", 1),
        (2, "sub/shot.jpg", None),
        (3, "sub/small/shot.0002.jpg", 1),
        (4, "sub/small/shot.0003.jpg", 1),
    ]
    assert [(made[n].width, made[n].height) for n in (0, 1, 2, 4)] == [
        *((40, 30), (24, 18), (40, 30), (24, 18)),
    ]
    runs = {run.step: run for run in outcome.step_runs}
    assert runs["decode"].bytes_in == sum(
        path.stat().st_size for path in (drop.path, *drop.members)
    )
    assert runs["encode"].bytes_out == sum(one.bytes for one in outcome.renditions)


def test_clip_comes_back_as_a_sequence(
    make_clip: Callable[..., Path], finish_drop: Finish
) -> None:
    """Frames of a clip are counted from 0001 on, with their transparency."""
    source = make_clip(
        "clip.mov", codec="prores_ks", pixel_format="yuva444p10le", sound=False
    )

    outcome = finish_drop(
        Drop("hot", source.name, source), {"name": "{stem}/{stem}_{frame}.png"}
    )

    assert outcome.error == ""
    assert [made.name for made in outcome.renditions] == [
        f"clip/clip_{number:04d}.png" for number in range(1, 13)
    ]
    last = pyvips.Image.new_from_file(str(outcome.renditions[-1].stage))
    assert (last.width, last.height, last.bands, last.format) == (64, 48, 4, "ushort")


def test_digest_is_that_of_the_sorted_digests(shots: Path, finish_drop: Finish) -> None:
    """Another pixel makes another drop; the order of the files does not."""
    drop = _write(shots, range(1, 4))
    digests = sorted(
        hashlib.sha256(path.read_bytes()).hexdigest() for path in shots.iterdir()
    )

    outcome = finish_drop(drop, {"name": "{stem}.mkv"}, match=SEQUENCES)

    assert outcome.sha256 == hashlib.sha256("".join(digests).encode()).hexdigest()


@pytest.mark.parametrize("problem", ["gap", "size", "cut"])
def test_bad_sequence_costs_nothing(
    shots: Path, tmp_path: Path, finish_drop: Finish, problem: str
) -> None:
    """The frame, or the missing number, is named; nothing half-made stays."""
    drop = _write(shots, range(1, 7))
    fifth = drop.members[3]
    if problem == "gap":
        drop = replace(drop, members=tuple(set(drop.members) - {fifth}))
    elif problem == "size":
        from_array(_pixels(1)[:, :40]).write_to_file(str(fifth))
    else:
        fifth.write_bytes(fifth.read_bytes()[:-400])

    outcome = finish_drop(
        drop,
        {"name": "{stem}.mp4"},
        {"name": "{stem}/{frame}.png"},
        match=SEQUENCES,
    )

    expected = {
        "gap": "missing: 5",
        "size": "shot_0005.png: this frame is 40 x 36 pixels",
        "cut": "shot_0005.png: the file is cut short or damaged",
    }
    assert expected[problem] in outcome.error
    assert outcome.hint
    assert outcome.retryable == (problem == "cut")
    assert [path for path in tmp_path.rglob("job-*") if path.is_file()] == []


def test_only_a_rule_that_says_so_takes_a_sequence(
    shots: Path, finish_drop: Finish
) -> None:
    """A rule without kind takes stills and clips; its refusal says why."""
    outcome = finish_drop(_write(shots, range(1, 3)), {"name": "{stem}.mp4"})

    assert "only a rule with kind: sequence takes" in outcome.error


def test_large_frames_are_refused_by_their_header(shots: Path) -> None:
    """Frames that claim too many pixels are refused before one is decoded."""
    drop = _write(shots, range(1, 3))

    with pytest.raises(Exception, match="at most 0 are taken") as caught:
        inspect(drop, Limits(megapixels=0.001))

    assert drop.path.name in str(caught.value)


def test_memory_of_a_sequence_is_that_of_a_clip() -> None:
    """Encoders hold frames of a sequence as they do those of a clip."""
    rule = Rule(rule="r", outputs=(Output(name="{stem}.mp4"),))
    header = Header("png", "sequence", 1920, 1080, 3, 8, 1, has_alpha=False, frames=9)

    still, clip, sequence = (
        estimated_need(replace(header, kind=kind), rule)
        for kind in ("still", "clip", "sequence")
    )

    assert still < clip == sequence
