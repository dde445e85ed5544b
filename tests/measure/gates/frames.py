"""Plants lost and repeated frames, in what comes out of the steps and in files.

A frame that changes by 3 levels and more, in the mean, shows the one before once more;
the frames from one on come one too early, and the last one, no less new, twice; the
picture stands still for three frames. In files a frame is missing, too many, or shown
20 ms late.
Sound are the same shots graded, cropped, cut out and erased, also where the input
repeats frames or what moves is cut away, and files whose frames are unevenly spaced,
begin late, are counted in milliseconds, or bear a note that turns them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from moving import FRAMES, Shot, no_files, opener, shots, written
from planted import SEED, Array, ClipCase, main, shuffled

from retouchd.gate import Attempt, FinishedClip, Stage
from retouchd.gates.frames import Frames
from retouchd.media.pixels import from_array
from retouchd.values import Picture

REAL_CHANGE = 3.0
REPEATED, LOST, STILL, MISSING, MORE, LATE = range(1, 7)
TICKS = 12_800


def through(shot: Shot, seed: int, kind: int) -> Iterator[Attempt]:
    """Yield what steps make of a shot; *kind* 0: each frame in its place."""
    frames = list(shot())
    chance = np.random.default_rng(seed)
    if chance.integers(4) == 0 and not kind:
        frames = [frames[number // 2 * 2] for number in range(len(frames))]
    step = (_graded, _cropped, _cut_out, _erased)[int(chance.integers(4))]
    results = [step(frame) for frame in frames]
    for place, source in enumerate(_sources(frames, kind)):
        picture = Picture(from_array(frames[place]))
        result, word, mask = results[source]
        after = Picture(from_array(result))
        own = results[place][2]
        stage = Stage(word, picture, after, None if own is None else from_array(own))
        yield Attempt(picture, after, (stage,) if mask is not None else ())


def _sources(frames: Sequence[Array], kind: int) -> list[int]:
    """Return which frame is shown in the place of each."""
    places = list(range(len(frames)))
    spot = _where_it_moves(frames)
    if kind == REPEATED:
        places[spot] = spot - 1
    elif kind == STILL:
        places[spot : spot + 3] = [spot - 1] * len(places[spot : spot + 3])
    elif kind == LOST:
        places = [*places[:spot], *places[spot + 1 :], places[-1]]
    return places


def _where_it_moves(frames: Sequence[Array]) -> int:
    """Return the frame, not the first, in which most is new."""
    changes = [_change(one, other) for one, other in pairwise(frames)]
    return 1 + int(np.argmax(changes))


def _change(one: Array, other: Array) -> float:
    """Return the change, noise aside, of the middle or of the rest, the smaller one."""
    small = [
        cv2.resize(each, (32, 32), interpolation=cv2.INTER_AREA)
        for each in (one, other)
    ]
    change = np.abs(small[0].astype(float) - small[1]).mean(axis=2)
    middle = np.zeros((32, 32), bool)
    middle[8:24, 8:24] = True
    return float(min(change[middle].mean(), change[~middle].mean()))


Made = tuple[Array, str, Array | None]


def _graded(frame: Array) -> Made:
    curve = 255 * np.linspace(0, 1, 256) ** 0.85
    return np.rint(curve)[frame].astype(np.uint8), "grade", None


def _cropped(frame: Array) -> Made:
    height, width = frame.shape[:2]
    cut = frame[: height * 4 // 5, width // 6 :]
    return np.ascontiguousarray(cut), "crop", None


def _oval(frame: Array, share: float) -> Array:
    height, width = frame.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    axes = (int(width * share), int(height * share))
    cv2.ellipse(mask, (width // 2, height // 2), axes, 0, 0, 360, 255, -1)
    return mask[:, :, None]


def _cut_out(frame: Array) -> Made:
    mask = _oval(frame, 0.4)
    return np.where(mask > 0, frame, 255).astype(np.uint8), "remove_background", mask


def _erased(frame: Array) -> Made:
    mask = _oval(frame, 0.2)
    return np.where(mask > 0, 90, frame).astype(np.uint8), "erase", mask


def around(shot: Shot, word: str) -> Iterator[Attempt]:
    """Yield a shot that moves only where the step leaves nothing of it."""
    frames = list(shot())
    for frame in frames:
        mask = _oval(frame, 0.3)
        inside = mask[:, :, 0] > 0
        hidden = inside if word == "erase" else ~inside
        source = np.where(hidden[:, :, None], frame, frames[0])
        result = np.where(hidden[:, :, None], 200, frames[0]).astype(np.uint8)
        before, after = Picture(from_array(source)), Picture(from_array(result))
        stage = Stage(word, before, after, from_array(mask))
        yield Attempt(before, after, (stage,))


def files(number: int, kind: int, chance: np.random.Generator) -> FinishedClip:
    """Write a clip and a result of it; *kind* 0: a faithful one."""
    even = np.arange(FRAMES) * 512
    uneven = np.cumsum(chance.choice([384, 512, 896, 1024], FRAMES))
    times = [int(time) for time in (even, uneven)[number % 2]]
    source = written(f"{number}-{kind}.mp4", times, turn=chance.choice([0, 90]))
    shown, spot = list(times), int(chance.integers(2, FRAMES - 2))
    if kind == MISSING:
        del shown[spot]
    elif kind == MORE:
        shown.insert(spot, (shown[spot - 1] + shown[spot]) // 2)
    elif kind == LATE:
        shown[spot] += TICKS // 50
        shown = sorted(shown)
    late = int(chance.choice([0, 640]))
    ending = ("mp4", "mkv")[number // 2 % 2]
    result = written(f"{number}-{kind}-made.{ending}", [t + late for t in shown])
    return FinishedClip(opener(source), (opener(result),))


def cases(data: Path | None) -> list[ClipCase]:
    """Return shots and files, each faithful and with a defect."""
    chance = np.random.default_rng(SEED)
    made = []
    for number, shot in enumerate(shots(data)):
        word = ("erase", "remove_background")[number // 5 % 2]
        sound = partial(through, shot, SEED + number, 0)
        if number % 5 == 0:
            sound = partial(around, shot, word)
        made.append(ClipCase(sound, 0, no_files()))
        kind = (REPEATED, LOST, STILL)[int(chance.integers(3))]
        changes = [_change(*pair) for pair in pairwise(shot())]
        if max(changes) < REAL_CHANGE:
            continue  # nobody would see it
        if kind == LOST and changes[-1] < REAL_CHANGE:
            kind = REPEATED
        bad = partial(through, shot, SEED + number, kind)
        made.append(ClipCase(bad, kind, no_files()))
    for number in range(40 if data else 6):
        kind = (MISSING, MORE, LATE)[number // 2 % 3]
        for strength in (0, kind):
            clip = files(number, strength, chance)
            made.append(ClipCase(lambda: iter(()), strength, clip))
    return shuffled(made)


if __name__ == "__main__":
    main("frames", Frames(), cases)
