"""Claimed files that the ledger does not know: another daemon's, or a lost ledger's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from retouchd.errors import StorageError
from retouchd.hotfolder.places import Places
from retouchd.inspect.sequences import END_MARKER, frames_among, in_order
from retouchd.inspect.sidecars import group
from retouchd.ledger.entries import Entry, Mark
from retouchd.ledger.held import HeldJobs
from retouchd.ledger.jobs import Journal
from retouchd.log import get_logger

log = get_logger()

_TAKEN_OVER = (
    "another daemon had claimed this file when its root was taken over; whether its "
    "results were delivered only a look at the results can tell"
)


def take_strangers_in(places: Places, journal: Journal, now: float) -> None:
    """Enter what the daemon before us had claimed as held.

    Raises:
        StorageError: this root was never another ledger's, so ours was lost.
    """
    claimed = [one for one in places.claims.iterdir() if holds_files(one)]
    unknown = set(journal.unknown([folder.name for folder in claimed]))
    if not unknown:
        return
    if places.owner.inherits == 1:
        raise StorageError(
            f"{len(unknown)} claimed files are not in the ledger: it was lost or "
            "replaced",
            hint="stop the daemon, run `retouchd fsck`, then `retouchd fsck --apply`",
            file=places.claims,
        )
    entries = [
        _entry(folder, places, now) for folder in claimed if folder.name in unknown
    ]
    HeldJobs(journal.database).adopt(entries, _TAKEN_OVER, now).result()
    log.warning("held", hot_folder=places.folder.name, jobs=sorted(unknown))


def holds_files(folder: Path) -> bool:
    """Whether any file lies in the claim *folder*."""
    return any(_files(folder))


def _files(folder: Path) -> Iterator[str]:
    """Yield the files of a claim as they were named below ``in/``."""
    for place, _, names in os.walk(folder):
        for name in names:
            yield os.path.relpath(os.path.join(place, name), folder)  # noqa: PTH118  (names may be no UTF-8, and are compared as text)


def _entry(folder: Path, places: Places, now: float) -> Entry:
    names = {Path(name).name: name for name in _files(folder)}
    pictures = in_order(
        name for name in group(names).pictures if not name.lower().endswith(END_MARKER)
    )
    picture = next(iter(pictures), min(names, key=len))
    source = names[picture]
    others = tuple(full for base, full in sorted(names.items()) if base != picture)
    size, mtime_ns, inode = _mark(folder / source)
    is_sequence = bool(frames_among(source, others))
    return Entry(
        job=folder.name,
        hot_folder=places.folder.name,
        source=source,
        members=others,
        size=size,
        mtime_ns=mtime_ns,
        inode=inode,
        epoch=places.owner.epoch,
        arrived_at=now,
        marks=tuple(_mark(folder / name) for name in others if is_sequence),
    )


def _mark(path: Path) -> Mark:
    facts = os.lstat(path)
    return facts.st_size, facts.st_mtime_ns, facts.st_ino
