"""Cuts a clip into segments: runs of whole GOPs that are finished one by one."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from retouchd.media.clips.decoding import damaged
from retouchd.media.clips.library import pyav
from retouchd.media.clips.opening import Clip

LEAST_FRAMES = 96
"""Each segment begins with a key frame in the result: about one every four seconds."""


@dataclass(frozen=True)
class Segments:
    """Where the segments of a clip begin.

    Attributes:
        starts: presentation times, in ticks of its picture stream, of all but the
            first one, in order.
    """

    starts: tuple[int, ...]

    def __len__(self) -> int:
        """Count them."""
        return len(self.starts) + 1

    def number_of(self, pts: int) -> int:
        """Return the number, from 0, of the segment in which a frame is shown."""
        return bisect_right(self.starts, pts)


def cut(clip: Clip, least_frames: int = LEAST_FRAMES) -> Segments:
    """Cut *clip*, whose packets are read once, before key frames.

    Args:
        clip: open, at its beginning.
        least_frames: GOPs are joined until a segment has so many.

    Raises:
        DamagedError: the container cannot be read to its end.
    """
    starts: list[int] = []
    count = 0
    try:
        for packet in clip.container.demux(clip.pictures):
            if packet.pts is None or packet.is_discard:
                continue
            if packet.is_keyframe and count >= least_frames:
                starts.append(packet.pts)
                count = 0
            count += 1
    except pyav().FFmpegError as error:
        raise damaged(clip.path, error) from error
    return Segments(tuple(starts))
