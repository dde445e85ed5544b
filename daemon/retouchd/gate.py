"""The contract of a gate: its thresholds, and what it judges.

A ``Gate`` judges an attempt at one picture, a ``ClipGate`` a whole clip.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from retouchd.media.clips.opening import Open
from retouchd.media.fingerprint_file import FingerprintFile
from retouchd.media.vips import pyvips
from retouchd.values import GateRun, Picture, Rendition


@dataclass(frozen=True)
class Stage:
    """One step of an attempt, with the picture on either side of it.

    Attributes:
        mask: what the step filled or cut out, as large as *before*; see ``Tools``.
    """

    word: str
    before: Picture
    after: Picture
    mask: pyvips.Image | None = None


@dataclass(frozen=True)
class Earlier:
    """What was delivered before, seen from one job.

    Attributes:
        file: the fingerprints of all deliveries.
        hot_folder: that of the job.
        job: its id; what it delivered itself does not count.
    """

    file: FingerprintFile
    hot_folder: str
    job: str


@dataclass(frozen=True)
class Attempt:
    """What a gate may look at.

    Attributes:
        before: the upright input.
        after: the result of all steps.
        stages: in order; only those that a gate of the rule asked for.
        earlier: deliveries to compare with; ``None``: there is no ledger.
    """

    before: Picture
    after: Picture
    stages: tuple[Stage, ...] = ()
    earlier: Earlier | None = None

    def stages_of(self, words: tuple[str, ...]) -> tuple[Stage, ...]:
        """Return the stages of these steps, in order."""
        return tuple(stage for stage in self.stages if stage.word in words)


class Check(BaseModel):
    """One automatic check of the result; the file it stands in names its word.

    Attributes:
        watches: words of the steps that the gate looks at one by one and blames;
            empty: it looks at input and result only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    watches: ClassVar[tuple[str, ...]] = ()


class Gate(Check):
    """A check of one picture: a still, or some frames of a clip."""

    @abstractmethod
    def judge(self, attempt: Attempt) -> GateRun:
        """Measure *attempt*; a verdict that fails says in words what is wrong."""

    def judge_files(self, results: tuple[Rendition, ...]) -> GateRun | None:  # noqa: ARG002  (most look at no file)
        """Judge what only the written *results* tell; ``None``: nothing was asked."""
        return None


Seen = dict[str, NDArray[Any]]
"""What a gate remembers of the frames so far: small arrays, never changed in place."""


@dataclass(frozen=True)
class FinishedClip:
    """A clip from which results were written.

    Attributes:
        source: opens what came in.
        results: open the clips that were made of it, in the order of the rule.
    """

    source: Open
    results: tuple[Open, ...] = ()


class ClipGate(Check):
    """A check of a whole clip. It sees each frame as it comes out of the last step.

    Work on a clip may be broken off and go on behind any frame, so a gate remembers
    nothing but what it returns.

    Attributes:
        needs_frames: whether it looks at any; else they need not become pictures.
    """

    needs_frames: ClassVar[bool] = True

    def look(self, at: float, frame: Attempt, seen: Seen) -> Seen:  # noqa: ARG002  (some only hear)
        """Return *seen* with what the next frame adds to it.

        Args:
            at: when it is shown, in seconds.
            frame: on either side of the steps, with the stages of those it watches.
            seen: empty before the first frame; it must not grow with their number.
        """
        return seen

    @abstractmethod
    def conclude(self, clip: FinishedClip, seen: Seen) -> GateRun:
        """Judge the clip; a verdict that fails says in words what is wrong.

        Raises:
            InputError, DamagedError: a clip cannot be read.
        """
