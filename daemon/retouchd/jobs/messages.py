"""What a worker tells the pool over its pipe."""

from __future__ import annotations

from dataclasses import dataclass

from retouchd.jobs.sandbox import Protection
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
    """A job ended; *syncs* counts the fsync calls of this worker so far."""

    outcome: Outcome
    syncs: int


Message = Ready | Begun | OutOfReach | Finished
