"""LabelMe files of single frames: ``clip.mp4.12.json``, or beside those of a sequence.

Frames of a clip are counted from 1, as outputs with ``{frame}`` count them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from retouchd.errors import InputError
from retouchd.inspect import labelme, sidecars
from retouchd.inspect.kind import Limits
from retouchd.inspect.tracks import MOST_FRAMES, MOST_POINTS, Held, too_many_points
from retouchd.values import Drop, Header, Region

_MOST_MASK_BYTES = 64 << 20
"""Of all frames together."""

_MOST_WARNINGS = 8


def files_by_frame(drop: Drop, frames: Sequence[Path]) -> dict[int, Path]:
    """Return the files that tag single frames, by the number of the frame from 0.

    Args:
        drop: with everything that was claimed.
        frames: of a sequence, in order; empty: it is none.

    Returns:
        nothing where the only file is that of the first frame of a sequence: it holds
        for all of them.

    Raises:
        InputError: a file of a clip is numbered 0, two are of one frame.
    """
    if frames:
        return _of_sequence(drop, frames)
    found: dict[int, Path] = {}
    for member in drop.members:
        number = sidecars.frame_of(member.name)
        if number is None:
            continue
        if not 0 < number <= MOST_FRAMES or number - 1 in found:
            raise InputError(
                f"the tags of a frame are numbered {number}: frames are counted from "
                "1, and each has one file",
                hint=f"call that of the first frame {drop.path.name}.1.json",
                file=member,
            )
        found[number - 1] = member
    return found


def _of_sequence(drop: Drop, frames: Sequence[Path]) -> dict[int, Path]:
    members = {(one.parent, one.name.casefold()): one for one in drop.members}
    found = {}
    for place, frame in enumerate(frames):
        for name in (f"{frame.name}.json", f"{frame.stem}.json"):
            member = members.get((frame.parent, name.casefold()))
            if member is not None:
                found[place] = member
                break
    return found if set(found) - {0} else {}


def read(
    files: Mapping[int, Path], header: Header, limits: Limits
) -> tuple[Held | None, tuple[str, ...]]:
    """Read *files*; return what they tag, and what looked odd.

    Raises:
        InputError: a file is broken, or all of them hold too much.
    """
    tagged: dict[int, tuple[Region, ...]] = {}
    warnings: tuple[str, ...] = ()
    points = mask_bytes = 0
    for number, path in sorted(files.items()):
        found = labelme.read(path, header, limits)
        tagged[number] = found.regions
        warnings += found.warnings
        points += sum(len(region.outline) for region in found.regions)
        mask_bytes += sum(len(region.mask or b"") for region in found.regions)
        if points > MOST_POINTS or mask_bytes > _MOST_MASK_BYTES:
            raise too_many_points(path)
    return (Held(tagged) if tagged else None), warnings[:_MOST_WARNINGS]
