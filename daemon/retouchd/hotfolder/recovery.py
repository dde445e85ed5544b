"""What a stopped daemon left unfinished, and how each state goes on.

Nothing is computed twice that was whole on disk, and nothing is moved that was moved.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from retouchd.hotfolder.handout import Staged
from retouchd.hotfolder.places import Places
from retouchd.intake.claim import Claim, Taken, claimed_path, give_back, take
from retouchd.intake.scan import Fingerprint
from retouchd.ledger.entries import Entry, OpenJob
from retouchd.ledger.jobs import Journal
from retouchd.log import get_logger
from retouchd.values import Outcome

log = get_logger()


@dataclass
class Unfinished:
    """Jobs found at the start, by what has to happen next."""

    to_run: list[Entry] = field(default_factory=list)
    to_deliver: list[Staged] = field(default_factory=list)
    to_quarantine: list[tuple[Entry, Outcome]] = field(default_factory=list)
    gone: list[Entry] = field(default_factory=list)


def recover(
    places: Places, journal: Journal, now: float, busy: frozenset[str]
) -> Unfinished:
    """Read the journal of one hot folder, mend half-made claims, sort the rest.

    Args:
        places: the open hot folder.
        journal: of all hot folders.
        now: seconds since the epoch.
        busy: jobs that the worker still has; they are left alone.

    Raises:
        OSError: the share failed; recovering again later is safe.
    """
    found = Unfinished()
    for job in journal.open_jobs(places.folder.name):
        if job.entry.job not in busy:
            _sort(job, found, places, journal)
    journal.claimed([entry.job for entry in _half_claimed(found, journal)], now)
    journal.forget([entry.job for entry in found.gone]).result()
    _remove_strangers(places, found, busy)
    if found.to_run or found.to_deliver or found.to_quarantine:
        log.info(
            "recovered",
            hot_folder=places.folder.name,
            run_again=len(found.to_run),
            deliver=len(found.to_deliver),
            fail=len(found.to_quarantine),
        )
    return found


def _sort(job: OpenJob, found: Unfinished, places: Places, journal: Journal) -> None:
    if job.journal in {"STAGED", "FAILING"}:
        _take_again(job.entry, places)
    if job.journal == "STAGED":
        outputs = tuple(
            (made, final, state == "LINKING")
            for made, final, state in journal.deliveries(job.entry.job)
        )
        found.to_deliver.append(Staged(job.entry, job.destination, outputs))
    elif job.journal == "FAILING":
        outcome = Outcome(job=job.entry.job, error=job.error, hint=job.hint)
        found.to_quarantine.append((job.entry, outcome))
    elif _is_claimed(job.entry, places):
        found.to_run.append(job.entry)
    else:
        found.gone.append(job.entry)


def _is_claimed(entry: Entry, places: Places) -> bool:
    """Finish the claim of *entry* where a crash cut it short.

    After a power cut the rename may be undone although the journal has it; the file
    then lies in ``in/`` again, unchanged, and is taken again. A changed one is a new
    drop.
    """
    folder = places.claim_folder(entry.job)
    picture = claimed_path(folder, entry.source)
    claim = _claim_of(entry)
    if not os.path.lexists(picture) and not _lies_unchanged_in_inbox(entry, places):
        if folder.exists():
            give_back(claim, places.folder.inbox, folder)
        return False
    return take(claim, places.folder.inbox, folder) is Taken.TAKEN


def _take_again(entry: Entry, places: Places) -> None:
    """Claim the original of a finished job anew where a power cut undid the claim.

    Left in ``in/`` it would be taken for a new drop and delivered twice.
    """
    folder = places.claim_folder(entry.job)
    is_claimed = os.path.lexists(claimed_path(folder, entry.source))
    if not is_claimed and _lies_unchanged_in_inbox(entry, places):
        take(_claim_of(entry), places.folder.inbox, folder)


def _claim_of(entry: Entry) -> Claim:
    settled = Fingerprint(entry.size, entry.mtime_ns, 0, entry.inode)
    return Claim(entry.job, entry.source, entry.members, settled)


def _lies_unchanged_in_inbox(entry: Entry, places: Places) -> bool:
    try:
        facts = os.lstat(places.folder.inbox / entry.source)
    except FileNotFoundError:
        return False
    found = (facts.st_ino, facts.st_size, facts.st_mtime_ns)
    return found == (entry.inode, entry.size, entry.mtime_ns)


def _half_claimed(found: Unfinished, journal: Journal) -> list[Entry]:
    """Jobs that lie in their claim folder while the journal still says intent."""
    return [entry for entry in found.to_run if journal.state(entry.job) == "INTENT"]


def _remove_strangers(places: Places, found: Unfinished, busy: frozenset[str]) -> None:
    """Remove half-written results that no journaled job owns."""
    owned = {made.stage for job in found.to_deliver for made, _, _ in job.outputs}
    for folder in set(places.stages.values()):
        for path in folder.iterdir():
            if path not in owned and path.name.partition("-")[0] not in busy:
                path.unlink()
