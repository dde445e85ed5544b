"""What a worker tells the pool over its pipe."""

from __future__ import annotations

from dataclasses import dataclass

from retouchd.jobs.sandbox import Protection
from retouchd.models.gpu import Gpu
from retouchd.values import Outcome


@dataclass(frozen=True)
class Ready:
    """The worker has closed its locks and goes on to load its libraries."""

    protection: Protection


@dataclass(frozen=True)
class Begun:
    """A worker thread took a job up, or went on to another step of it.

    Attributes:
        seconds: how long the step may take; 0: it waits and may do so for ever.
        megapixels: of the picture, for people.
    """

    job: str
    step: str = ""
    seconds: float = 0.0
    megapixels: float = 0.0


@dataclass(frozen=True)
class OutOfReach:
    """The sandbox was closed before the folders of this job were there."""

    job: str


@dataclass(frozen=True)
class Finished:
    """A job ended, and what its worker counted so far.

    Attributes:
        syncs: fsync calls of this worker so far.
        overhead_s: CPU seconds of this worker so far that belong to no job.
        gpu: the GPU that it used; ``None``: none yet.
        gpu_busy_s: seconds for which it kept that GPU busy so far.
    """

    outcome: Outcome
    syncs: int
    overhead_s: float = 0.0
    gpu: Gpu | None = None
    gpu_busy_s: float = 0.0


Message = Ready | Begun | OutOfReach | Finished
