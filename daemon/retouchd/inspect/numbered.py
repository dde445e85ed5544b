"""Examines the frames of a sequence, before any pixel is decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from retouchd.errors import InputError
from retouchd.inspect import sidecars
from retouchd.inspect.kind import Examined, Limits, examine
from retouchd.inspect.sequences import doubled, missing, numbers_of, stem_of
from retouchd.values import Drop, Header

_MOST_WARNINGS = 4


def examine_sequence(frames: Sequence[Path], limits: Limits) -> Examined:
    """Read the header of every frame and see that they belong together.

    Args:
        frames: in order, at least two.
        limits: what each header may claim.

    Returns:
        the header of all together, as deep as the deepest frame and transparent where
        any is, and the metadata of the first.

    Raises:
        InputError: a number is missing or there twice, or a frame cannot be used or is
            not like the first; the frame is named.
    """
    _refuse_gaps(frames)
    first = examine(frames[0], limits)
    header, warnings = first.header, list(first.warnings)
    for frame in frames:
        found = examine(frame, limits)
        _refuse_stranger(frame, found.header, header)
        header = replace(
            header,
            depth=max(header.depth, found.header.depth),
            has_alpha=header.has_alpha or found.header.has_alpha,
        )
        if len(warnings) < _MOST_WARNINGS:
            warnings += [one for one in found.warnings if one not in warnings]
    whole = replace(
        header,
        kind="sequence",
        bands=4 if header.has_alpha else 3,
        orientation=1,
        frames=len(frames),
    )
    return replace(first, header=whole, warnings=tuple(warnings))


def sidecars_of_sequence(drop: Drop, frames: Sequence[Path]) -> tuple[Path, ...]:
    """Return the sidecars of the first frame, and those of the whole sequence.

    Their regions hold for every frame.
    """
    roots = {drop.path.name, drop.path.stem, stem_of(str(drop.path))}
    names = {name.casefold() for root in roots for name in sidecars.sidecar_names(root)}
    others = set(drop.members).difference(frames)
    return tuple(sorted(path for path in others if path.name.casefold() in names))


def _refuse_gaps(frames: Sequence[Path]) -> None:
    same = doubled(frame.name for frame in frames)
    if same:
        raise InputError(
            f"these frames have one number: {', '.join(same)}",
            hint="take all but one of them away, then drop the sequence again",
        )
    gaps = missing(int(number) for number in numbers_of(frames))
    if gaps:
        raise InputError(
            f"frames of this sequence are missing: {gaps}",
            hint="render or copy them, then drop the whole sequence again",
        )


def _refuse_stranger(frame: Path, header: Header, first: Header) -> None:
    if header.kind != "still" or header.format != first.format:
        raise InputError(
            f"this frame is {header.format.upper()} inside, the first one "
            f"{first.format.upper()}",
            hint="export all frames in one format, then drop them again",
            file=frame,
        )
    if (header.width, header.height) != (first.width, first.height):
        raise InputError(
            f"this frame is {header.width} x {header.height} pixels, the first one "
            f"{first.width} x {first.height}",
            hint="export all frames in one size, then drop them again",
            file=frame,
        )
