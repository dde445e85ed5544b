"""Seeded bugs: each breaks one thing that the promises rest on.

They are put into a life by replacing functions of the product, never by a switch in it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from retouchd.delivery.place import sync_folders
from retouchd.hotfolder import placing
from retouchd.hotfolder.handout import Handout, Staged
from retouchd.intake.claim import remove_claim_folder
from retouchd.ledger.connection import connect_for_writing
from retouchd.ledger.jobs import Journal


def no_fsync_of_outputs() -> None:
    """Results are renamed into place while their bytes may still be in memory."""
    _replace_everywhere("sync_file", lambda _: None)


def no_fsync_of_folders() -> None:
    """Renames are booked while they may still be undone."""
    _replace_everywhere("sync_folders", lambda _: None)


def synchronous_normal() -> None:
    """Commits are believed in before they are on disk."""

    def connect(path: Path) -> Any:
        db = connect_for_writing(path)
        db.conn.execute("PRAGMA synchronous = NORMAL")
        return db

    _replace_everywhere("connect_for_writing", connect)


def done_before_archive() -> None:
    """A job is booked as done while its original still lies in the claim."""

    def deliver(self: Handout, job: Staged) -> None:
        touched: set[Path] = set()
        placed = [
            self._placing.put(job.entry.job, output, touched) for output in job.outputs
        ]
        sync_folders(touched)
        self._journal.done([(job.entry.job, "done", placed)], self._clock()).result()
        self._put_away(job.entry, job.archive)
        remove_claim_folder(self._places.claim_folder(job.entry.job))

    _replace(Handout, "deliver", deliver)


def no_existence_check() -> None:
    """A result replaces whatever bears its name."""
    _replace(placing, "place", lambda stage, final, *_: stage.rename(final))


def direct_write() -> None:
    """A result is written under its final name instead of being moved there."""

    def write(stage: Path, final: Path, *_: Any) -> None:
        content = stage.read_bytes()
        with final.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        stage.unlink()

    _replace(placing, "place", write)


def rename_before_journal() -> None:
    """A file is claimed before the intent to claim it is durable."""
    late: list[tuple[Any, float]] = []
    intend, claimed = Journal.intend, Journal.claimed

    def intend_later(_: Journal, entries: Any, at: float) -> Future[None]:
        late.append((entries, at))
        return _resolved()

    def intend_now(self: Journal, jobs: Sequence[str], at: float) -> Future[None]:
        while late:
            intend(self, *late.pop()).result()
        return claimed(self, jobs, at)

    Journal.intend = intend_later  # type: ignore[method-assign]
    Journal.claimed = intend_now  # type: ignore[method-assign]


def claim_without_intent() -> None:
    """A file is claimed and computed, and only its results are journaled."""
    late: dict[str, tuple[Any, float]] = {}
    intend, claimed, staged = Journal.intend, Journal.claimed, Journal.staged

    def remember(_: Journal, entries: Any, at: float) -> Future[None]:
        late.update({entry.job: (entry, at) for entry in entries})
        return _resolved()

    def forget(self: Journal, jobs: Sequence[str], at: float) -> Future[None]:
        return claimed(self, [job for job in jobs if job not in late], at)

    def journal(
        self: Journal, outcomes: Any, at: float, *others: Any, **named: Any
    ) -> Future[None]:
        for outcome, _ in outcomes:
            if outcome.job in late:
                entry, then = late.pop(outcome.job)
                intend(self, [entry], then)
                claimed(self, [outcome.job], then)
        return staged(self, outcomes, at, *others, **named)

    Journal.intend = remember  # type: ignore[method-assign]
    Journal.claimed = forget  # type: ignore[method-assign]
    Journal.staged = journal  # type: ignore[method-assign]


MUTANTS: dict[str, Callable[[], None]] = {
    mutant.__name__: mutant
    for mutant in (
        no_fsync_of_outputs,
        no_fsync_of_folders,
        synchronous_normal,
        done_before_archive,
        no_existence_check,
        direct_write,
        rename_before_journal,
        claim_without_intent,
    )
}

ONLY_POWER_CUTS_SHOW = (
    "no_fsync_of_outputs",
    "no_fsync_of_folders",
    "synchronous_normal",
)
"""A killed process loses nothing that the kernel holds; a power cut does."""


def _replace(owner: Any, name: str, stand_in: Callable[..., Any]) -> None:
    """Replace the function *name* of a room or a class."""
    assert hasattr(owner, name), f"the product has no {owner.__name__}.{name} any more"
    setattr(owner, name, stand_in)


def _replace_everywhere(name: str, stand_in: Callable[[Any], Any]) -> None:
    """Replace the function *name* in every room that imported it."""
    rooms = [module for key, module in sys.modules.items() if "retouchd" in key]
    found = [room for room in rooms if hasattr(room, name)]
    assert found, f"the product has no {name} any more"
    for room in found:
        setattr(room, name, stand_in)


def _resolved() -> Future[None]:
    future: Future[None] = Future()
    future.set_result(None)
    return future
