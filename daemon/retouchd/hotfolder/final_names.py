"""Chooses the names under which results are handed out; none is ever taken twice."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from retouchd.delivery.naming import ENDINGS, fits_beside, name_in_review
from retouchd.delivery.place import suffixed
from retouchd.errors import InputError
from retouchd.hotfolder.archive import leads_out
from retouchd.hotfolder.places import Places
from retouchd.inspect.sequences import numbered
from retouchd.values import Destination, Outcome, Rendition


def final_names(places: Places, outcome: Outcome, taken: set[str]) -> list[Path]:
    """Choose a free final path for each output of *outcome*.

    Frames of one output are named together, so that they stay one sequence. Names in
    *taken* are promised to other results; those chosen here are added. Both are
    compared as the file system compares names.

    Raises:
        InputError: a name is taken and the rule wants no other, or a link leads out of
            the folder.
    """
    root = places.root_for(outcome.destination)
    key = places.traits[root].key
    promised = set(taken)
    finals: dict[int, Path] = {}
    for together in _sets(outcome.renditions):
        wanted = [
            _wanted(places, made, outcome.destination, finals) for made in together
        ]
        _refuse_links(root, wanted)
        names = _free(wanted, promised, key)
        if names != wanted and together[0].conflict == "fail":
            raise InputError(
                f"a result of that name is already there: {together[0].name}",
                hint="take the older result away, or let the rule say conflict: suffix",
            )
        promised.update(map(key, names))
        finals |= zip((made.output for made in together), names, strict=True)
    taken.update(promised)
    return [finals[made.output] for made in outcome.renditions]


def _sets(renditions: Sequence[Rendition]) -> list[list[Rendition]]:
    """Divide *renditions* into those that are named together."""
    sets: dict[tuple[str, int], list[Rendition]] = {}
    for made in renditions:
        key = ("one", made.output) if made.part_of is None else ("of", made.part_of)
        sets.setdefault(key, []).append(made)
    return list(sets.values())


def _wanted(
    places: Places,
    made: Rendition,
    destination: Destination,
    finals: Mapping[int, Path],
) -> Path:
    """Say where *made* should lie; a companion is named after the first result."""
    if made.role != "result":
        return fits_beside(finals[0], ENDINGS[made.role])
    name = name_in_review(made.name) if destination == "review" else made.name
    return places.root_for(destination) / name


def _refuse_links(root: Path, wanted: Sequence[Path]) -> None:
    for path in wanted:
        if leads_out(root, path.parent):
            name = path.relative_to(root)
            raise InputError(
                f"a symbolic link stands in the way of the result {name}",
                hint=f"put a folder in its place below {root}",
            )


def _free(
    wanted: list[Path], promised: set[str], key: Callable[[Path], str]
) -> list[Path]:
    """Return *wanted*, or its first numbered variant of which no name is taken."""
    single = suffixed(wanted[0])
    for number in itertools.count(1):
        is_set = len(wanted) > 1
        names = [_in_set(p, number) for p in wanted] if is_set else [next(single)]
        if not any(os.path.lexists(path) or key(path) in promised for path in names):
            return names
    raise AssertionError  # count() never ends


def _in_set(path: Path, number: int) -> Path:
    """Give a frame the name that it has in set *number*: ``shot-2_0001.png``."""
    if number == 1:
        return path
    frame = numbered(path.name)
    if frame is None:
        return path.with_name(f"{path.stem}-{number}{path.suffix}")
    between = frame.prefix[len(frame.stem) :] or "_"
    rest = f"{between}{frame.digits}{frame.ending}"
    return path.with_name(f"{frame.stem}-{number}{rest}")
