"""The contract of a gate: its thresholds, and one method that judges an attempt."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

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


class Gate(BaseModel):
    """One automatic check of the result; the file it stands in names its word.

    Attributes:
        watches: words of the steps that the gate looks at one by one and blames;
            empty: it looks at input and result only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    watches: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def judge(self, attempt: Attempt) -> GateRun:
        """Measure *attempt*; a verdict that fails says in words what is wrong."""

    def judge_files(self, results: tuple[Rendition, ...]) -> GateRun | None:  # noqa: ARG002  (most look at no file)
        """Judge what only the written *results* tell; ``None``: nothing was asked."""
        return None
