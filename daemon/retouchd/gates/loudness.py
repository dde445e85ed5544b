"""``loudness``: the sound of a clip is as loud as it was, all the time."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from retouchd.gate import ClipGate, FinishedClip, Seen
from retouchd.media.clips.loudness import difference, loudness, sound_tracks
from retouchd.media.clips.opening import Open
from retouchd.media.measures.planes import Floats
from retouchd.values import GateRun


class Loudness(ClipGate):
    """Compare the loudness (EBU R 128) of every sound track with that of the input.

    Attributes:
        max_change: LU, at the moment when they differ most.
    """

    needs_frames: ClassVar[bool] = False

    max_change: float = Field(default=1.0, gt=0, le=60)

    def conclude(self, clip: FinishedClip, seen: Seen) -> GateRun:  # noqa: ARG002  (it only hears)
        """Report the track that differs most; a clip without sound passes."""
        source = _tracks(clip.source)
        worst, words = 0.0, ""
        for result in clip.results:
            made = _tracks(result)
            for number in range(max(len(source), len(made))):
                change = difference(_track(source, number), _track(made, number))
                if change > worst:
                    worst, words = change, _words(number, len(source), len(made))
        passed = worst <= self.max_change
        detail = "" if passed else words
        return GateRun(
            "loudness", round(worst, 2), "LU", self.max_change, passed, detail
        )


def _tracks(open_clip: Open) -> list[Floats]:
    """Measure every sound track."""
    with open_clip() as clip:
        count = len(sound_tracks(clip))
    tracks = []
    for number in range(count):
        with open_clip() as clip:
            tracks.append(loudness(clip, number))
    return tracks


def _track(tracks: list[Floats], number: int) -> Floats:
    """Return a track; one that is not there is silent."""
    return tracks[number] if number < len(tracks) else np.empty(0, np.float32)


def _words(number: int, before: int, after: int) -> str:
    if number >= after:
        return f"sound track {number + 1} of {before} is gone"
    if number >= before:
        return f"there are {after} sound tracks, and {before} came in"
    return f"sound track {number + 1} is not as loud as it was"
