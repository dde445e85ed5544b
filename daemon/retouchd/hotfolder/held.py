"""Carries out what a person decided about a held job."""

from __future__ import annotations

import os
import time
from contextlib import closing
from dataclasses import replace

from retouchd.errors import InputError
from retouchd.hotfolder.handout import Handout, Staged
from retouchd.hotfolder.owner import Patience
from retouchd.hotfolder.ownership import Ownership
from retouchd.hotfolder.places import Places
from retouchd.hotfolder.recovery import staged_job
from retouchd.intake.claim import claimed_path
from retouchd.ledger.entries import Entry
from retouchd.ledger.held import HeldJobs, Word
from retouchd.ledger.identity import ledger_identity
from retouchd.ledger.jobs import Journal
from retouchd.settings import HotFolder


def decide(places: Places, journal: Journal, job: str, word: Word) -> Staged | Entry:
    """Let the held *job* go on.

    Args:
        places: the open hot folder of the job.
        journal: of all hot folders.
        job: its id.
        word: ``release``: the result in doubt was delivered, and only what follows is
            still to be done. ``redeliver``: it was not; it is handed out again, or
            made again where nothing is left of it.

    Returns:
        what is to be handed out, or what is to be run again.

    Raises:
        LedgerError: there is no such held job.
        InputError: it cannot be made again, because its original is not here.
        OSError: the share failed; nothing was decided.
    """
    held = HeldJobs(journal.database)
    found = held.find(job)
    staged = staged_job(found, places, journal)
    is_left = any(os.path.lexists(made.stage) for made, _, _ in staged.outputs)
    original = claimed_path(places.claim_folder(job), found.entry.source)
    if word == "redeliver" and not is_left:
        if not os.path.lexists(original):
            raise InputError(
                "neither its results nor its original are here any more",
                hint="see done/; if a result is missing, drop the original into in/ "
                "again, then release this job",
                file=original,
            )
        held.go_on(job, "CLAIMED", word, places.owner.epoch, time.time()).result()
        return found.entry
    if word == "release":
        for made, _, is_in_doubt in staged.outputs:
            if is_in_doubt:
                made.stage.unlink(missing_ok=True)
    held.go_on(job, "STAGED", word, places.owner.epoch, time.time()).result()
    outputs = tuple((made, final, False) for made, final, _ in staged.outputs)
    return replace(staged, outputs=outputs)


def decide_without_daemon(
    folder: HotFolder, journal: Journal, job: str, word: Word, patience: Patience
) -> bool:
    """Do the same where no daemon runs; hand out what is left to hand out.

    Returns:
        whether the job is finished; else the next start of the daemon runs it again.

    Raises:
        StorageError: the hot folder is away, or another daemon works on it.
    """
    ledger = ledger_identity(journal.database.path)
    ownership = Ownership(ledger, patience, takeover=False)
    with closing(Places.open(folder, ownership, time.monotonic())) as places:
        goes_on = decide(places, journal, job, word)
        if isinstance(goes_on, Staged):
            handout = Handout(places, journal)
            handout.deliver(goes_on)
            handout.book()
        places.owner.release()
    return isinstance(goes_on, Staged)
