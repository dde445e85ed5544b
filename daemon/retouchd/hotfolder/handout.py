"""Rolls finished jobs forward: outputs into place, the original last, then the books.

The same code serves a job that just finished and one that a crash interrupted: every
move looks first whether it was already made.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from retouchd.delivery.place import sync_folders
from retouchd.errors import InputError
from retouchd.hotfolder.archive import Archive, make_folder
from retouchd.hotfolder.error_texts import explain
from retouchd.hotfolder.final_names import final_names
from retouchd.hotfolder.places import Places
from retouchd.hotfolder.placing import Placing
from retouchd.hotfolder.review.ruled import Ruled, tidy
from retouchd.intake.claim import claimed_path, remove_claim_folder
from retouchd.jobs.clips.part_names import remove_parts
from retouchd.ledger.entries import Ending, Entry, Placed
from retouchd.ledger.jobs import Journal
from retouchd.ledger.reviews import Reviews
from retouchd.log import get_logger
from retouchd.values import Destination, Outcome, Rendition

log = get_logger()

_MOST_LOGGED = 8
"""Files that are named in the log; a sequence may have thousands."""


@dataclass(frozen=True)
class Staged:
    """A job whose outputs are whole on disk and journaled.

    Attributes:
        outputs: each rendition with its planned final path and, on file systems that
            link, whether a link may have been begun before a crash.
        archive: planned place of the original, in the journal already.
        ruled: what a person decided, where the results were handed out before.
    """

    entry: Entry
    destination: Destination
    outputs: tuple[tuple[Rendition, Path, bool], ...]
    archive: Path
    ruled: Ruled | None = None


@dataclass
class _Unbooked:
    """Moves that are made but neither forced to disk nor booked."""

    done: list[tuple[str, Literal["done", "review"], list[Placed]]] = field(
        default_factory=list
    )
    ruled: list[tuple[str, Ending, list[Placed]]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    archived: dict[str, Path] = field(default_factory=dict)
    folders: set[Path] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.done or self.ruled or self.failed)

    @property
    def jobs(self) -> int:
        return len(self.done) + len(self.ruled) + len(self.failed)


class Handout:
    """Hands out the results of one hot folder; used by its one thread only.

    Args:
        places: the open hot folder.
        journal: where each step is noted.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        places: Places,
        journal: Journal,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._places = places
        self._journal = journal
        self._clock = clock
        self._archive = Archive(places, journal, clock)
        self._placing = Placing(places, journal, clock)
        self._unbooked = _Unbooked()

    @property
    def unbooked(self) -> int:
        """Jobs whose files lie in place but whose end is not yet in the books."""
        return self._unbooked.jobs

    @property
    def has_ruled(self) -> bool:
        """Whether a verdict is among them."""
        return bool(self._unbooked.ruled)

    def stage(
        self, results: Sequence[tuple[Entry, Outcome]]
    ) -> tuple[list[Staged], list[tuple[Entry, Outcome]]]:
        """Journal finished outcomes; return those to deliver and those that fail."""
        taken: set[str] = set()
        good: list[tuple[Outcome, Staged]] = []
        bad: list[tuple[Entry, Outcome]] = []
        for entry, outcome in results:
            try:
                finals = final_names(self._places, outcome, taken)
            except InputError as error:
                refused = replace(outcome, error=error.message, hint=error.hint)
                bad.append((entry, refused))
            else:
                good.append((outcome, self._staged(entry, outcome, finals)))
        sync_folders(made.stage.parent for o, _ in good for made in o.renditions)
        self._journal.staged(
            [(o, [final for _, final, _ in job.outputs]) for o, job in good],
            self._clock(),
            {job.entry.job: job.archive for _, job in good},
        ).result()
        for outcome, _ in good:
            self._remove_parts(outcome)
        return [job for _, job in good], bad

    def _staged(self, entry: Entry, outcome: Outcome, finals: list[Path]) -> Staged:
        pairs = zip(outcome.renditions, finals, strict=True)
        return Staged(
            entry,
            outcome.destination,
            tuple((made, final, False) for made, final in pairs),
            self._archive.plan(entry, self._places.folder.done),
        )

    def deliver(self, job: Staged) -> None:
        """Put the outputs of *job* into place and its original into ``done/``.

        Raises:
            OSError: the share failed; deliver again later, nothing happens twice.
            StorageError: the share is away; likewise.
            HeldError: nobody can tell whether an output was delivered before a crash.
        """
        touched = self._unbooked.folders
        placed = [
            self._placing.put(job.entry.job, output, touched) for output in job.outputs
        ]
        if job.ruled:
            tidy(job.ruled, placed, touched)
        else:
            self._put_away(job.entry, job.archive)
        # Where the share went away or is not ours any more, nothing there means
        # nothing.
        self._places.require()
        if job.ruled:
            self._unbooked.ruled.append((job.entry.job, job.ruled.ending, placed))
        else:
            state: Literal["done", "review"] = (
                "review" if job.destination == "review" else "done"
            )
            self._unbooked.done.append((job.entry.job, state, placed))
        log.info(
            "decided" if job.ruled else "delivered",
            job=job.entry.job,
            source=job.entry.source,
            outputs=[str(one.path) for one in placed[:_MOST_LOGGED]],
            files=len(placed),
        )

    def _make_folder(self, folder: Path) -> None:
        self._unbooked.folders |= make_folder(folder)

    def _put_away(self, entry: Entry, planned: Path) -> None:
        """Move the original of *entry* out of its claim, unless that is done."""
        target = self._archive.put(entry, planned, self._unbooked.folders)
        if target is not None:
            self._unbooked.archived[entry.job] = target

    def fail(self, results: Sequence[tuple[Entry, Outcome]]) -> None:
        """Journal failed outcomes, then move their originals to ``failed/``."""
        outcomes = [outcome for _, outcome in results]
        self._journal.failing(outcomes, self._clock()).result()
        for entry, outcome in results:
            self.quarantine(entry, outcome)

    def quarantine(
        self, entry: Entry, outcome: Outcome, archive: Path | None = None
    ) -> None:
        """Move the original of a failed job to ``failed/`` with its reason beside it.

        Args:
            entry: the job.
            outcome: with the reason.
            archive: where the original was to go when this was tried before.

        Raises:
            OSError: the share failed; calling again later is safe.
            StorageError: the share is away; likewise.
        """
        self._places.require()
        claim = self._places.claim_folder(entry.job)
        if os.path.lexists(claimed_path(claim, entry.source)):
            if archive is None:
                # First the books: after a crash `retry` must find what was moved.
                archive = self._archive.plan(entry, self._places.folder.failed)
                self._journal.archived({entry.job: archive}).result()
            self._make_folder(archive.parent)
            explain(archive, entry, outcome, self._clock())
            self._put_away(entry, archive)
        for made in outcome.renditions:
            made.stage.unlink(missing_ok=True)
        self._remove_parts(outcome)
        self._unbooked.failed.append(entry.job)
        log.warning("failed", job=entry.job, source=entry.source, error=outcome.error)

    def _remove_parts(self, outcome: Outcome) -> None:
        """Remove what was kept of a clip in case that its work broke off."""
        inspection = outcome.inspection
        if inspection is None or inspection.header.kind != "still":
            remove_parts(self._places.stage_for("out"), outcome.job)

    def book(self) -> None:
        """Force all moves to disk, then write them into the ledger in one commit."""
        if not self._unbooked:
            return
        self._places.require()
        work, self._unbooked = self._unbooked, _Unbooked()
        try:
            sync_folders(folder for folder in work.folders if folder.exists())
        except OSError:
            self._unbooked = work
            raise
        now = self._clock()
        self._journal.archived(work.archived)
        booked = self._journal.failed(work.failed, now)
        ruled = Reviews(self._journal.database).carried_out(work.ruled, now)
        self._journal.done(work.done, now).result()
        booked.result()
        ruled.result()
        for job in (*[job for job, _, _ in work.done], *work.failed):
            remove_claim_folder(self._places.claim_folder(job))
            self._archive.forget(job)
