"""Takes a settled file out of ``in/`` by rename; gives it back if it still moves."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
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
        members: its sidecars, relative to ``in/``; of a sequence also its other frames.
        fingerprint: what the picture looked like when it had settled.
        settled: likewise what each of the members of a sequence looked like: without
            one of them it is not whole. Empty: sidecars may come and go.
    """

    job: str
    name: str
    members: tuple[str, ...]
    fingerprint: Fingerprint
    settled: tuple[Fingerprint, ...] = ()

    @property
    def sequence(self) -> tuple[tuple[str, Fingerprint], ...]:
        """Every file of a sequence with what it looked like; empty: it is none."""
        if not self.settled:
            return ()
        pairs = zip(self.members, self.settled, strict=True)
        return (self.name, self.fingerprint), *pairs


def claimed_path(folder: Path, name: str) -> Path:
    """Where the file *name* of ``in/`` lies inside the claim *folder*.

    The folder keeps the whole path, so that a lost ledger can be rebuilt from it.
    """
    return folder / name


def _nothing() -> None:
    pass


def take(
    claim: Claim, inbox: Path, folder: Path, beat: Callable[[], None] = _nothing
) -> Taken:
    """Move the drop from *inbox* into the claim *folder* on the same file system.

    Repeating it after a crash takes what is still missing.

    Args:
        claim: what is to be taken.
        inbox: folder ``in/``.
        folder: of the claim.
        beat: called now and then, since thousands of frames take their time.

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
        beat()
        target = claimed_path(folder, member)
        # What was claimed before a crash stays; a newer one of its name is a new drop.
        if not os.path.lexists(target):
            with contextlib.suppress(FileNotFoundError):
                (inbox / member).rename(target)
    if not all(_rests(folder, *one) for one in claim.sequence):
        give_back(claim, inbox, folder)
        return Taken.MOVING
    return Taken.TAKEN


def take_back(claim: Claim, inbox: Path, folder: Path) -> None:
    """Claim anew what a power cut put back into *inbox*, of a job that goes on.

    Only what is unchanged: anything else of the same name is a new drop.
    """
    files = claim.sequence or ((claim.name, claim.fingerprint),)
    for name, settled in files:
        target = claimed_path(folder, name)
        if not os.path.lexists(target) and is_unchanged(inbox / name, settled):
            folder.mkdir(exist_ok=True)
            _make_folders_below(folder, target.parent)
            (inbox / name).rename(target)


def is_unchanged(path: Path, settled: Fingerprint) -> bool:
    """Tell whether the very file that had settled lies at *path*.

    The change time is left out: a rename sets it.
    """
    try:
        now = fingerprint(os.lstat(path))
    except FileNotFoundError:
        return False
    return (now.size, now.mtime_ns, now.inode) == (
        settled.size,
        settled.mtime_ns,
        settled.inode,
    )


def _rests(folder: Path, name: str, settled: Fingerprint) -> bool:
    path = claimed_path(folder, name)
    return os.path.lexists(path) and not is_moving(path, settled)


def _make_folders_below(folder: Path, wanted: Path) -> None:
    """Make *wanted*, but never *folder* again: a new owner may just have removed it."""
    inside = wanted.relative_to(folder)
    for part in reversed((inside, *inside.parents)):
        if part.parts:
            (folder / part).mkdir(exist_ok=True)


def is_moving(picture: Path, settled: Fingerprint) -> bool:
    """Tell whether *picture* changed since it had settled, or has a writer."""
    return not is_unchanged(picture, settled) or has_writer(picture)


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
