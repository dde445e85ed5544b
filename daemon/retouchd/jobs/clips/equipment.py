"""What the clips of a worker share."""

from __future__ import annotations

from dataclasses import dataclass

from retouchd.jobs.climbing import Climber
from retouchd.jobs.meter import CpuShares
from retouchd.media.clips.encoding import Encoder
from retouchd.media.clips.segments import LEAST_FRAMES
from retouchd.models.shelf import Shelf


@dataclass(frozen=True)
class Equipment:
    """What a worker works on clips with.

    Attributes:
        shelf: the models.
        shares: measures the work.
        climber: makes attempts at single frames.
        threads: how many frames a step may do at a time.
        least_frames: of a segment.
        encoder: what encodes.
    """

    shelf: Shelf
    shares: CpuShares
    climber: Climber
    threads: int = 1
    least_frames: int = LEAST_FRAMES
    encoder: Encoder = "software"
