"""Plants changes of the sound: louder or softer by 1.5 dB and more, gaps, lost tracks.

A gap lasts a quarter of a second, an end that is gone a fifth of the sound; of two
channels one is silent; of two tracks one is gone; what is loud is cut off at 0.7 of the
mean. Sound are tracks that were copied packet by packet into another container, which
may begin them a few milliseconds later, and those that were encoded once more.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import av
import numpy as np
from moving import opener
from numpy.typing import NDArray
from planted import SEED, ClipCase, main, shuffled

from retouchd.gate import FinishedClip
from retouchd.gates.loudness import Loudness

GAIN, GAP, SHORT, CHANNEL, TRACK, PRESSED = range(1, 7)
Waves = NDArray[np.float32]
RATES = (44_100, 48_000)


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="retouchd-gates-"))


def sound(chance: np.random.Generator, rate: int) -> Waves:
    """Return two seconds or so of chords, speech-like noise or beats, (2, N)."""
    time = np.arange(int(rate * chance.uniform(1.6, 2.6))) / rate
    kind = int(chance.integers(3))
    if kind == 0:
        notes = chance.uniform(80, 2000, 5)
        wave = sum(np.sin(2 * np.pi * note * time) for note in notes) / 5
    else:
        wave = np.convolve(chance.normal(0, 1, len(time)), np.ones(8) / 8, "same")
    if kind == 1:
        syllables = np.interp(time, np.arange(0, 4, 0.12), chance.uniform(0, 1, 34))
        wave = wave * syllables**2
    if kind == 2:
        wave = wave * np.exp(-((time % 0.5) * 12))
    loud = 10 ** (chance.uniform(-30, -3) / 20)
    wave = wave / np.abs(wave).max() * loud
    balance = chance.uniform(0.7, 1.0)
    return np.stack([wave, wave * balance]).astype(np.float32)


def spoilt(wave: Waves, kind: int, chance: np.random.Generator) -> Waves:
    """Return *wave* with a defect."""
    length = wave.shape[1]
    wave = wave.copy()
    if kind == GAIN:
        return wave * np.float32(10 ** (chance.choice([-6, -3, -1.5, 1.5, 3]) / 20))
    if kind == GAP:
        loudest = int(np.abs(wave[0]).argmax())
        begin = max(0, min(loudest - length // 16, length - length // 8))
        wave[:, begin : begin + length // 8] = 0
    elif kind == SHORT:
        return wave[:, : length * 4 // 5]
    elif kind == CHANNEL:
        wave[0] = 0
    elif kind == PRESSED:
        limit = 0.7 * float(np.sqrt((wave**2).mean()))
        wave = np.clip(wave, -limit, limit)
    return wave


def recorded(name: str, tracks: Sequence[Waves], rate: int, codec: str) -> Path:
    """Write *tracks* beside one tiny frame."""
    path = _folder() / name
    with av.open(path, "w") as clip:
        picture = clip.add_stream("mpeg4", rate=25)
        picture.width = picture.height = 16
        streams = [clip.add_stream(codec, rate=rate, layout="stereo") for _ in tracks]
        clip.mux(picture.encode(av.VideoFrame(16, 16, "yuv420p")))
        clip.mux(picture.encode(None))
        for stream, wave in zip(streams, tracks, strict=True):
            step = stream.codec_context.frame_size or 1024
            for begin in range(0, wave.shape[1], step):
                block = np.ascontiguousarray(wave[:, begin : begin + step])
                frame = av.AudioFrame.from_ndarray(block, "fltp", "stereo")
                frame.sample_rate, frame.pts = rate, begin
                clip.mux(stream.encode(frame))
            clip.mux(stream.encode(None))
    return path


def copied(source: Path, name: str) -> Path:
    """Copy every packet of *source* into another container."""
    path = _folder() / name
    with av.open(source) as clip, av.open(path, "w") as out:
        copies = {one.index: out.add_stream_from_template(one) for one in clip.streams}
        for packet in clip.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    return path


def cases(data: Path | None) -> list[ClipCase]:
    """Return pairs of a clip and what was made of it, faithful and with a defect."""
    chance = np.random.default_rng(SEED)
    made = []
    for number in range(132 if data else 6):
        rate = RATES[int(chance.integers(2))]
        tracks = [sound(chance, rate) for _ in range(1 + number % 2)]
        kind = 1 + int(chance.integers(6 if len(tracks) == 2 else 5))
        if len(tracks) == 1 and kind == TRACK:
            kind = PRESSED
        source = recorded(f"{number}.mp4", tracks, rate, "aac")
        if number % 3:
            faithful = copied(source, f"{number}-copy.{('mkv', 'mov')[number % 3 - 1]}")
        else:
            faithful = recorded(f"{number}-again.mkv", tracks, rate, "aac")
        made.append(_case(source, faithful, 0))
        bad = (
            tracks[:-1]
            if kind == TRACK
            else [*tracks[:-1], spoilt(tracks[-1], kind, chance)]
        )
        made.append(
            _case(source, recorded(f"{number}-bad.mp4", bad, rate, "aac"), kind)
        )
    return shuffled(made)


def _case(source: Path, result: Path, kind: int) -> ClipCase:
    clip = FinishedClip(opener(source), (opener(result),))
    return ClipCase(lambda: iter(()), kind, clip)


if __name__ == "__main__":
    main("loudness", Loudness(), cases)
