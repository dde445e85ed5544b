"""Picks the range of values with which a network shows that it understands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retouchd.errors import ModelError
from retouchd.models.manifest import Range

RANGES: tuple[Range, ...] = ((0, 1), (0, 255), (-1, 1))
"""What black and white become, in all networks that were seen so far."""

_SAME_DB = 0.5
"""So close that it does not matter: the network is linear, and all ranges are right."""

_CLEAR_DB = 3.0


@dataclass(frozen=True)
class Candidate:
    """One way of feeding a network, and how well its answer fits.

    Attributes:
        entry, exit: ranges of input and output.
        likeness: PSNR in dB to what the answer should be.
        hole: value of a hole in the mask, where there is one.
    """

    entry: Range
    exit: Range
    likeness: float
    hole: float = 1.0


def clear_winner(
    candidates: Sequence[Candidate], least_db: float, file: Path
) -> Candidate:
    """Return the best of *candidates*, if it is good and the next is clearly worse.

    Raises:
        ModelError: nothing fits, or two fit about as well.
    """
    top = max(one.likeness for one in candidates)
    best = next(one for one in candidates if one.likeness > top - _SAME_DB)
    if best.likeness < least_db:
        raise ModelError(
            f"with none of the usual ranges its answer fits: {best.likeness:.1f} dB "
            "at best",
            hint="say --range (and --mean, --std, --output-range where it has them)",
            file=file,
        )
    rivals = [
        one for one in candidates if top - _CLEAR_DB < one.likeness <= top - _SAME_DB
    ]
    if rivals:
        raise ModelError(
            f"it answers about as well for black and white as {_words(best.entry)} "
            f"as for {_words(rivals[0].entry)}",
            hint="say --range",
            file=file,
        )
    return best


def _words(values: Range) -> str:
    return f"{values[0]:g}..{values[1]:g}"
