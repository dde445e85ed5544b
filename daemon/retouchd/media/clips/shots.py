"""Finds the cuts between the shots of a clip."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from retouchd.errors import InputError
from retouchd.media.clips.opening import Clip

_LONG_EDGE = 320
"""Pixels of the frames that are compared; the detector's own usual size is near it."""


@dataclass(frozen=True)
class Shots:
    """Where the shots of a clip begin.

    Attributes:
        starts: presentation times, in ticks of its picture stream, of all but the
            first one, in order.
    """

    starts: tuple[int, ...] = ()

    def number_of(self, pts: int) -> int:
        """Return the number, from 0, of the shot in which a frame is shown."""
        return bisect_right(self.starts, pts)


def find_shots(clip: Clip) -> Shots:
    """Decode *clip* once and find its cuts.

    The detector is PySceneDetect's content detector with its own threshold; it compares
    hue, saturation and brightness of frames that follow one another.

    Raises:
        InputError: the detector is not installed, or see ``Clip.frames``.
    """
    try:
        from scenedetect.detectors import (  # noqa: PLC0415  (an extra)
            ContentDetector,
        )
    except ImportError as error:
        raise InputError(
            "this rule looks at shots, and the extra 'video' is not whole",
            hint="pip install 'retouchd[video]', restart the daemon, then drop the "
            "clip again",
        ) from error
    detector = ContentDetector()
    facts = clip.facts
    scale = min(1.0, _LONG_EDGE / max(facts.width, facts.height))
    size = max(2, round(facts.width * scale)), max(2, round(facts.height * scale))
    times: list[int] = []
    cuts: list[int] = []
    for number, frame in enumerate(clip.frames()):
        small = frame.to_ndarray(format="bgr24", width=size[0], height=size[1])
        times.append(frame.pts or 0)
        cuts += detector.process_frame(number, small)
    return Shots(tuple(times[number] for number in sorted(set(cuts))))
