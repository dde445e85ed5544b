"""Reads the private folder of a hot folder: claimed files and unfinished results."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from retouchd.inspect.sequences import END_MARKER, frames_among, in_order, numbered
from retouchd.inspect.sidecars import group
from retouchd.ledger.entries import Entry, Mark, is_job_id, made_at
from retouchd.settings import HotFolder


@dataclass(frozen=True)
class Claim:
    """One claim folder, which keeps its files under their names below ``in/``.

    Attributes:
        files: relative to the claim folder, sorted.
    """

    job: str
    folder: Path
    files: tuple[str, ...]

    @property
    def picture(self) -> str:
        """The file that is the drop itself; empty where that is not clear."""
        if len(self.files) == 1:
            return self.files[0]
        pictures = group(Path(name).name for name in self.files).pictures
        names = [name for name in self.files if not name.lower().endswith(END_MARKER)]
        found = in_order(name for name in names if Path(name).name in pictures)
        is_clear = len(found) == 1 or len(self.frames) == len(found)
        return found[0] if found and is_clear else ""

    @property
    def frames(self) -> tuple[str, ...]:
        """The frames in order, where all pictures are those of one sequence."""
        first = in_order(name for name in self.files if numbered(Path(name).name))[:1]
        return frames_among(first[0], self.files) if first else ()

    def entry(self, hot_folder: str, epoch: int) -> Entry:
        """Make anew what the journal knew of this drop.

        Args:
            hot_folder: name of the hot folder.
            epoch: see ``next_epoch``.
        """
        source = self.picture or self.files[0]
        facts = (self.folder / source).lstat()
        members = tuple(name for name in self.files if name != source)
        return Entry(
            job=self.job,
            hot_folder=hot_folder,
            source=source,
            members=members,
            size=facts.st_size,
            mtime_ns=facts.st_mtime_ns,
            inode=facts.st_ino,
            epoch=epoch,
            arrived_at=made_at(self.job),
            marks=tuple(map(self._mark, members)) if self.frames else (),
        )

    def _mark(self, name: str) -> Mark:
        facts = (self.folder / name).lstat()
        return facts.st_size, facts.st_mtime_ns, facts.st_ino


@dataclass(frozen=True)
class Private:
    """Everything below the private folder that belongs to jobs.

    Attributes:
        claims: by job.
        stages: unfinished results; a name begins with the id of its job.
        unclear: entries among them that no retouchd made.
    """

    claims: dict[str, Claim]
    stages: tuple[Path, ...]
    unclear: tuple[Path, ...]

    def stages_of(self, job: str) -> list[Path]:
        """Return the unfinished results of *job*."""
        return [path for path in self.stages if job_of(path) == job]


def job_of(stage: Path) -> str:
    """Return the job whose unfinished result *stage* is; empty: none."""
    job = stage.name.partition("-")[0]
    return job if is_job_id(job) else ""


def read_private(folder: HotFolder) -> Private:
    """Read the private folder of *folder*, and those of its output roots."""
    inside = list(_entries(folder.private / "claims"))
    claims = [
        Claim(path.name, path, tuple(sorted(_files(path))))
        for path in inside
        if is_job_id(path.name) and path.is_dir()
    ]
    staged = [path for home in _homes(folder) for path in _entries(home)]
    stages = tuple(path for path in staged if job_of(path))
    unclear = {*inside, *staged}.difference((c.folder for c in claims), stages)
    return Private({c.job: c for c in claims}, stages, tuple(sorted(unclear)))


def next_epoch(folder: HotFolder) -> int:
    """Return the epoch after all that the root has seen.

    A job that bears it is this ledger's own, also where the id of the ledger was lost
    with it and the next daemon comes as a new owner.
    """
    places = (folder.private / "owner", folder.private / "claims")
    seen = [one.name for place in places if place.is_dir() for one in place.iterdir()]
    return 1 + max((int(name) for name in seen if name.isdigit()), default=0)


def _homes(folder: HotFolder) -> Iterator[Path]:
    """Yield where unfinished results lie, also on the file systems of the outputs."""
    yield folder.private / "tmp"
    for root in (folder.inbox, folder.out, folder.review, folder.done, folder.failed):
        yield from sorted(root.glob(".retouchd/*/tmp"))


def _entries(home: Path) -> Iterator[Path]:
    """Yield what lies in the folders of all epochs below *home*."""
    if home.is_dir():
        for epoch in sorted(home.iterdir()):
            if epoch.is_dir():
                yield from sorted(epoch.iterdir())


def _files(folder: Path) -> Iterator[str]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place) / name
            if stat.S_ISREG(path.lstat().st_mode):
                yield str(path.relative_to(folder))
