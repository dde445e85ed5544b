"""A clip in, a clip out: frames, times, sound, turn and colours are those they were."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from itertools import groupby
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from retouchd.errors import InputError
from retouchd.media.clips.encoding import ClipEncoding
from retouchd.media.clips.frames import Pictures
from retouchd.media.clips.handling import ClipHandling, fitting
from retouchd.media.clips.joining import (
    SegmentFile,
    WrittenClip,
    join,
    refuse_sound,
)
from retouchd.media.clips.opening import ClipFacts, opened, read_facts
from retouchd.media.clips.segment_writer import SegmentWriter
from retouchd.media.clips.segments import Segments, cut
from retouchd.media.clips.wanted import WantedClip, needs_pixels
from retouchd.media.pixels import from_array, to_array
from retouchd.media.size import Size
from retouchd.values import Picture

MakeClip = Callable[..., Path]
LOSSLESS = ClipEncoding("matroska", "ffv1")


def rewrite(
    path: Path,
    *wanted: WantedClip,
    edit: Callable[[Picture], Picture] | None = None,
    handling: ClipHandling | None = None,
) -> list[WrittenClip]:
    """Rewrite the clip at *path* in segments of five frames and more."""
    container = _container(path)
    facts = read_facts(path, container)
    has_pixels = needs_pixels(facts, wanted, edits=edit is not None)
    if has_pixels:
        facts = fitting(path, container, facts, handling or ClipHandling())
    with opened(path, container, facts) as clip:
        for one in wanted:
            refuse_sound(one.encoding, clip)
        segments = cut(clip, 5)
    change = edit or (unchanged if has_pixels else None)
    return [_written(path, facts, one, segments, change) for one in wanted]


def _written(
    path: Path,
    facts: ClipFacts,
    one: WantedClip,
    segments: Segments,
    edit: Callable[[Picture], Picture] | None,
) -> WrittenClip:
    container = _container(path)
    pictures = Pictures(facts)
    files: list[SegmentFile] = []
    with opened(path, container, facts) as clip:
        by_segment = groupby(clip.frames(), lambda f: segments.number_of(f.pts))
        for number, frames in by_segment:
            part = one.path.with_name(f"{one.path.name}-{number}.mkv")
            with SegmentWriter(part, one.encoding, clip) as writer:
                for frame in frames:
                    picture = edit(pictures.picture(frame)) if edit else None
                    writer.write(one.frame(frame, picture, pictures))
                files.append((part, writer.finish()))
    with opened(path, container, facts) as clip:
        turn = 0 if edit else facts.turn
        return join(one.path, one.encoding, clip, files, turn=turn)


def _container(path: Path) -> str:
    return "matroska" if path.suffix in {".mkv", ".webm"} else "mov"


def samples(frame: av.VideoFrame) -> NDArray[np.int32]:
    """Return every sample of every plane."""
    deep = frame.format.components[0].bits > 8
    planes = [np.frombuffer(plane, "<u2" if deep else "u1") for plane in frame.planes]
    return np.concatenate(planes).astype(np.int32)


def unchanged(picture: Picture) -> Picture:
    """Return the picture as it is, but as pixels."""
    return picture.with_image(picture.image.copy_memory())


def brighter(picture: Picture) -> Picture:
    """Add 20 to every value."""
    pixels = to_array(picture.image)
    return picture.with_image(from_array(np.minimum(pixels, 235) + np.uint8(20)))


def wanted(path: Path, encoding: ClipEncoding, **size: int) -> WantedClip:
    """Want a clip at *path*."""
    return WantedClip(path, encoding, Size(**size))


@pytest.mark.parametrize(
    ("codec", "pixel_format"),
    [
        ("libx264", "yuv420p"),
        ("libx264", "yuv444p"),
        ("libx264", "yuv420p10le"),
        ("libx265", "yuv420p10le"),
        ("prores_ks", "yuv422p10le"),
        ("ffv1", "yuva444p"),
    ],
)
def test_untouched_planes_pass_through(
    make_clip: MakeClip,
    read_back: Callable[[Path], object],
    tmp_path: Path,
    codec: str,
    pixel_format: str,
) -> None:
    """Without steps and with a lossless codec every sample is the same."""
    quiet = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    source = make_clip(
        "in.mkv", codec=codec, pixel_format=pixel_format, options=quiet, sound=False
    )

    rewrite(source, wanted(tmp_path / "out.mkv", LOSSLESS))

    before, after = read_back(source), read_back(tmp_path / "out.mkv")
    assert after.planes == before.planes
    assert after.pixel_format == before.pixel_format


def test_times_and_sound_are_exact(
    make_clip: MakeClip, read_back: Callable[[Path], object], tmp_path: Path
) -> None:
    """A variable rate stays one, to the tick; sound is copied packet by packet."""
    times = (0, 512, 900, 2048, 2100, 4000, 4512, 6000)
    source = make_clip(times=times)

    rewrite(source, wanted(tmp_path / "out.mp4", ClipEncoding("mp4")), edit=unchanged)

    before, after = read_back(source), read_back(tmp_path / "out.mp4")
    assert before.times == tuple(Fraction(time, 12_800) for time in times)
    assert after.times == before.times
    assert len(after.sound) > 20
    assert after.sound == before.sound
    assert after.seconds == pytest.approx(before.seconds, abs=0.001)


@pytest.mark.parametrize("tags", [(1, 1, 1, 1), (5, 5, 6, 2), (9, 9, 14, 1)])
def test_colour_tags_are_kept(
    make_clip: MakeClip,
    read_back: Callable[[Path], object],
    tmp_path: Path,
    tags: tuple[int, int, int, int],
) -> None:
    """Matrix, primaries, transfer and range say of the result what they said before."""
    source = make_clip(tags=tags)

    rewrite(source, wanted(tmp_path / "out.mp4", ClipEncoding("mp4")), edit=unchanged)

    assert read_back(source).tags == tags
    assert read_back(tmp_path / "out.mp4").tags == tags


def test_turned_clip_stays_turned_or_becomes_upright(
    make_clip: MakeClip, read_back: Callable[[Path], object], tmp_path: Path
) -> None:
    """Untouched planes keep their note; edited ones are upright, as steps want them."""
    source = make_clip(rotation=-90, size=(64, 48))
    sizes = []

    rewrite(source, wanted(tmp_path / "same.mp4", ClipEncoding("mp4")))
    rewrite(
        source,
        wanted(tmp_path / "up.mp4", ClipEncoding("mp4")),
        edit=lambda picture: (
            sizes.append((picture.image.width, picture.image.height)) or picture
        ),
    )

    same, upright = read_back(tmp_path / "same.mp4"), read_back(tmp_path / "up.mp4")
    assert (same.size, same.rotation) == ((64, 48), -90)
    assert (upright.size, upright.rotation) == ((48, 64), 0)
    assert set(sizes) == {(48, 64)}


@pytest.mark.parametrize("pixel_format", ["yuv444p", "yuv444p10le"])
@pytest.mark.parametrize("tags", [(1, 1, 1, 1), (5, 5, 6, 2)])
def test_way_to_pixels_and_back_loses_nothing_that_shows(
    make_clip: MakeClip, tmp_path: Path, tags: tuple[int, ...], pixel_format: str
) -> None:
    """RGB and back is within one level of 8 bits, in both matrices and both ranges."""
    tolerance = 2 if "10" in pixel_format else 1
    source = make_clip(
        "in.mkv", codec="ffv1", pixel_format=pixel_format, tags=tags, sound=False
    )

    rewrite(source, wanted(tmp_path / "out.mkv", LOSSLESS), edit=unchanged)

    with av.open(source) as before, av.open(tmp_path / "out.mkv") as after:
        for one, other in zip(
            before.decode(video=0), after.decode(video=0), strict=True
        ):
            assert np.abs(samples(one) - samples(other)).max() <= tolerance


@pytest.mark.parametrize("range_", [1, 2])
@pytest.mark.parametrize("bits", [10, 12])
def test_white_of_a_deep_clip_is_white(tmp_path: Path, bits: int, range_: int) -> None:
    """Full luma and full opacity are 65535, and come back as the samples they were."""
    largest = (1 << bits) - 1
    white = largest if range_ == 2 else 235 << (bits - 8)
    grey = [white // 3, white // 2, white]
    source = av.VideoFrame(32, 32, f"yuva444p{bits}le")
    for place, plane in enumerate(source.planes):
        fill = np.full((32, plane.line_size // 2), 1 << (bits - 1), np.uint16)
        if place in {0, 3}:
            fill[:, :30] = np.repeat(grey if place == 0 else [0, largest, largest], 10)
        plane.update(fill.tobytes())
    source.pts, source.time_base = 0, Fraction(1, 25)
    source.colorspace, source.color_range = 1, range_
    path = tmp_path / "in.mkv"
    with av.open(path, "w") as clip:
        stream = clip.add_stream("ffv1", rate=25)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = 32, 32, source.format.name
        context.colorspace, context.color_range = 1, range_
        clip.mux([*stream.encode(source), *stream.encode(None)])
    facts = read_facts(path, "matroska")
    pictures = Pictures(facts)

    picture = pictures.picture(source)
    back = pictures.frame(picture, source, facts.pixel_format)

    assert to_array(picture.image)[8, [25, 25], [0, 3]].tolist() == [65_535, 65_535]
    for place, tolerance in ((0, 1), (3, 0)):
        made, before = (
            np.frombuffer(frame.planes[place], np.uint16).reshape(32, -1)[:, :30]
            for frame in (back, source)
        )
        assert np.abs(made.astype(int) - before).max() <= tolerance


def test_several_outputs_come_from_one_pass(
    make_clip: MakeClip, read_back: Callable[[Path], object], tmp_path: Path
) -> None:
    """Each output has its own size and codec, and all of the sound."""
    source = make_clip()

    written = rewrite(
        source,
        wanted(tmp_path / "a.mp4", ClipEncoding("mp4", "hevc")),
        wanted(tmp_path / "b.mp4", ClipEncoding("mp4"), long_edge=32),
        edit=brighter,
    )

    large, small = read_back(tmp_path / "a.mp4"), read_back(tmp_path / "b.mp4")
    assert [(one.width, one.height, one.frames) for one in written] == [
        (64, 48, 12),
        (32, 24, 12),
    ]
    assert large.sound == small.sound == read_back(source).sound
    assert large.times == small.times


def test_alpha_needs_a_codec_that_holds_it(
    make_clip: MakeClip, read_back: Callable[[Path], object], tmp_path: Path
) -> None:
    """ProRes 4444 keeps transparency; H.264 says that it would lose it."""
    source = make_clip("in.mkv", codec="ffv1", pixel_format="yuva444p", sound=False)

    rewrite(source, wanted(tmp_path / "out.mov", ClipEncoding("mov")), edit=unchanged)

    assert read_back(tmp_path / "out.mov").pixel_format.startswith("yuva444p1")
    with pytest.raises(InputError, match="no transparency"):
        rewrite(source, wanted(tmp_path / "o.mp4", ClipEncoding("mp4")), edit=unchanged)


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("out.webm", ClipEncoding("webm", "vp9", quality=90)),
        ("out.mkv", ClipEncoding("matroska", "vp9", quality=90)),
        ("out.mov", ClipEncoding("mov", "prores")),
    ],
)
def test_transparency_of_vp9_comes_in_and_goes_out(
    make_clip: MakeClip, tmp_path: Path, name: str, encoding: ClipEncoding
) -> None:
    """FFmpeg's own decoder would hand out an opaque clip."""
    source = make_clip(
        "in.webm",
        codec="libvpx-vp9",
        pixel_format="yuva420p",
        time_base=Fraction(1, 1000),
        times=range(0, 480, 40),
        options={"crf": "4", "b:v": "0"},
        sound=False,
    )

    [written] = rewrite(source, wanted(tmp_path / name, encoding), edit=unchanged)

    before, after = opacity(source), opacity(tmp_path / name)
    assert written.frames == len(before) == len(after) == 12
    assert before.min() < 16
    assert before.max() > 240
    assert np.abs(after - before).mean() < 3


def test_a_turned_clip_with_transparency_comes_out_upright(
    make_clip: MakeClip, tmp_path: Path
) -> None:
    """The decoder that sees alpha is not told of the turn."""
    source = make_clip(
        "in.mkv", codec="libvpx-vp9", pixel_format="yuva420p", rotation=90, sound=False
    )

    [written] = rewrite(
        source, wanted(tmp_path / "out.mov", ClipEncoding("mov")), edit=unchanged
    )

    assert read_facts(source, "matroska").turn == 90
    assert (written.width, written.height) == (48, 64)
    assert opacity(tmp_path / "out.mov").shape[1:] == (64, 48)


def opacity(path: Path) -> NDArray[np.float64]:
    """Return the alpha of every frame, 0 to 255."""
    container = _container(path)
    facts = read_facts(path, container)
    assert facts.has_alpha
    with opened(path, container, facts) as clip:
        planes = [frame.to_ndarray(format="rgba")[..., 3] for frame in clip.frames()]
    return np.stack(planes).astype(float)


def test_odd_sizes_are_refused_with_a_way_out(
    make_clip: MakeClip, tmp_path: Path
) -> None:
    """Halved colours need even sides."""
    source = make_clip(size=(64, 48))
    odd = wanted(tmp_path / "out.mp4", ClipEncoding("mp4"), width=33, height=25)

    with pytest.raises(InputError, match="33 x 25 pixels cannot") as refusal:
        rewrite(source, odd, edit=unchanged)

    assert "yuv444p" in refusal.value.hint


def test_hdr_passes_untouched_but_is_not_edited(
    make_clip: MakeClip, read_back: Callable[[Path], object], tmp_path: Path
) -> None:
    """Nothing crushes highlights in silence."""
    source = make_clip(pixel_format="yuv420p10le", tags=(9, 9, 16, 1))

    rewrite(source, wanted(tmp_path / "same.mp4", ClipEncoding("mp4", "hevc")))

    assert read_back(tmp_path / "same.mp4").tags == (9, 9, 16, 1)
    with pytest.raises(InputError, match="HDR") as refusal:
        rewrite(source, wanted(tmp_path / "o.mp4", ClipEncoding("mp4")), edit=unchanged)
    assert "clip: {hdr: tone_map}" in refusal.value.hint


def test_sound_that_does_not_fit_is_not_dropped(
    make_clip: MakeClip, tmp_path: Path
) -> None:
    """AAC cannot go into WebM, Opus not into MOV: said before a frame is encoded."""
    aac, opus = make_clip(), make_clip("in.mkv")

    with pytest.raises(InputError, match=r"sound \(aac\) does not fit into webm"):
        rewrite(aac, wanted(tmp_path / "out.webm", ClipEncoding("webm")))
    with pytest.raises(InputError, match=r"sound \(opus\) does not fit into mov"):
        rewrite(opus, wanted(tmp_path / "out.mov", ClipEncoding("mov")))


def test_real_clips_keep_times_and_sound(
    shared_data: Path, read_back: Callable[[Path], object], tmp_path: Path
) -> None:
    """Clips of many makers come back with their frames, times, turn and sound."""
    clips = [
        path
        for path in sorted((shared_data / "video").glob("*/*.m[po][4v]"))
        if "broken" not in path.name
        and not path.name.startswith(("cockatoo", "publicdomain", "bbb", "c2pa"))
    ]

    for path in clips:
        form = read_facts(path, "mov").pixel_format
        out = tmp_path / f"{path.stem}.mp4"
        codec = "h264" if form.startswith("yuv420p") else "hevc"
        rewrite(path, wanted(out, ClipEncoding("mp4", codec, quality=5)))

        before, after = read_back(path), read_back(out)
        assert (after.times, after.sound) == (before.times, before.sound), path.name
        assert (after.rotation, after.size) == (before.rotation, before.size)
        assert after.tags[:3] == before.tags[:3], path.name
        # Where nothing else is stated H.264 does not state its usual range either.
        assert (after.tags[3] == 2) == (before.tags[3] == 2), path.name

    assert len(clips) >= 20


def test_no_encoder_takes_the_machine_for_itself(
    make_clip: MakeClip, tmp_path: Path
) -> None:
    """P6: threads of SVT-AV1 run as all others, also where root could do otherwise."""
    source = make_clip("in.mkv", codec="ffv1", pixel_format="yuv420p", sound=False)
    facts = read_facts(source, "matroska")
    encoding = ClipEncoding("matroska", "av1")
    before = _threads()
    with (
        opened(source, "matroska", facts) as clip,
        SegmentWriter(tmp_path / "out.mkv", encoding, clip) as writer,
    ):
        writer.write(next(clip.frames()))
        threads = _threads() - before
        policies = {os.sched_getscheduler(thread) for thread in threads}
        writer.finish()

    assert len(threads) > 2
    assert policies == {os.SCHED_OTHER}


def _threads() -> set[int]:
    return {int(task.name) for task in Path("/proc/self/task").iterdir()}
