"""Tells which waiting result a moved file is: by its bytes, else by its name."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from retouchd.delivery.naming import ENDINGS
from retouchd.hotfolder.places import Places
from retouchd.ledger.decidable import Decidable, Kept

_COPY = re.compile(
    r"( ?\(\d+\)|[-_ ]\d+|( - |[-_ ])(copy|kopie|copie)( ?\(?\d+\)?)?)$", re.IGNORECASE
)
"""What file managers add to the name of a second file: ``a (1)``, ``a - Copy``."""


@dataclass(frozen=True)
class Owning:
    """The waiting job to which a file belongs, and which of its files it is."""

    job: Decidable
    output: int
    is_result: bool


class Owners:
    """All files that wait for a person, ready to be asked for.

    Args:
        jobs: that wait.
        places: the open hot folder.
    """

    def __init__(self, jobs: Sequence[Decidable], places: Places) -> None:
        self._review = places.folder.review
        self._by_digest: dict[str, list[tuple[Decidable, Kept]]] = defaultdict(list)
        self._by_name: dict[str, list[tuple[Decidable, Kept]]] = defaultdict(list)
        self._taken: set[tuple[str, int]] = set()
        for job in jobs:
            for kept in (*job.results, *job.companions):
                self._by_digest[kept.sha256].append((job, kept))
                self._by_name[_folded(kept.path.name)].append((job, kept))

    def of(self, name: str, sha256: str) -> Owning | str:
        """Return whose file *name*, relative to its verdict folder, is.

        The same bytes win, whatever the name. A file that a person changed is known
        by its name: with its sub-folders or without them, with or without what a file
        manager adds to a copy.

        Returns:
            the owner; else why there is none: empty where nothing is known of it.
        """
        same = self._by_digest.get(sha256, []) if sha256 else []
        if same:
            return self._owning(min(same, key=lambda one: self._distance(one, name)))
        named = self._named(PurePosixPath(name).name)
        exact = [one for one in named if self._relative(one[1]) == _folded(name)]
        # Of two of one name, the one that is not where it was is the one here.
        moved = [one for one in named if not os.path.lexists(one[1].path)]
        for some in (exact, named, moved):
            if len(some) == 1:
                return self._owning(some[0])
        if not named:
            return ""
        jobs = " or ".join(sorted({job.entry.job for job, _ in named}))
        return f"it could be a result of job {jobs}; decide it by command"

    def _named(self, base: str) -> list[tuple[Decidable, Kept]]:
        found = self._by_name.get(_folded(base), [])
        if found:
            return found
        ending = next((e for e in ENDINGS.values() if base.endswith(e)), "")
        path = PurePosixPath(base.removesuffix(ending))
        plain = f"{_COPY.sub('', path.stem)}{path.suffix}{ending}"
        return self._by_name.get(_folded(plain), [])

    def _distance(
        self, one: tuple[Decidable, Kept], name: str
    ) -> tuple[bool, bool, bool, bool]:
        """Order files of the same bytes; the smallest is the likeliest."""
        job, kept = one
        return (
            (job.entry.job, kept.output) in self._taken,
            self._relative(kept) != _folded(name),
            _folded(kept.path.name) != _folded(PurePosixPath(name).name),
            os.path.lexists(kept.path),
        )

    def _relative(self, kept: Kept) -> str:
        if not kept.path.is_relative_to(self._review):
            return ""
        return _folded(kept.path.relative_to(self._review).as_posix())

    def _owning(self, one: tuple[Decidable, Kept]) -> Owning:
        job, kept = one
        self._taken.add((job.entry.job, kept.output))
        return Owning(job, kept.output, kept.role == "result")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
