"""``artefacts``: no step added blocks, bands, seams of tiles or blobs."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from retouchd.gate import Attempt, Gate, Stage
from retouchd.media.measures.artefacts import Artefact, Kind, artefacts_of, enlarged
from retouchd.media.measures.blobs import blobs_of
from retouchd.media.measures.planes import Box, greys_of
from retouchd.values import GateRun

_WORDS: dict[Kind, str] = {
    "blocks": "square blocks show",
    "bands": "smooth tones break up into bands",
    "seams": "straight seams between tiles show",
    "blobs": "there are blobs that the picture did not have before",
}


class Artefacts(Gate):
    """Look at what each step added; what the input had already is not its fault.

    All bounds are levels of 255 by which the trouble stands out.

    Attributes:
        max_blocks: of the borders of blocks of 8 px.
        max_bands: of the steps between bands of one tone.
        max_seams: of straight lines.
        max_blobs: of spots of another colour.
    """

    watches: ClassVar[tuple[str, ...]] = ("upscale", "sharpen", "grade")

    max_blocks: float = Field(default=0.5, gt=0, le=64)
    max_bands: float = Field(default=3.5, gt=0, le=64)
    max_seams: float = Field(default=3.0, gt=0, le=64)
    max_blobs: float = Field(default=15.0, gt=0, le=64)

    def judge(self, attempt: Attempt) -> GateRun:
        """Report the worst kind, and every place of it as a region."""
        worst = GateRun("artefacts", 0, "levels", self.max_seams, passed=True)
        exceeded = 0.0
        for stage in attempt.stages_of(self.watches):
            found = self._findings(stage)
            for kind in _WORDS:
                run = self._verdict(kind, stage.word, found)
                if run.value / run.threshold > exceeded:
                    worst, exceeded = run, run.value / run.threshold
        return worst

    def _verdict(self, kind: Kind, word: str, found: list[Artefact]) -> GateRun:
        limit = self._limit(kind)
        levels = max((one.levels for one in found if one.kind == kind), default=0.0)
        passed = levels <= limit
        # All kinds are shown: who looks at one will want to know of the others.
        bad = [one for one in found if one.levels > self._limit(one.kind)]
        bad.sort(key=lambda one: (one.kind != kind, -one.levels))
        return GateRun(
            "artefacts",
            round(levels, 3),
            "levels",
            limit,
            passed,
            detail="" if passed else _WORDS[kind],
            step="" if passed else word,
            regions=() if passed else joined([one.box for one in bad]),
        )

    def _limit(self, kind: Kind) -> float:
        limit: float = getattr(self, f"max_{kind}")
        return limit

    def _findings(self, stage: Stage) -> list[Artefact]:
        before, after = greys_of(stage.before), greys_of(stage.after)
        return [
            *artefacts_of(enlarged(before, after), after),
            *blobs_of(stage.before, stage.after, self.max_blobs / 2),
        ]


def joined(boxes: list[Box]) -> tuple[Box, ...]:
    """Join boxes that touch, until none does; the order of the first ones stays."""
    result: list[Box] = []
    for box in boxes:
        merged = box
        while touching := next((one for one in result if _touch(one, merged)), None):
            result.remove(touching)
            merged = (
                min(merged[0], touching[0]),
                min(merged[1], touching[1]),
                max(merged[2], touching[2]),
                max(merged[3], touching[3]),
            )
        result.append(merged)
    return tuple(result)


def _touch(one: Box, other: Box) -> bool:
    gap = 1e-6
    return (
        one[0] <= other[2] + gap
        and other[0] <= one[2] + gap
        and one[1] <= other[3] + gap
        and other[1] <= one[3] + gap
    )
