"""Sends the original of a failed job back to ``in/``, also across a crash."""

from __future__ import annotations

from pathlib import Path

from retouchd.delivery.move import move_without_overwriting
from retouchd.delivery.naming import fits_beside
from retouchd.delivery.place import sync_folders
from retouchd.errors import InputError, NoSuchJobError
from retouchd.hotfolder.error_texts import ERROR_ENDINGS
from retouchd.hotfolder.places import Places
from retouchd.ledger.entries import FailedJob
from retouchd.ledger.jobs import Journal
from retouchd.log import get_logger

log = get_logger()


def send_again(places: Places, job: FailedJob) -> str:
    """Move the original of *job* and its sidecars from ``failed/`` back to ``in/``.

    A note says so meanwhile: the frames of a sequence move one by one, and those that
    a crash left in ``in/`` would look like a shorter sequence.

    Returns:
        the name below ``in/`` under which it waits now.

    Raises:
        InputError: the original is not where it was put.
    """
    if not job.archive.is_file():
        raise InputError(
            "the original is not there any more",
            hint="somebody moved it; drop it into in/ again",
            file=job.archive,
        )
    note = _notes(places) / job.job
    note.parent.mkdir(exist_ok=True)
    note.touch()
    sync_folders([note.parent, note.parent.parent])
    target = _move(places, job)
    note.unlink()
    return str(target.relative_to(places.folder.inbox))


def finish_sending(places: Places, journal: Journal) -> None:
    """Send the rest of what a crash left half in ``failed/``, half in ``in/``.

    Raises:
        OSError: the share failed; likewise later is safe.
        LedgerError: the ledger cannot be read.
    """
    if not _notes(places).is_dir():  # nothing was ever sent again
        return
    for note in sorted(_notes(places).iterdir()):
        try:
            job = journal.failed_job(note.name)
        except NoSuchJobError:  # another ledger: nobody knows what belongs to it
            log.warning("retry_unfinished", job=note.name)
            continue
        # It moves last: without it everything is back in in/.
        if job.archive.is_file():
            _move(places, job)
        note.unlink()


def _notes(places: Places) -> Path:
    return places.folder.private / "retries"


def _move(places: Places, job: FailedJob) -> Path:
    inbox = places.folder.inbox
    way = places.traits[inbox].method, places.traits[inbox].names
    for member in job.members:
        lies = job.archive.with_name(Path(member).name)
        if lies.is_file():
            move_without_overwriting(lies, _ready(inbox / member), *way)
    for ending in ERROR_ENDINGS:
        fits_beside(job.archive, ending).unlink(missing_ok=True)
    return move_without_overwriting(job.archive, _ready(inbox / job.source), *way)


def _ready(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
