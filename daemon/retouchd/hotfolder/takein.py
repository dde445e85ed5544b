"""Takes settled drops in: scan, settle, group with sidecars, intent, claim."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from retouchd.hotfolder.gathering import Candidate, gather
from retouchd.hotfolder.places import Places
from retouchd.inspect.sidecars import MASK_ENDINGS
from retouchd.intake.claim import Claim, Taken, take
from retouchd.intake.scan import IGNORED_NAMES, LeftInPlace, Seen, scan
from retouchd.intake.settle import Settler, has_writer, has_zero_tail
from retouchd.ledger.entries import Entry, new_job_id
from retouchd.ledger.fixes import Fixes
from retouchd.ledger.jobs import Journal
from retouchd.log import get_logger
from retouchd.rules.schema import Rule

log = get_logger()

CLAIMS_AT_ONCE = 64
"""Drops that share the commit of their intents."""

LONELY_MASK_FACTOR = 10
"""Settle times after which a mask without its picture is a picture itself."""


class TakeIn:
    """Watches ``in/`` of one hot folder; used by its one thread only.

    Args:
        places: the open hot folder.
        journal: where intents are noted.
        settle_seconds: how long a file must be quiet.
        ignored: further name patterns that are never drops.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        places: Places,
        journal: Journal,
        settle_seconds: float,
        ignored: Sequence[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._places = places
        self._journal = journal
        self._fixes = Fixes(journal.database)
        self._ignored = (*IGNORED_NAMES, *(p.lower() for p in ignored))
        self._clock = clock
        self._settler = Settler(settle_seconds)
        self._waiting = 0
        self._looked_at = 0.0
        self.left: tuple[LeftInPlace, ...] = ()

    @property
    def waiting(self) -> int:
        """Files of the last scan that will be taken but have not settled yet."""
        return self._waiting

    def oldest_wait(self, now: float) -> float:
        """Seconds since the file that waits longest was first seen; 0: none waits."""
        return self._settler.oldest(now) if self._waiting else 0.0

    def next_look(self, now: float) -> float | None:
        """When (monotonic clock) the next file can have settled; ``None``: nothing.

        A file may be quiet and still wait, for its sidecar or its writer; it is looked
        at a few times in a settle time, not all the time.
        """
        look = self._settler.next_look(now) if self._waiting else None
        if look is None:
            return None
        return max(look, self._looked_at + self._settler.settle_seconds / 4)

    def take(
        self,
        now: float,
        rules: Sequence[Rule] = (),
        at_most: int = CLAIMS_AT_ONCE,
    ) -> list[Entry]:
        """Scan once and claim what has settled.

        Args:
            now: seconds of the monotonic clock.
            rules: of the hot folder: they say how long a picture without sidecars waits
                for one, and which numbered files are frames of sequences.
            at_most: how many drops may be claimed now.

        Raises:
            OSError: the share failed; what is claimed stays journaled.
        """
        self._looked_at = now
        found = scan(self._places.folder.inbox, self._ignored)
        quiet = {seen.name for seen in self._settler.look(found.files, now)}
        fixes = self._sent_back(found.files)
        dropped = [seen for seen in found.files if seen.name not in fixes]
        candidates, lonely = self._grouped(dropped, rules, now)
        candidates += fixes.values()
        self._note_left((*found.left, *lonely))
        wait = max((rule.sidecar.wait for rule in rules), default=0.0)
        ready = [one for one in candidates if self._is_ready(one, quiet, now, wait)]
        self._waiting = len(candidates) - len(ready[:at_most])
        return self._claim(ready[:at_most], now)

    def _sent_back(self, files: Sequence[Seen]) -> dict[str, Candidate]:
        """Return the results that `review fix` put into ``in/``, by their names.

        They have no sidecars: one that lies there belongs to somebody else's drop.
        """
        if not files:
            return {}
        known = self._fixes.open(self._places.folder.name)
        return {
            seen.name: Candidate(seen, fix=fix)
            for seen in files
            if (fix := known.get(_facts(seen)))
        }

    def _grouped(
        self, files: Iterable[Seen], rules: Sequence[Rule], now: float
    ) -> tuple[list[Candidate], list[LeftInPlace]]:
        candidates: list[Candidate] = []
        lonely: list[LeftInPlace] = []
        for prefix, listing in _by_folder(files):
            gathered = gather(prefix, listing, rules)
            candidates += gathered.frames
            lonely += [
                LeftInPlace(prefix + name, "the frames that it ends are missing")
                for name in gathered.lonely
            ]
            groups = gathered.groups
            for name, members in groups.pictures.items():
                candidates.append(
                    Candidate(listing[name], tuple(listing[m] for m in members))
                )
            for name in groups.lonely:
                if self._is_grown_up(prefix + name, now):
                    candidates.append(Candidate(listing[name]))
                else:
                    lonely.append(LeftInPlace(prefix + name, "its picture is missing"))
            for name, pictures in groups.ambiguous.items():
                reason = f"it could belong to {' or '.join(pictures)}"
                lonely.append(LeftInPlace(prefix + name, reason))
        return candidates, lonely

    def _is_grown_up(self, name: str, now: float) -> bool:
        """Whether a mask waited for its picture so long that it must be a picture."""
        patience = LONELY_MASK_FACTOR * self._settler.settle_seconds
        is_mask = name.lower().endswith(MASK_ENDINGS)
        return is_mask and self._settler.quiet_for(name, now) >= patience

    def _is_ready(
        self, one: Candidate, quiet: set[str], now: float, sidecar_wait: float
    ) -> bool:
        if one.fix:
            return True  # nobody but us wrote it
        files = [seen for seen in one.files if seen is not one.end]
        if not all(seen.name in quiet for seen in files):
            return False
        wait = max(one.wait, 0.0 if one.members else sidecar_wait)
        told = files if one.is_sequence else [one.seen]
        age = min(self._age(seen, now) for seen in told)
        if age < wait and not (one.end and self._age(one.end, now) >= 0):
            return False
        return not any(self._still_moves(seen, age, now) for seen in files)

    def _age(self, seen: Seen, now: float) -> float:
        """Return for how many seconds beyond the settle time *seen* has been quiet."""
        return self._settler.quiet_for(seen.name, now) - self._settler.settle_seconds

    def _still_moves(self, seen: Seen, age: float, now: float) -> bool:
        """Ask the file itself: a writer, or a tail that a copy has yet to fill."""
        path = self._places.folder.inbox / seen.name
        try:
            if has_writer(path):
                self._settler.postpone(seen.name, now)
                return True
            return age < self._settler.settle_seconds and has_zero_tail(path)
        except FileNotFoundError:
            return True
        except PermissionError:
            return False  # claimed all the same: the worker says what is wrong

    def _note_left(self, left: Sequence[LeftInPlace]) -> None:
        for one in set(left).difference(self.left):
            log.info(
                "left_in_place",
                hot_folder=self._places.folder.name,
                file=one.name,
                reason=one.reason,
            )
        self.left = tuple(left)

    def _claim(self, ready: Sequence[Candidate], now: float) -> list[Entry]:
        if not ready:
            return []
        entries = [self._entry(one, now) for one in ready]
        self._journal.intend(entries, self._clock()).result()
        claimed: list[Entry] = []
        nothing: list[Entry] = []
        for entry, one in zip(entries, ready, strict=True):
            taken = take(
                _claim_of(entry, one),
                self._places.folder.inbox,
                self._places.claim_folder(entry.job),
                self._places.beat,
            )
            (claimed if taken is Taken.TAKEN else nothing).append(entry)
        if nothing:
            self._journal.forget([entry.job for entry in nothing])
        self._journal.claimed([entry.job for entry in claimed], self._clock())
        return claimed

    def _entry(self, one: Candidate, now: float) -> Entry:
        at = self._clock()
        fingerprint = one.seen.fingerprint
        return Entry(
            job=one.fix.job if one.fix else new_job_id(at),
            hot_folder=self._places.folder.name,
            source=one.seen.name,
            members=tuple(seen.name for seen in one.members),
            size=fingerprint.size,
            mtime_ns=fingerprint.mtime_ns,
            inode=fingerprint.inode,
            epoch=self._places.owner.epoch,
            arrived_at=at - self._settler.quiet_for(one.seen.name, now),
            parent=one.fix.parent if one.fix else "",
            marks=tuple(map(_facts, one.members)) if one.is_sequence else (),
        )


def _claim_of(entry: Entry, one: Candidate) -> Claim:
    settled = tuple(seen.fingerprint for seen in one.members if one.is_sequence)
    return Claim(entry.job, entry.source, entry.members, one.seen.fingerprint, settled)


def _facts(seen: Seen) -> tuple[int, int, int]:
    """What stays the same of a file that is renamed."""
    known = seen.fingerprint
    return known.size, known.mtime_ns, known.inode


def _by_folder(files: Iterable[Seen]) -> Iterator[tuple[str, dict[str, Seen]]]:
    """Yield each folder's prefix (``sub/`` or empty) and its files by base name."""
    folders: dict[str, dict[str, Seen]] = defaultdict(dict)
    for seen in files:
        prefix, _, base = seen.name.rpartition("/")
        folders[f"{prefix}/" if prefix else ""][base] = seen
    yield from folders.items()
