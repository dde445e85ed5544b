"""How loud the sound of a clip is, moment by moment (EBU R 128, ITU-R BS.1770)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from retouchd.errors import InputError
from retouchd.media.clips.decoding import damaged
from retouchd.media.clips.library import pyav
from retouchd.media.clips.opening import Clip
from retouchd.media.measures.planes import Floats

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream

SILENCE = -60.0
"""LUFS; what is less loud counts as this, and so do whole clips without a sound."""

_VALUE = "lavfi.r128.M"

_TAIL_SECONDS = 0.4
"""Of silence behind the end: a moment is so long, and the last one counts too."""


def sound_tracks(clip: Clip) -> list[AudioStream]:
    """Return the sound tracks of *clip*.

    Raises:
        InputError: one is coded in a way that is not known here.
    """
    streams: list[Any] = list(clip.container.streams)
    found = [stream for stream in streams if stream.type == "audio"]
    if any(stream.codec_context is None for stream in found):
        raise InputError(
            "its sound is coded in a way that is not known here, and the gate loudness "
            "has to hear it",
            hint="leave loudness out of the rule, or export the sound as AAC",
            file=clip.path,
        )
    return found


def loudness(clip: Clip, track: int) -> Floats:
    """Return the momentary loudness of a track: 400 ms each, every 100 ms.

    Args:
        clip: open, at its beginning; it is read once.
        track: number of the sound track, from 0.

    Returns:
        LUFS, (N,), ``SILENCE`` at the least.

    Raises:
        DamagedError: the sound cannot be decoded.
    """
    frames = clip.container.decode(sound_tracks(clip)[track])
    try:
        # What is left behind the last whole 100 ms comes without a value.
        values = [
            float(one.metadata[_VALUE])
            for one in _measured(frames)
            if _VALUE in one.metadata
        ]
    except pyav().FFmpegError as error:
        raise damaged(clip.path, error) from error
    # A sample that is no number, in a track of floats, is heard as silence.
    known = np.nan_to_num(np.array(values, np.float32), nan=SILENCE)
    return np.maximum(known, np.float32(SILENCE))


def difference(one: Floats, other: Floats) -> float:
    """Return by how much the loudness of two tracks differs at the most, in LU.

    Containers begin a track a few milliseconds earlier or later, so the moments next
    to one count with it.

    Args:
        one: LUFS, (N,), every 100 ms; empty: there is no such track.
        other: likewise; what is shorter is silent from its end on.
    """
    length = max(len(one), len(other))
    if not length:
        return 0.0
    one, other = (
        np.pad(track, (1, length - len(track) + 1), constant_values=SILENCE)
        for track in (one, other)
    )
    around = np.stack([one[:-2], one[1:-1], one[2:]])
    inner = other[1:-1]
    strays = np.maximum(around.min(axis=0) - inner, inner - around.max(axis=0))
    return max(0.0, float(strays.max()))


def _measured(frames: Iterator[AudioFrame]) -> Iterator[AudioFrame]:
    """Let FFmpeg's filter ebur128 look at *frames*; yield what it tells."""
    first = next(frames, None)
    if first is None:
        return
    graph, errors = pyav().filter.Graph(), pyav().error
    entry = graph.add_abuffer(
        sample_rate=first.sample_rate,
        format=first.format.name,
        layout=first.layout.name,
        time_base=first.time_base,
    )
    graph.link_nodes(
        entry,
        graph.add("apad", f"pad_dur={_TAIL_SECONDS}"),
        graph.add("ebur128", "metadata=1"),
        graph.add("abuffersink"),
    ).configure()
    for frame in chain([first], frames, [None]):
        graph.push(frame)
        with suppress(errors.BlockingIOError, errors.EOFError):
            while True:
                yield graph.pull()
