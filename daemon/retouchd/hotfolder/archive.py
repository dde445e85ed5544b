"""Puts originals away for good, each once, whatever a crash cut short."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from retouchd.delivery.move import is_moved, move
from retouchd.delivery.place import other_name, suffixed
from retouchd.hotfolder.places import Places
from retouchd.inspect.sequences import stem_of
from retouchd.intake.claim import claimed_path
from retouchd.ledger.entries import Entry
from retouchd.ledger.jobs import Journal
from retouchd.timestamps import utc_date


def leads_out(root: Path, folder: Path) -> bool:
    """Whether a symbolic link stands on the way from *root* down to *folder*.

    People may write below ``out/`` and ``done/``; a link that they put there must not
    send files of the daemon's user elsewhere.
    """
    inside = folder.relative_to(root).parts
    steps = (root.joinpath(*inside[:depth]) for depth in range(1, len(inside) + 1))
    return any(step.is_symlink() for step in steps)


def make_folder(folder: Path) -> set[Path]:
    """Make *folder*; return the folders whose entries that changed."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return {path.parent for path in missing}


def _beside_others(wanted: Path, entry: Entry) -> Iterator[Path]:
    """Yield *wanted*, then a folder of its own for the whole sequence: ``shot-2/``.

    A number behind that of a frame would make it another frame.
    """
    yield wanted
    stem = stem_of(entry.source)
    for number in itertools.count(2):
        folder = wanted.with_name(f"{stem}-{number}")
        if not os.path.lexists(folder):
            yield folder / wanted.name


class Archive:
    """The way of one hot folder's originals into ``done/`` and ``failed/``.

    Where a picture goes stands in the journal before it is moved, so that a repetition
    sees whether the move was made, also where it takes two steps.
    """

    def __init__(
        self, places: Places, journal: Journal, clock: Callable[[], float]
    ) -> None:
        self._places = places
        self._journal = journal
        self._clock = clock
        self._planned: dict[str, Path] = {}

    def plan(self, entry: Entry, root: Path) -> Path:
        """Choose where below *root* the original of *entry* goes today."""
        wanted = root / utc_date(self._clock()) / entry.source
        if leads_out(root, wanted.parent):
            wanted = root / entry.job / PurePosixPath(entry.source).name
        promised = set(self._planned.values())
        members = entry.members if entry.marks else ()
        names = [PurePosixPath(name).name for name in members]
        paths = _beside_others(wanted, entry) if entry.marks else suffixed(wanted)
        self._planned[entry.job] = next(
            path
            for path in paths
            if path not in promised
            and not os.path.lexists(path)
            and not any(os.path.lexists(path.with_name(name)) for name in names)
        )
        return self._planned[entry.job]

    def forget(self, job: str) -> None:
        """Note that the move of *job* is booked."""
        self._planned.pop(job, None)

    def put(self, entry: Entry, planned: Path, touched: set[Path]) -> Path | None:
        """Move the original of *entry* and its sidecars, the picture last.

        Args:
            entry: the job.
            planned: place of the picture, as the journal has it.
            touched: folders whose entries change are added.

        Returns:
            where the picture lies now; ``None``: it was moved before.
        """
        claim = self._places.claim_folder(entry.job)
        target: Path | None = None
        for name in (*entry.members, entry.source):
            self._places.beat()
            source = claimed_path(claim, name)
            if not os.path.lexists(source):
                continue
            touched |= make_folder(planned.parent)
            job = entry.job if name == entry.source else ""
            wanted = planned if job else planned.with_name(PurePosixPath(name).name)
            target = self._move(source, wanted, job)
            inbox = (self._places.folder.inbox / name).parent
            touched |= {target.parent, inbox}
        return target

    def _move(self, source: Path, target: Path, job: str) -> Path:
        """Move to *target* or beside it; of *job*, the journal is told first."""
        traits = self._places.traits[self._places.root_of(target)]
        while not is_moved(source, target):
            try:
                move(source, target, traits.method, traits.names)
                break
            except FileExistsError:
                target = other_name(target)
                if job:
                    self._journal.archived({job: target}).result()
        return target
