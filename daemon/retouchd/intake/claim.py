"""Takes a settled file out of ``in/`` by rename; gives it back if it still moves."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from retouchd.delivery.move import move_without_overwriting
from retouchd.intake.scan import Fingerprint, fingerprint
from retouchd.intake.settle import has_writer


class Taken(Enum):
    """How an attempt to claim ended."""

    TAKEN = "taken"
    """The file and its members lie in the claim folder and are at rest."""
    GONE = "gone"
    """Somebody took the file back before us; no error."""
    MOVING = "moving"
    """A writer was still at work; everything was put back and settles again."""


@dataclass(frozen=True)
class Claim:
    """The intent to take one drop.

    Attributes:
        job: id of the job; also the name of the claim folder.
        name: the picture, relative to ``in/``.
        members: its sidecars, relative to ``in/``.
        fingerprint: what the picture looked like when it had settled.
    """

    job: str
    name: str
    members: tuple[str, ...]
    fingerprint: Fingerprint


def claimed_path(folder: Path, name: str) -> Path:
    """Where the file *name* of ``in/`` lies inside the claim *folder*.

    The folder keeps the whole path, so that a lost ledger can be rebuilt from it.
    """
    return folder / name


def take(claim: Claim, inbox: Path, folder: Path) -> Taken:
    """Move the drop from *inbox* into the claim *folder* on the same file system.

    Repeating it after a crash takes what is still missing.

    Raises:
        OSError: the share failed; whether the rename happened is told by a look at
            both places, so calling again is safe. FileNotFoundError: the folder of
            all claims is gone, because another daemon took the root over.
    """
    # Not its parents: the folder around it is made at a takeover and at no other time.
    folder.mkdir(exist_ok=True)
    picture = claimed_path(folder, claim.name)
    _make_folders_below(folder, picture.parent)
    if not os.path.lexists(picture):
        try:
            (inbox / claim.name).rename(picture)
        except FileNotFoundError:
            remove_claim_folder(folder)
            return Taken.GONE
    if is_moving(picture, claim.fingerprint):
        give_back(claim, inbox, folder)
        return Taken.MOVING
    for member in claim.members:
        if os.path.lexists(inbox / member):
            (inbox / member).rename(claimed_path(folder, member))
    return Taken.TAKEN


def _make_folders_below(folder: Path, wanted: Path) -> None:
    """Make *wanted*, but never *folder* again: a new owner may just have removed it."""
    inside = wanted.relative_to(folder)
    for part in reversed((inside, *inside.parents)):
        if part.parts:
            (folder / part).mkdir(exist_ok=True)


def is_moving(picture: Path, settled: Fingerprint) -> bool:
    """Tell whether *picture* changed since it had settled, or has a writer.

    The change time is left out: our own rename sets it.
    """
    now = fingerprint(os.lstat(picture))
    changed = (now.size, now.mtime_ns, now.inode) != (
        settled.size,
        settled.mtime_ns,
        settled.inode,
    )
    return changed or has_writer(picture)


def give_back(claim: Claim, inbox: Path, folder: Path) -> None:
    """Put everything that lies in the claim *folder* back under its name in ``in/``.

    A name that was taken again meanwhile gets a numbered suffix.
    """
    for name in (*claim.members, claim.name):
        source = claimed_path(folder, name)
        if os.path.lexists(source):
            (inbox / name).parent.mkdir(parents=True, exist_ok=True)
            move_without_overwriting(source, inbox / name)
    remove_claim_folder(folder)


def remove_claim_folder(folder: Path) -> None:
    """Remove an empty claim *folder* with the empty folders inside; harmless twice.

    Raises:
        OSError: a file lies in it.
    """
    for place, _, _ in os.walk(folder, topdown=False):
        Path(place).rmdir()
