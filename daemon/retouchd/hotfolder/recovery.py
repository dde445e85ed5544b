"""What a stopped daemon left unfinished, and how each state goes on.

Nothing is computed twice that was whole on disk, and nothing is moved that was moved.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from retouchd.hotfolder.handout import Staged
from retouchd.hotfolder.places import Places
from retouchd.hotfolder.review.ruled import ruled_of
from retouchd.hotfolder.strangers import holds_files, take_strangers_in
from retouchd.intake.claim import (
    Claim,
    Taken,
    claimed_path,
    give_back,
    is_unchanged,
    remove_claim_folder,
    take,
    take_back,
)
from retouchd.intake.scan import Fingerprint
from retouchd.jobs.clips.part_names import is_part
from retouchd.ledger.entries import Entry, OpenJob
from retouchd.ledger.held import HeldJobs
from retouchd.ledger.jobs import Journal
from retouchd.ledger.repairs import Repairs
from retouchd.log import get_logger
from retouchd.timestamps import utc_date
from retouchd.values import Outcome

log = get_logger()


@dataclass
class Unfinished:
    """Jobs found at the start, by what has to happen next."""

    to_run: list[Entry] = field(default_factory=list)
    to_deliver: list[Staged] = field(default_factory=list)
    to_quarantine: list[tuple[Entry, Outcome, Path | None]] = field(
        default_factory=list
    )
    gone: list[Entry] = field(default_factory=list)
    vanished: list[Entry] = field(default_factory=list)
    not_ours: list[Entry] = field(default_factory=list)


def recover(
    places: Places, journal: Journal, now: float, busy: frozenset[str]
) -> Unfinished:
    """Read the journal of one hot folder, mend half-made claims, sort the rest.

    Args:
        places: the open hot folder.
        journal: of all hot folders.
        now: seconds since the epoch.
        busy: jobs that the worker still has; of them only the claims are mended.

    Raises:
        OSError: the share failed; recovering again later is safe.
        StorageError: drops are claimed that the ledger does not know.
    """
    take_strangers_in(places, journal, now)
    found = Unfinished()
    for job in journal.open_jobs(places.folder.name):
        if job.entry.job not in busy:
            _sort(job, found, places, journal)
        elif job.entry.epoch >= places.owner.inherits:
            _take_again(job.entry, places)
    journal.claimed([entry.job for entry in _half_claimed(found, journal)], now)
    journal.forget([entry.job for entry in found.gone]).result()
    _close_vanished(found.vanished, journal, now)
    held = HeldJobs(journal.database)
    held.hold([entry.job for entry in found.not_ours], _ELSEWHERE, now).result()
    _remove_strangers(places, found, busy | held.staged(places.folder.name))
    _remove_empty_claims(places, journal)
    if found.to_run or found.to_deliver or found.to_quarantine:
        log.info(
            "recovered",
            hot_folder=places.folder.name,
            run_again=len(found.to_run),
            deliver=len(found.to_deliver),
            fail=len(found.to_quarantine),
        )
    return found


_ELSEWHERE = (
    "while this daemon was away another one worked on this root and took the claimed "
    "files over; its ledger knows how this job ended"
)


def _sort(job: OpenJob, found: Unfinished, places: Places, journal: Journal) -> None:
    if job.entry.epoch < places.owner.inherits:
        found.not_ours.append(job.entry)
        return
    # The original of a decided job lies in done/; in in/ it would be a new drop.
    if job.journal in {"STAGED", "FAILING"} and not job.is_decided:
        _take_again(job.entry, places)
    if job.journal == "STAGED":
        found.to_deliver.append(staged_job(job, places, journal))
    elif job.journal == "FAILING":
        outcome = Outcome(job=job.entry.job, error=job.error, hint=job.hint)
        failed = places.folder.failed
        is_planned = job.archive is not None and job.archive.is_relative_to(failed)
        archive = job.archive if is_planned else None
        found.to_quarantine.append((job.entry, outcome, archive))
    elif _is_claimed(job.entry, places):
        found.to_run.append(job.entry)
    elif job.journal == "CLAIMED" and not _lies_somewhere(job.entry, places):
        found.vanished.append(job.entry)
    else:
        found.gone.append(job.entry)


def staged_job(job: OpenJob, places: Places, journal: Journal) -> Staged:
    """Read a staged job back; its stages may have moved to the folders of our epoch.

    What a person decided on is no stage of ours: it lies where people see it.
    """
    outputs = []
    for made, final, state in journal.deliveries(job.entry.job):
        stage = made.stage
        if places.is_stage(stage):
            stage = places.stages[places.root_of(final)] / stage.name
        else:
            places.root_of(stage)  # a root that was moved must be seen, not believed
        outputs.append((replace(made, stage=stage), final, state == "LINKING"))
    # A job that another daemon had staged has none of its own.
    planned = places.folder.done / utc_date(time.time()) / job.entry.source
    archive = job.archive or planned
    rejected = places.folder.rejected
    ruled = ruled_of(job, journal, rejected) if job.is_decided else None
    return Staged(job.entry, job.destination, tuple(outputs), archive, ruled)


def _is_claimed(entry: Entry, places: Places) -> bool:
    """Finish the claim of *entry* where a crash cut it short.

    After a power cut the rename may be undone although the journal has it; the file
    then lies in ``in/`` again, unchanged, and is taken again. A changed one is a new
    drop.
    """
    folder = places.claim_folder(entry.job)
    picture = claimed_path(folder, entry.source)
    claim = claim_of(entry)
    if not os.path.lexists(picture) and not _lies_unchanged_in_inbox(entry, places):
        if folder.exists():
            give_back(claim, places.folder.inbox, folder)
        return False
    return take(claim, places.folder.inbox, folder, places.beat) is Taken.TAKEN


def _take_again(entry: Entry, places: Places) -> None:
    """Claim the original of a job anew where its disk came back without the claim.

    The job is finished, or the worker still has it. Left in ``in/`` its original would
    be taken for a new drop and delivered twice.
    """
    folder = places.claim_folder(entry.job)
    inbox = places.folder.inbox
    if entry.marks:
        take_back(claim_of(entry), inbox, folder)
        return
    is_claimed = os.path.lexists(claimed_path(folder, entry.source))
    if not is_claimed and _lies_unchanged_in_inbox(entry, places):
        take(claim_of(entry), inbox, folder)


def claim_of(entry: Entry) -> Claim:
    """Return the claim of *entry*, with what its files looked like."""
    settled = Fingerprint(entry.size, entry.mtime_ns, 0, entry.inode)
    marks = tuple(Fingerprint(size, at, 0, inode) for size, at, inode in entry.marks)
    return Claim(entry.job, entry.source, entry.members, settled, marks)


def _lies_somewhere(entry: Entry, places: Places) -> bool:
    """Whether the claim is back in ``in/``, or somebody dropped the name again."""
    return os.path.lexists(places.folder.inbox / entry.source)


def _close_vanished(entries: list[Entry], journal: Journal, now: float) -> None:
    """End jobs whose originals somebody took out of our claims, and say so."""
    if not entries:
        return
    reason = "the original vanished from its claim folder"
    Repairs(journal.database).close_as_lost(
        {entry.job: f"{entry.source}: {reason}" for entry in entries}, now
    )
    for entry in entries:
        log.error("claim_vanished", job=entry.job, source=entry.source)


def _lies_unchanged_in_inbox(entry: Entry, places: Places) -> bool:
    settled = Fingerprint(entry.size, entry.mtime_ns, 0, entry.inode)
    return is_unchanged(places.folder.inbox / entry.source, settled)


def _half_claimed(found: Unfinished, journal: Journal) -> list[Entry]:
    """Jobs that lie in their claim folder while the journal still says intent."""
    return [entry for entry in found.to_run if journal.state(entry.job) == "INTENT"]


def _remove_strangers(places: Places, found: Unfinished, busy: frozenset[str]) -> None:
    """Remove half-written results that no journaled job owns."""
    # By their names: a root that moved has other paths in the journal than on disk.
    owned = {made.stage.name for job in found.to_deliver for made, _, _ in job.outputs}
    to_run = {entry.job for entry in found.to_run}
    for folder in set(places.stages.values()):
        for path in folder.iterdir():
            job = path.name.partition("-")[0]
            goes_on = is_part(path.name) and job in to_run
            if path.name not in owned and job not in busy and not goes_on:
                path.unlink()


def _remove_empty_claims(places: Places, journal: Journal) -> None:
    """Remove the folders of jobs that were booked just before a crash."""
    for folder in places.claims.iterdir():
        is_open = journal.state(folder.name) in {"INTENT", "CLAIMED", "STAGED"}
        if not is_open and not holds_files(folder):
            remove_claim_folder(folder)
