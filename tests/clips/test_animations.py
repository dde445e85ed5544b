"""Animated GIF and WebP: a clip where the rule wants one, else their first frame."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import pyvips

from retouchd.inspect import Limits, inspect
from retouchd.media.clips.opening import opened
from retouchd.media.clips.stills import animation_facts
from retouchd.media.pixels import Pixels, from_array
from retouchd.rules.schema import Match
from retouchd.steps.flatten import Flatten
from retouchd.values import Drop, Outcome

Finish = Callable[..., Outcome]

DELAYS = [100, 50, 200, 0, 30]
SIZE = (60, 40)


def _frames(*, is_opaque: bool) -> list[Pixels]:
    """Draw a square that moves over nothing, or over grey."""
    frames = []
    for number in range(len(DELAYS)):
        frame = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
        if is_opaque:
            frame[:] = (90, 90, 90, 255)
        left = 5 + 8 * number
        frame[8:24, left : left + 16] = (255, 50 * number, 0, 255)
        frames.append(frame)
    return frames


@pytest.fixture
def animate(tmp_path: Path) -> Callable[..., Drop]:
    """Write an animation."""

    def write(name: str, *, is_opaque: bool = False) -> Drop:
        image = from_array(np.concatenate(_frames(is_opaque=is_opaque))).copy()
        image.set_type(pyvips.GValue.gint_type, "page-height", SIZE[1])
        image.set_type(pyvips.GValue.array_int_type, "delay", DELAYS)
        path = tmp_path / name
        if name.endswith(".gif"):
            image.gifsave(str(path), dither=0)
        else:
            image.webpsave(str(path), lossless=True)
        return Drop("hot", name, path)

    return write


def _read(path: Path) -> list[av.VideoFrame]:
    with av.open(path) as clip:
        return list(clip.decode(clip.streams.video[0]))


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_frames_are_whole_and_transparent(animate: Any, name: str) -> None:
    """What a frame leaves out is taken from the one before; nothing shows through."""
    drop = animate(name)
    header = inspect(drop, Limits()).header

    with opened(drop.path, header.format, animation_facts(drop.path, header)) as clip:
        frames = list(clip.frames())

    for frame, drawn in zip(frames, _frames(is_opaque=False), strict=True):
        seen, is_there = frame.to_ndarray(), drawn[..., 3] > 0
        assert np.array_equal(seen[..., 3], drawn[..., 3])
        assert np.array_equal(seen[is_there], drawn[is_there])


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_times_of_frames_are_kept(animate: Any, finish_drop: Finish, name: str) -> None:
    """Each frame is shown as long as the file says; 'at once' means 100 ms."""
    outcome = finish_drop(
        animate(name), {"name": "{stem}.mov"}, match=Match(kind="clip")
    )

    assert outcome.error == ""
    frames = _read(outcome.renditions[0].stage)
    assert [frame.pts * frame.time_base for frame in frames] == [
        Fraction(ms, 1000) for ms in (0, 100, 150, 350, 450)
    ]
    assert frames[-1].duration * frames[-1].time_base == Fraction(30, 1000)
    assert outcome.inspection is not None
    header = outcome.inspection.header
    assert (header.kind, header.frames, header.seconds) == ("clip", 5, 0.48)


@pytest.mark.parametrize(
    ("match", "output", "kind"),
    [
        (Match(kind="clip"), "{stem}.webm", "clip"),
        (Match(), "{stem}.webm", "clip"),
        (Match(kind="still"), "{stem}.png", "still"),
        (Match(), "{stem}.png", "still"),
    ],
)
def test_the_rule_says_what_an_animation_is(
    animate: Any, finish_drop: Finish, match: Match, output: str, kind: str
) -> None:
    """By kind; without a word on it by what is to be written."""
    outcome = finish_drop(animate("a.gif"), {"name": output}, match=match)

    assert outcome.error == ""
    assert outcome.inspection is not None
    assert outcome.inspection.header.kind == kind
    told = "it holds 5 frames; only the first one is used" in outcome.notes
    assert told == (kind == "still")


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_a_still_of_these_formats_is_no_clip(
    tmp_path: Path, finish_drop: Finish, name: str
) -> None:
    """One frame does not move."""
    from_array(_frames(is_opaque=True)[0]).write_to_file(str(tmp_path / name))

    outcome = finish_drop(
        Drop("hot", name, tmp_path / name),
        {"name": "{stem}.mp4"},
        match=Match(kind="clip"),
    )

    assert "it is a still, not a clip" in outcome.error


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_opaque_animation_fits_into_mp4(
    animate: Any, finish_drop: Finish, name: str
) -> None:
    """A transparent colour that only saves bytes is no transparency."""
    outcome = finish_drop(animate(name, is_opaque=True), {"name": "{stem}.mp4"})

    assert outcome.error == ""
    assert len(_read(outcome.renditions[0].stage)) == 5


def test_transparent_animation_needs_a_way_out_for_mp4(
    animate: Any, finish_drop: Finish
) -> None:
    """P6: transparency is not dropped without a word; flatten does it."""
    drop = animate("a.gif")

    refused = finish_drop(drop, {"name": "{stem}.mp4"})
    flat = finish_drop(drop, {"name": "{stem}.mp4"}, steps=(("flatten", Flatten()),))

    assert "holds no transparency" in refused.error
    assert "flatten" in refused.hint
    assert flat.error == ""


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_cut_animation_is_refused(
    animate: Any, finish_drop: Finish, tmp_path: Path, name: str, share: float
) -> None:
    """P2: a clip that misses its end is no clip; nothing of it stays."""
    drop = animate(name)
    whole = drop.path.read_bytes()
    drop.path.write_bytes(whole[: int(len(whole) * share)])

    outcome = finish_drop(drop, {"name": "{stem}.webm"}, match=Match(kind="clip"))

    assert outcome.error
    assert outcome.renditions == ()
    assert [path for path in tmp_path.rglob("job-*") if path.is_file()] == []
