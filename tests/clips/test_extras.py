"""What goes with a clip: contact sheets, chapters, subtitles and tags."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import pyvips

from retouchd.media.clips.overview import MOST_FRAMES, overview
from retouchd.rules.schema import Output
from retouchd.values import Outcome

MakeClip = Callable[..., Path]
Finish = Callable[..., Outcome]

CELL, CAPTION, GAP = (64, 48), 24, 12
SHEET = {"name": "sheet/{stem}.png", "show": "contact_sheet"}

SRT = "1\n00:00:00,100 --> 00:00:00,200\nHello\n\n2\n00:00:00,220 --> 00:00:00,400\nYou"
VTT = "WEBVTT\n\n00:00.100 --> 00:00.200\nHello\n\n00:00.220 --> 00:00.400\nYou\n"


def ticks(count: int) -> tuple[int, ...]:
    """Return the times of so many frames."""
    return tuple(range(0, count * 512, 512))


def test_sheet_shows_frames_from_all_over_the_clip(
    make_clip: MakeClip, finish: Finish
) -> None:
    """Twelve frames, four across, in order; each with its time beneath it."""
    source = make_clip(times=ticks(48), options={"g": "10"})

    outcome = finish(source, {"name": "{stem}.mkv", "codec": "ffv1"}, SHEET)

    clip, sheet = outcome.renditions
    across, down = CELL[0] + GAP, CELL[1] + CAPTION + GAP
    assert (sheet.name, sheet.width, sheet.height) == (
        "sheet/clip.png",
        4 * across + GAP,
        3 * down + GAP,
    )
    with av.open(clip.stage) as made:
        frames = [frame.to_ndarray(format="rgb24") for frame in made.decode(video=0)]
    shown = pyvips.Image.new_from_file(str(sheet.stage)).numpy()[..., :3]
    places = []
    for number in range(12):
        left, top = GAP + number % 4 * across, GAP + number // 4 * down
        cell = shown[top : top + CELL[1], left : left + CELL[0]].astype(int)
        off = [np.abs(cell - frame).mean() for frame in frames]
        places.append(int(np.argmin(off)))
        assert min(off) < 3
        beneath = shown[top + CELL[1] : top + CELL[1] + CAPTION, left : left + 40]
        assert beneath.min() < 100
    assert places == [2 + 4 * number for number in range(12)]


@pytest.mark.parametrize("frames", [1, 5])
def test_short_clips_have_short_sheets(
    make_clip: MakeClip, finish: Finish, frames: int
) -> None:
    """No frame is shown twice."""
    source = make_clip(times=ticks(frames), sound=False)

    outcome = finish(source, {"name": "{stem}.mp4"}, SHEET)

    assert outcome.error == ""
    rows = -(-frames // 4)
    assert outcome.renditions[1].height == rows * (CELL[1] + CAPTION + GAP) + GAP


@pytest.mark.parametrize("seconds_apart", [0.04, 1.1])
def test_frames_of_an_overview_are_those_of_their_times(
    make_clip: MakeClip, seconds_apart: float
) -> None:
    """Played or sought, it is the very frame that is on the screen then."""
    step = round(seconds_apart * 12_800)
    times = tuple(1000 + step * number for number in range(60))
    path = make_clip(times=times, options={"g": "7"}, sound=False)
    with av.open(path) as clip:
        stream = clip.streams.video[0]
        begin = float(stream.start_time * stream.time_base)
        times = [frame.time - begin for frame in clip.decode(stream)]
        seconds = float(stream.duration * stream.time_base)

    seen = [at for at, _ in overview(path, "mov")]

    middles = [(n + 0.5) / MOST_FRAMES * seconds for n in range(MOST_FRAMES)]
    expected = [max(time for time in times if time <= middle) for middle in middles]
    assert seen == pytest.approx(expected, abs=1e-4)


def test_sheets_are_stills_of_clips(finish: Finish, tmp_path: Path) -> None:
    """A clip's name, and a still that comes in, are told apart from it."""
    still = tmp_path / "still.png"
    pyvips.Image.black(32, 32, bands=3).cast("uchar").copy(
        interpretation="srgb"
    ).pngsave(str(still))

    outcome = finish(still, SHEET)

    assert "wants a contact sheet, and this is a still" in outcome.error
    assert "match: {kind: clip}" in outcome.hint
    with pytest.raises(ValueError, match="is no still"):
        Output(name="{stem}.mp4", show="contact_sheet")


@pytest.fixture
def with_text(make_clip: MakeClip, tmp_path: Path) -> Callable[..., Path]:
    """Add subtitles of a kind, two chapters and a title to a clip."""

    def make(kind: str, suffix: str) -> Path:
        source, path = make_clip(), tmp_path / f"text{suffix}"
        text = tmp_path / ("text.vtt" if kind == "webvtt" else "text.srt")
        text.write_text(VTT if kind == "webvtt" else SRT)
        with av.open(source) as clip, av.open(text) as lines, av.open(path, "w") as out:
            copies = {
                stream.index: out.add_stream_from_template(stream)
                for stream in clip.streams
            }
            words = (
                out.add_mux_stream("mov_text")
                if kind == "mov_text"
                else out.add_stream_from_template(lines.streams.subtitles[0])
            )
            words.metadata["language"] = "deu"
            out.metadata["title"] = "A title"
            out.set_chapters([_chapter(1, 0, 200), _chapter(2, 200, 480)])
            for packet in [one for one in lines.demux() if one.size]:
                moved = _as_mov_text(packet) if kind == "mov_text" else packet
                moved.stream = words
                out.mux(moved)
            for packet in clip.demux():
                if packet.dts is not None:
                    packet.stream = copies[packet.stream.index]
                    out.mux(packet)
        return path

    return make


def _as_mov_text(packet: av.Packet) -> av.Packet:
    """Put the length before the text, as 3GPP timed text wants it."""
    made = av.Packet(struct.pack(">H", packet.size) + bytes(packet))
    made.pts, made.dts, made.duration = packet.pts, packet.dts, packet.duration
    made.time_base = packet.time_base
    return made


def _chapter(number: int, begin: int, end: int) -> dict[str, object]:
    return {
        "id": number,
        "start": begin,
        "end": end,
        "time_base": Fraction(1, 1000),
        "metadata": {"title": f"Chapter {number}"},
    }


def texts(path: Path) -> list[tuple[float, bytes]]:
    """Return when each subtitle is shown, and its bytes."""
    with av.open(path) as clip:
        return [
            (round(float(packet.pts * packet.time_base), 3), bytes(packet))
            for stream in clip.streams.subtitles
            for packet in clip.demux(stream)
            if packet.size and packet.pts is not None
        ]


@pytest.mark.parametrize(
    ("kind", "suffix", "output", "is_kept"),
    [
        ("mov_text", ".mp4", "{stem}-o.mp4", True),
        ("mov_text", ".mp4", "{stem}-o.mkv", False),
        ("subrip", ".mkv", "{stem}-o.mkv", True),
        ("subrip", ".mkv", "{stem}-o.mp4", False),
        ("webvtt", ".mkv", "{stem}-o.mkv", True),
        ("webvtt", ".mkv", "{stem}-o.mp4", False),
    ],
)
def test_subtitles_are_kept_or_named(
    with_text: Callable[..., Path],
    finish: Finish,
    kind: str,
    suffix: str,
    output: str,
    is_kept: bool,
) -> None:
    """What the container cannot hold is in the story; chapters and tags always stay."""
    source = with_text(kind, suffix)

    outcome = finish(source, {"name": output})

    assert outcome.error == ""
    out = outcome.renditions[0].stage
    notes = () if is_kept else ("left out of the result: subtitle stream 2",)
    assert outcome.notes == notes
    assert texts(out) == (texts(source) if is_kept else [])
    with av.open(out) as clip:
        assert clip.metadata["title"] == "A title"
        chapters = [
            (float(one["start"] * one["time_base"]), one["metadata"]["title"])
            for one in clip.chapters()
        ]
        languages = [one.metadata.get("language") for one in clip.streams.subtitles]
    assert chapters == [(0.0, "Chapter 1"), (0.2, "Chapter 2")]
    assert languages == ["deu"] * is_kept
