"""Finds results that people moved into ``review/approve/`` and ``review/reject/``."""

from __future__ import annotations

import os
import pwd
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from retouchd.delivery.place import sha256_of
from retouchd.hotfolder.places import Places
from retouchd.hotfolder.review.owners import Owners, Owning
from retouchd.intake.scan import IGNORED_NAMES, Fingerprint, LeftInPlace, Seen, scan
from retouchd.intake.settle import Settler, has_writer, has_zero_tail
from retouchd.ledger.entries import Leftover
from retouchd.ledger.reviews import Reviews
from retouchd.ledger.verdicts import FOLDER
from retouchd.log import get_logger

log = get_logger()

Word = Literal["approve", "reject"]

_TWO_WORDS = "results of the same job lie in approve/ and in reject/; move one of them"
_COMPANION_ALONE = "only preview or text were moved; move the result itself"
_NO_JOB = "it belongs to no result that waits for review; move it away"


@dataclass(frozen=True)
class Moved:
    """A job that somebody decided by moving one or more of its results.

    Attributes:
        names: what lies in the verdict folders, as a scan names it.
        found: the results among that, by output.
        aside: the companions among that.
        reviewer: owner of the file, where that is another user than ours.
    """

    job: str
    word: Word
    names: tuple[str, ...]
    found: Mapping[int, Path]
    aside: tuple[Leftover, ...]
    reviewer: str


class VerdictFolders:
    """Looks through the two folders; used by the one thread of a hot folder.

    Args:
        places: the open hot folder.
        reviews: knows what waits.
        settle_seconds: how long a file must be quiet, as for drops.

    Attributes:
        left: what lies there and moves nothing, with the reason.
        waiting: files that have not settled yet.
    """

    def __init__(self, places: Places, reviews: Reviews, settle_seconds: float) -> None:
        self._places = places
        self._reviews = reviews
        self._settler = Settler(settle_seconds)
        self._digests: dict[str, tuple[Fingerprint, str]] = {}
        self._refused: dict[str, tuple[Fingerprint, str]] = {}
        self.left: tuple[LeftInPlace, ...] = ()
        self.waiting = 0

    def next_look(self, now: float) -> float | None:
        """When (monotonic clock) the next file can have settled; ``None``: nothing."""
        return self._settler.next_look(now) if self.waiting else None

    def look(self, now: float) -> list[Moved]:
        """Scan once; return what was decided by files that are complete.

        Raises:
            OSError: the share failed.
        """
        files, left = self._scan()
        quiet = {seen.name for seen in self._settler.look(files.values(), now)}
        ready = {name for name in quiet if not self._still_moves(files[name], now)}
        self.waiting = len(files) - len(ready)
        self._forget(files)
        moved: list[Moved] = []
        if files:
            moved = list(self._sorted(files, ready, left))
        self._note_left(left)
        return moved

    def refuse(self, moved: Moved, reason: str) -> None:
        """Leave what was moved where it is, until somebody changes it."""
        for name in moved.names:
            found = self._fingerprint(name)
            if found:
                self._refused[name] = found, reason

    def _scan(self) -> tuple[dict[str, Seen], list[LeftInPlace]]:
        files: dict[str, Seen] = {}
        left: list[LeftInPlace] = []
        for word, folder in self._places.folder.verdicts.items():
            folder.mkdir(exist_ok=True)  # somebody may have cleaned up
            found = scan(folder, IGNORED_NAMES)
            for seen in found.files:
                name = f"{word}/{seen.name}"
                files[name] = Seen(name, seen.fingerprint)
            left += (
                LeftInPlace(f"review/{word}/{one.name}", one.reason)
                for one in found.left
            )
        return files, left

    def _still_moves(self, seen: Seen, now: float) -> bool:
        path = self._path(seen.name)
        age = self._settler.quiet_for(seen.name, now) - self._settler.settle_seconds
        try:
            if has_writer(path):
                self._settler.postpone(seen.name, now)
                return True
            return age < self._settler.settle_seconds and has_zero_tail(path)
        except FileNotFoundError:
            return True
        except PermissionError:
            return False  # the plan says what is wrong

    def _sorted(
        self, files: Mapping[str, Seen], ready: set[str], left: list[LeftInPlace]
    ) -> Iterator[Moved]:
        """Yield each job of which all files here are complete; others go to *left*."""
        owners = Owners(self._reviews.waiting(self._places.folder.name), self._places)
        by_job = self._by_job(owners, files, ready, left)
        for name in files.keys() - ready:  # the rest of a job may still be copied
            coming = owners.of(name.partition("/")[2], "")
            if not isinstance(coming, str):
                by_job.pop(coming.job.entry.job, None)
        for job, parts in by_job.items():
            reason = _why_not(parts)
            if reason:
                left += (LeftInPlace(f"review/{name}", reason) for name, _ in parts)
            else:
                yield self._moved(job, parts)

    def _by_job(
        self,
        owners: Owners,
        files: Mapping[str, Seen],
        ready: set[str],
        left: list[LeftInPlace],
    ) -> dict[str, list[tuple[str, Owning]]]:
        found: dict[str, list[tuple[str, Owning]]] = defaultdict(list)
        for name in sorted(ready):
            refused = self._refused.get(name)
            if refused:
                left.append(LeftInPlace(f"review/{name}", refused[1]))
                continue
            owning = owners.of(name.partition("/")[2], self._digest(files[name]))
            if isinstance(owning, str):
                left.append(LeftInPlace(f"review/{name}", owning or _NO_JOB))
            else:
                found[owning.job.entry.job].append((name, owning))
        return found

    def _moved(self, job: str, parts: list[tuple[str, Owning]]) -> Moved:
        results = {one.output: self._path(name) for name, one in parts if one.is_result}
        words: dict[str, Word] = {"approve": "approve", "reject": "reject"}
        word = next(
            words[name.partition("/")[0]] for name, one in parts if one.is_result
        )
        return Moved(
            job=job,
            word=word,
            names=tuple(name for name, _ in parts),
            found=results,
            aside=tuple(
                (self._path(name), self._digests[name][1])
                for name, one in parts
                if not one.is_result
            ),
            reviewer=_owner_of(next(iter(results.values()))),
        )

    def _digest(self, seen: Seen) -> str:
        """Return the digest, read once for each state of a file; empty: unreadable."""
        known = self._digests.get(seen.name)
        if known is None or known[0] != seen.fingerprint:
            try:
                found = sha256_of(self._path(seen.name))
            except (FileNotFoundError, PermissionError):
                found = ""
            known = self._digests[seen.name] = seen.fingerprint, found
        return known[1]

    def _forget(self, files: Mapping[str, Seen]) -> None:
        """Drop what is known of files that are not there, or were changed."""
        for known in (self._digests, self._refused):
            for name in list(known):
                if name not in files or files[name].fingerprint != known[name][0]:
                    del known[name]

    def _fingerprint(self, name: str) -> Fingerprint | None:
        known = self._digests.get(name)
        return known[0] if known else None

    def _path(self, name: str) -> Path:
        return self._places.folder.review / name

    def _note_left(self, left: list[LeftInPlace]) -> None:
        for one in set(left).difference(self.left):
            log.info(
                "left_in_place",
                hot_folder=self._places.folder.name,
                file=one.name,
                reason=one.reason,
            )
        self.left = tuple(left)


def _why_not(parts: list[tuple[str, Owning]]) -> str:
    """Say why these files of one job are no verdict; empty: they are one."""
    words = {name.partition("/")[0] for name, one in parts if one.is_result}
    if not words:
        return _COMPANION_ALONE
    return _TWO_WORDS if len(words) > 1 else ""


def _owner_of(path: Path) -> str:
    """Name the person whose file it is; a file that was only moved is still ours."""
    try:
        owner = os.lstat(path).st_uid
        return FOLDER if owner == os.getuid() else pwd.getpwuid(owner).pw_name
    except (FileNotFoundError, KeyError):
        return FOLDER
