"""Rolls finished jobs forward: outputs into place, the original last, then the books.

The same code serves a job that just finished and one that a crash interrupted: every
move looks first whether it was already made.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from retouchd.delivery.place import (
    Method,
    free_name,
    move_without_overwriting,
    place,
    sha256_of,
    suffixed,
    sync_folders,
)
from retouchd.errors import HeldError
from retouchd.hotfolder.error_texts import explain
from retouchd.hotfolder.places import Places, require_marker
from retouchd.intake.claim import claimed_path
from retouchd.ledger.entries import Entry, Placed
from retouchd.ledger.jobs import Journal
from retouchd.log import get_logger
from retouchd.timestamps import utc_date
from retouchd.values import Destination, Outcome, Rendition

log = get_logger()


@dataclass(frozen=True)
class Staged:
    """A job whose outputs are whole on disk and journaled.

    Attributes:
        outputs: each rendition with its planned final path and, on file systems that
            link, whether a link may have been begun before a crash.
    """

    entry: Entry
    destination: Destination
    outputs: tuple[tuple[Rendition, Path, bool], ...]


@dataclass
class _Unbooked:
    """Moves that are made but neither forced to disk nor booked."""

    done: list[tuple[str, Literal["done", "review"], list[Placed]]] = field(
        default_factory=list
    )
    failed: list[str] = field(default_factory=list)
    archived: dict[str, Path] = field(default_factory=dict)
    folders: set[Path] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.done or self.failed)


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
        self._unbooked = _Unbooked()

    @property
    def unbooked(self) -> int:
        """Jobs whose files lie in place but whose end is not yet in the books."""
        return len(self._unbooked.done) + len(self._unbooked.failed)

    def stage(
        self, results: Sequence[tuple[Entry, Outcome]]
    ) -> tuple[list[Staged], list[tuple[Entry, Outcome]]]:
        """Journal finished outcomes; return those to deliver and those that fail."""
        taken: set[Path] = set()
        planned = [(e, outcome, self._plan(outcome, taken)) for e, outcome in results]
        good = [(e, o, finals) for e, o, finals in planned if finals is not None]
        bad = [(e, _name_taken(o)) for e, o, finals in planned if finals is None]
        sync_folders(made.stage.parent for _, o, _ in good for made in o.renditions)
        self._journal.staged(
            [(outcome, finals) for _, outcome, finals in good], self._clock()
        ).result()
        staged = [
            Staged(
                entry,
                outcome.destination,
                tuple(
                    (made, final, False)
                    for made, final in zip(outcome.renditions, finals, strict=True)
                ),
            )
            for entry, outcome, finals in good
        ]
        return staged, bad

    def _plan(self, outcome: Outcome, taken: set[Path]) -> list[Path] | None:
        """Choose a free final path for each output; ``None``: the rule forbids one.

        Paths in *taken* are promised to other jobs; those chosen here are added.
        """
        root = self._places.root_for(outcome.destination)
        finals: list[Path] = []
        for made in outcome.renditions:
            wanted = root / made.name
            final = next(
                path
                for path in suffixed(wanted)
                if not os.path.lexists(path) and path not in {*taken, *finals}
            )
            if final != wanted and made.conflict == "fail":
                return None
            finals.append(final)
        taken.update(finals)
        return finals

    def deliver(self, job: Staged) -> None:
        """Put the outputs of *job* into place and its original into ``done/``.

        Raises:
            OSError: the share failed; deliver again later, nothing happens twice.
            StorageError: the share is away; likewise.
            HeldError: nobody can tell whether an output was delivered before a crash.
        """
        placed = [self._put(job.entry, *output) for output in job.outputs]
        self._archive(job.entry, self._places.folder.done)
        # On a share that went away meanwhile, nothing there means nothing.
        require_marker(self._places.folder)
        state: Literal["done", "review"] = (
            "review" if job.destination == "review" else "done"
        )
        self._unbooked.done.append((job.entry.job, state, placed))
        log.info(
            "delivered",
            job=job.entry.job,
            source=job.entry.source,
            outputs=[str(one.path) for one in placed],
        )

    def _put(
        self,
        entry: Entry,
        made: Rendition,
        final: Path,
        may_be_linked: bool,  # noqa: FBT001
    ) -> Placed:
        method = self._places.methods[self._places.root_of(final)]
        while not self._is_delivered(made, final, may_be_linked=may_be_linked):
            self._make_folder(final.parent)
            try:
                if method is Method.LINK:
                    self._journal.linking(entry.job, made.output).result()
                place(made.stage, final, method)
            except FileExistsError:
                final = free_name(final)
                self._journal.renamed(entry.job, made.output, final).result()
                may_be_linked = False
        self._unbooked.folders |= {final.parent, made.stage.parent}
        return Placed(made, final, self._clock())

    @staticmethod
    def _is_delivered(made: Rendition, final: Path, *, may_be_linked: bool) -> bool:
        """Tell whether *made* already lies at *final*: its stage name is gone.

        Where linking began before a crash, a second name proves the link; without one
        a consumer may have taken the result away, which nobody can tell afterwards.
        """
        try:
            names = os.lstat(made.stage).st_nlink
        except FileNotFoundError:
            return True
        if not may_be_linked:
            return False
        if names == 1 and not os.path.lexists(final):
            raise HeldError(
                "a crash came while this result was handed out: it may or may not "
                "have been delivered",
                hint="look for the result, then release or redeliver the job",
                file=final,
            )
        if names > 1 or sha256_of(final) == made.sha256:
            made.stage.unlink()
            return True
        return False

    def _make_folder(self, folder: Path) -> None:
        missing = [p for p in (folder, *folder.parents) if not p.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        self._unbooked.folders |= {path.parent for path in missing}

    def _archive(self, entry: Entry, root: Path) -> None:
        """Move the original and its sidecars out of the claim, the picture last."""
        claim = self._places.claim_folder(entry.job)
        for name in (*entry.members, entry.source):
            source = claimed_path(claim, name)
            if os.path.lexists(source):
                wanted = root / utc_date(self._clock()) / PurePosixPath(name)
                self._make_folder(wanted.parent)
                target = move_without_overwriting(source, wanted)
                self._unbooked.archived[entry.job] = target
                inbox = (self._places.folder.inbox / name).parent
                self._unbooked.folders |= {target.parent, inbox}

    def fail(self, results: Sequence[tuple[Entry, Outcome]]) -> None:
        """Journal failed outcomes, then move their originals to ``failed/``."""
        outcomes = [outcome for _, outcome in results]
        self._journal.failing(outcomes, self._clock()).result()
        for entry, outcome in results:
            self.quarantine(entry, outcome)

    def quarantine(self, entry: Entry, outcome: Outcome) -> None:
        """Move the original of a failed job to ``failed/`` with its reason beside it.

        Raises:
            OSError: the share failed; calling again later is safe.
            StorageError: the share is away; likewise.
        """
        require_marker(self._places.folder)
        claim = self._places.claim_folder(entry.job)
        if os.path.lexists(claimed_path(claim, entry.source)):
            root = self._places.folder.failed / utc_date(self._clock())
            wanted = root / entry.source
            self._make_folder(wanted.parent)
            target = free_name(wanted)
            # First the books: after a crash `retry` must find what was moved.
            self._journal.archived({entry.job: target}).result()
            explain(target, entry, outcome, self._clock())
            self._archive(entry, self._places.folder.failed)
        for made in outcome.renditions:
            made.stage.unlink(missing_ok=True)
        self._unbooked.failed.append(entry.job)
        log.warning("failed", job=entry.job, source=entry.source, error=outcome.error)

    def book(self) -> None:
        """Force all moves to disk, then write them into the ledger in one commit."""
        if not self._unbooked:
            return
        require_marker(self._places.folder)
        work, self._unbooked = self._unbooked, _Unbooked()
        try:
            sync_folders(folder for folder in work.folders if folder.exists())
        except OSError:
            self._unbooked = work
            raise
        now = self._clock()
        self._journal.archived(work.archived)
        booked = self._journal.failed(work.failed, now)
        self._journal.done(work.done, now).result()
        booked.result()
        for job in (*[job for job, _, _ in work.done], *work.failed):
            claim = self._places.claim_folder(job)
            if claim.exists():
                claim.rmdir()


def _name_taken(outcome: Outcome) -> Outcome:
    names = ", ".join(made.name for made in outcome.renditions)
    return replace(
        outcome,
        error=f"a result of that name is already there: {names}",
        hint="take the older result away, or let the rule say conflict: suffix",
    )
