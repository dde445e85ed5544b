"""Sends the original of a failed job back to ``in/``."""

from __future__ import annotations

from pathlib import Path

from retouchd.delivery.move import move_without_overwriting
from retouchd.delivery.naming import fits_beside
from retouchd.errors import InputError
from retouchd.hotfolder.error_texts import ERROR_ENDINGS
from retouchd.hotfolder.places import Places
from retouchd.ledger.entries import FailedJob


def send_again(places: Places, job: FailedJob) -> str:
    """Move the original of *job* and its sidecars from ``failed/`` back to ``in/``.

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
    inbox = places.folder.inbox
    way = places.traits[inbox].method, places.traits[inbox].names
    for member in job.members:
        lies = job.archive.with_name(Path(member).name)
        if lies.is_file():
            move_without_overwriting(lies, _ready(inbox / member), *way)
    for ending in ERROR_ENDINGS:
        fits_beside(job.archive, ending).unlink(missing_ok=True)
    target = move_without_overwriting(job.archive, _ready(inbox / job.source), *way)
    return str(target.relative_to(inbox))


def _ready(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
