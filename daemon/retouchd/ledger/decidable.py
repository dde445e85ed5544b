"""A finished job as people may decide it, and a verdict with all that it moves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retouchd.ledger.entries import Entry, Leftover
from retouchd.ledger.fixes import Fix
from retouchd.ledger.verdicts import Opinion
from retouchd.values import Rendition, Role


@dataclass(frozen=True)
class Kept:
    """One file of a job whose hand-out is over.

    Attributes:
        path: where it lay when it was last seen.
        width, height: pixels; 0 where a person changed it.
        is_gone: whether it is known not to be there any more.
    """

    output: int
    path: Path
    sha256: str
    conflict: str
    role: Role
    is_gone: bool
    width: int
    height: int


@dataclass(frozen=True)
class Decidable:
    """A finished job as a person may decide it.

    Attributes:
        state: ``review``, ``done`` or ``rejected``.
        decision: ``approve`` or ``reject`` where a person decided before.
        is_shown: whether it waited in ``review/`` at first.
        is_clip: whether a clip or a sequence came in.
        why: the reason of that, in words.
    """

    entry: Entry
    state: str
    decision: str
    rule: str
    is_shown: bool
    is_clip: bool
    why: str
    kept: tuple[Kept, ...]

    @property
    def results(self) -> tuple[Kept, ...]:
        """Its results, those that are known to be gone left out."""
        return tuple(
            one for one in self.kept if one.role == "result" and not one.is_gone
        )

    @property
    def companions(self) -> tuple[Kept, ...]:
        """Preview and reason text, as far as they are still there."""
        return tuple(
            one for one in self.kept if one.role != "result" and not one.is_gone
        )


@dataclass(frozen=True)
class Ruling:
    """A verdict with all that it moves, planned and checked.

    Attributes:
        moves: each file where it lies now, with its planned place.
        edited: outputs that a person changed.
        lost: outputs that are not there any more.
        leftovers: files to remove once everything is in place, with their digests.
        epoch: of the owner that carries it out.
        fix: what is to be refined, for a verdict ``fix``.
    """

    job: Decidable
    opinion: Opinion
    moves: tuple[tuple[Rendition, Path], ...]
    edited: frozenset[int] = frozenset()
    lost: tuple[int, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    epoch: int = 0
    fix: Fix | None = None
