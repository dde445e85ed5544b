"""Clips that lie, end early or change in the middle: a clear reason, nothing lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from retouchd.delivery.place import sha256_of
from retouchd.media.clips.wholeness import missing_bytes
from retouchd.steps.flatten import Flatten
from retouchd.values import Outcome

MakeClip = Callable[..., Path]
Finish = Callable[..., Outcome]
Refuse = Callable[..., Outcome]

PIXELS = (("flatten", Flatten()),)
"""A step that leaves every pixel as it is, but wants them."""


@pytest.fixture
def refuse(finish: Finish, tmp_path: Path) -> Refuse:
    """Run a clip that must fail; see that the source is whole, and nothing is made."""

    def run(source: Path, *, steps: object = PIXELS) -> Outcome:
        before = sha256_of(source)

        outcome = finish(source, {"name": "{stem}-out.mkv"}, steps=steps)

        assert outcome.error
        assert outcome.hint
        assert outcome.renditions == ()
        assert list((tmp_path / "out").iterdir()) == []
        assert sha256_of(source) == before
        return outcome

    return run


def packets_of(
    codec: str, size: tuple[int, int], count: int, first: int = 0
) -> list[av.Packet]:
    """Encode grey frames and return their packets, with times in 1/25 s."""
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt = *size, "yuv420p"
    context.time_base = context.framerate = Fraction(1, 25)
    context.framerate = Fraction(25)
    packets = []
    for number in range(count):
        grey = np.full((size[1], size[0], 3), 60 + 9 * number, np.uint8)
        frame = av.VideoFrame.from_ndarray(grey, "rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number + first, Fraction(1, 25)
        packets += context.encode(frame)
    return [*packets, *context.encode(None)]


def store(path: Path, codec: str, packets: list[av.Packet]) -> Path:
    """Write *packets* as a Matroska file whose header says 64 x 48."""
    with av.open(path, "w") as clip:
        stream = clip.add_stream(codec, rate=25)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = 64, 48, "yuv420p"
        clip.start_encoding()
        for packet in packets:
            packet.stream = stream
            clip.mux(packet)
    return path


@pytest.mark.parametrize("steps", [(), PIXELS])
@pytest.mark.parametrize("name", ["cut.mp4", "cut.mov", "cut.mkv"])
def test_what_was_copied_in_part_is_refused_wherever_it_ends(
    make_clip: MakeClip, refuse: Refuse, name: str, steps: object
) -> None:
    """FFmpeg would take what there is: all frames, some of the sound, or none."""
    source = make_clip(name, times=tuple(range(0, 40 * 512, 512)))
    whole = source.read_bytes()

    for share in (0.3, 0.6, 0.85, 0.92, 0.97, 0.999):
        source.write_bytes(whole[: int(len(whole) * share)])
        outcome = refuse(source, steps=steps)

        assert "cut short or damaged" in outcome.error
        assert "bytes are missing at its end" in outcome.error
        assert outcome.retryable


def test_every_shared_clip_is_whole(shared_data: Path) -> None:
    """None of many makers' files is taken for one that was cut."""
    clips = [
        path
        for path in sorted((shared_data / "video").glob("*/*.*"))
        if path.suffix in {".mp4", ".mov", ".m4a", ".mkv", ".webm"}
        and "broken" not in path.name
    ]
    missing = {}
    for path in clips:
        with path.open("rb") as file:
            is_ebml = path.suffix in {".mkv", ".webm"}
            missing[path.name] = missing_bytes(file, "matroska" if is_ebml else "mov")
            assert file.tell() == 0

    assert len(clips) > 30
    assert {name for name, count in missing.items() if count} == set()


@pytest.mark.parametrize(
    ("content", "container", "missing"),
    [
        (b"", "mov", 0),
        (b"\0\0\0\x08free" + b"words of a camera", "mov", 0),
        (b"\0\0\0\x08free" + b"\0\0\0\0mdat to the end", "mov", 0),
        (b"\0\0\0\x01mdat" + (100).to_bytes(8) + bytes(16), "mov", 68),
        (b"\x1aE\xdf\xa3\x81x" + b"\x18S\x80g\x84" + b"abcd", "matroska", 0),
        (b"\x1aE\xdf\xa3\x81x" + b"\x18S\x80g\x84" + b"a", "matroska", 3),
        (b"\x1aE\xdf\xa3\x81x" + b"\x18S\x80g\xff" + b"a", "matroska", 0),
        (b"\x1aE\xdf\xa3\x81x" + b"\x18S\x80g\x01" + b"\xff" * 7, "matroska", 0),
        (b"\x1aE\xdf\xa3", "matroska", 0),
    ],
)
def test_lengths_are_read_as_the_formats_say(
    tmp_path: Path, content: bytes, container: str, missing: int
) -> None:
    """Unknown lengths, lengths of 64 bits, and what is no clip at all."""
    path = tmp_path / "file"
    path.write_bytes(content)

    with path.open("rb") as file:
        assert missing_bytes(file, container) == missing


def test_unknown_codecs_are_named_as_such(make_clip: MakeClip, refuse: Refuse) -> None:
    """A code that nobody knows for the pictures is a reason, not a mistake."""
    source = make_clip(sound=False)
    source.write_bytes(source.read_bytes().replace(b"avc1", b"zzzz"))

    outcome = refuse(source)

    assert "coded in a way that is not known here" in outcome.error


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("derived/broken_truncated_60pct.mp4", "bytes are missing"),
        ("derived/broken_empty.mp4", "empty"),
        ("derived/broken_text.mp4", "text"),
        ("derived/audio_only.m4a", "sound but no pictures"),
        ("derived/h264_mpegts.ts", ""),
        ("derived/mjpeg.avi", ""),
    ],
)
def test_shared_files_that_are_no_clips(
    shared_data: Path, refuse: Refuse, tmp_path: Path, name: str, reason: str
) -> None:
    """Each has its reason, under whatever name it comes."""
    source = tmp_path / "dropped.mp4"
    shutil.copyfile(shared_data / "video" / name, source)

    outcome = refuse(source)

    assert reason in outcome.error


def test_pictures_without_a_frame(refuse: Refuse, tmp_path: Path) -> None:
    """A track that holds nothing is no clip."""
    source = store(tmp_path / "none.mkv", "libvpx-vp9", [])

    outcome = refuse(source)

    assert "no frame" in outcome.error or "damaged" in outcome.error


def test_huge_frames_are_claimed(refuse: Refuse, tmp_path: Path) -> None:
    """16384 x 16384 in the header of a frame of some bytes is not believed.

    VP9 keeps width and height less one as 16 bits each, from bit 36 on.
    """
    [packet] = packets_of("libvpx-vp9", (64, 48), 1)
    content = bytes(packet)
    bits = f"{int.from_bytes(content):0{8 * len(content)}b}"
    assert int(bits[36:52], 2) + 1 == 64
    lying = bits[:36] + f"{16_383:016b}" * 2 + bits[68:]
    made = av.Packet(int(lying, 2).to_bytes(len(content)))
    made.pts = made.dts = 0
    made.time_base, made.is_keyframe = Fraction(1, 25), True

    outcome = refuse(store(tmp_path / "huge.mkv", "libvpx-vp9", [made]))

    assert "damaged" in outcome.error


def test_size_changes_in_the_middle(refuse: Refuse, tmp_path: Path) -> None:
    """VP9 may do that; a clip that comes out has one size."""
    packets = packets_of("libvpx-vp9", (64, 48), 8)
    packets += packets_of("libvpx-vp9", (96, 64), 8, first=8)
    source = store(tmp_path / "sizes.mkv", "libvpx-vp9", packets)

    for steps in ((), PIXELS):
        outcome = refuse(source, steps=steps)

        assert "its size changes at 0.32 s to 96 x 64, from 64 x 48" in outcome.error


def test_times_run_backwards(refuse: Refuse, tmp_path: Path) -> None:
    """No order is guessed."""
    packets = packets_of("ffv1", (64, 48), 8)
    for packet, time in zip(packets, (0, 1, 2, 5, 4, 3, 6, 7), strict=True):
        packet.pts, packet.dts = time, packet.pts - 2
    source = store(tmp_path / "times.mkv", "ffv1", packets)

    outcome = refuse(source)

    assert "time stamps are wrong" in outcome.error


@pytest.mark.parametrize(
    ("output", "size", "pixel_format"),
    [
        ({"name": "{stem}.mp4"}, (479, 269), "yuv444p"),
        ({"name": "{stem}.mkv", "codec": "ffv1"}, (479, 269), "yuv444p"),
        ({"name": "{stem}.mp4", "long_edge": 201}, (201, 113), "yuv444p"),
        (
            {"name": "{stem}.mp4", "long_edge": 200, "pixel_format": "yuv420p"},
            (200, 112),
            "yuv420p",
        ),
        ({"name": "{stem}.mp4", "pixel_format": "yuv420p"}, (), ""),
    ],
)
def test_odd_sides_stay_or_are_refused(
    shared_data: Path,
    finish: Finish,
    output: dict[str, object],
    size: tuple[int, ...],
    pixel_format: str,
) -> None:
    """With whole colours odd sides are fine; halved ones need even sides."""
    source = shared_data / "video/derived/h264_yuv444_odd_479x269.mp4"

    outcome = finish(source, output, steps=PIXELS)

    if not size:
        assert "479 x 269 pixels cannot be stored as yuv420p" in outcome.error
        return
    assert outcome.error == ""
    with av.open(outcome.renditions[0].stage) as clip:
        frame = next(clip.decode(video=0))
    assert (frame.width, frame.height) == size
    assert frame.format.name == pixel_format
