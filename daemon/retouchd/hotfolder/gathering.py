"""Sorts what lies in one folder into drops: files with sidecars, and sequences.

Names alone make no sequence, since cameras number their stills too: frames are gathered
only where a rule of the hot folder says ``match: {kind: sequence}`` and its ``files``
fit them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from retouchd.inspect.sequences import (
    END_MARKER,
    Numbered,
    in_order,
    numbered,
    stem_of,
)
from retouchd.inspect.sidecars import Groups, group, sidecar_names
from retouchd.intake.scan import Seen
from retouchd.ledger.fixes import Fix
from retouchd.rules.match import fits_name
from retouchd.rules.schema import Rule


@dataclass(frozen=True)
class Candidate:
    """A file with what belongs to it, complete as far as names tell.

    Attributes:
        members: sidecars; of a sequence also its other frames and its end marker.
        fix: what a person asked for, where it is a result that is to be refined.
        wait: seconds, beyond the settle time, that it must be quiet as a frame.
        end: its end marker, which spares that wait.
        frames: how many; one alone is a still.
    """

    seen: Seen
    members: tuple[Seen, ...] = ()
    fix: Fix | None = None
    wait: float = 0.0
    end: Seen | None = None
    frames: int = 1

    @property
    def is_sequence(self) -> bool:
        """Whether it has more than one frame."""
        return self.frames > 1

    @property
    def files(self) -> tuple[Seen, ...]:
        """All that would be claimed."""
        return self.seen, *self.members


@dataclass(frozen=True)
class Gathered:
    """One folder, sorted; names without their folder.

    Attributes:
        frames: drops that are sequences, or a frame that is still alone.
        lonely: end markers without frames.
        groups: all other files.
    """

    frames: tuple[Candidate, ...]
    lonely: tuple[str, ...]
    groups: Groups


def gather(prefix: str, listing: Mapping[str, Seen], rules: Sequence[Rule]) -> Gathered:
    """Sort one folder.

    Args:
        prefix: of its names below ``in/``: empty, or with a ``/`` at the end.
        listing: its files by their names.
        rules: of the hot folder.
    """
    asking = [rule for rule in rules if rule.match.kind == "sequence"]
    if not asking:
        return Gathered((), (), group(listing))
    markers = {
        name.casefold(): name for name in listing if name.lower().endswith(END_MARKER)
    }
    groups = group(name for name in listing if name not in markers.values())
    frames = []
    for rule, names in _series(prefix, groups.pictures, asking):
        stem = stem_of(prefix + names[0])
        marker = markers.pop(f"{stem}{END_MARKER}".casefold(), "")
        beside = {name.casefold() for name in sidecar_names(stem)}
        members = [
            *names[1:],
            *(member for name in names for member in groups.pictures[name]),
            *(name for name in groups.lonely if name.casefold() in beside),
            *([marker] if marker else ()),
        ]
        frames.append(
            Candidate(
                listing[names[0]],
                tuple(listing[name] for name in members),
                wait=rule.sequence.wait,
                end=listing.get(marker),
                frames=len(names),
            )
        )
    taken = {seen.name.removeprefix(prefix) for one in frames for seen in one.files}
    return Gathered(tuple(frames), tuple(markers.values()), _without(groups, taken))


def _series(
    prefix: str, pictures: Mapping[str, object], asking: Sequence[Rule]
) -> Iterator[tuple[Rule, list[str]]]:
    """Yield the frames of each series in order, with the rule that asks for them."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    askers: dict[tuple[str, str], Rule] = {}
    for name in sorted(pictures):
        parts: Numbered | None = numbered(name)
        rule = next(
            (one for one in asking if fits_name(one.match, prefix + name)), None
        )
        if parts and rule:
            found[parts.series].append(name)
            askers.setdefault(parts.series, rule)
    for series, names in found.items():
        yield askers[series], in_order(names)


def _without(groups: Groups, taken: set[str]) -> Groups:
    return Groups(
        {name: found for name, found in groups.pictures.items() if name not in taken},
        tuple(name for name in groups.lonely if name not in taken),
        groups.ambiguous,
    )
