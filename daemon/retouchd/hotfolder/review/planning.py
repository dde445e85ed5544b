"""Plans a verdict: which files it moves where, checked before anything is noted."""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from retouchd.delivery.naming import (
    ENDINGS,
    fits_beside,
    name_after_review,
    name_in_review,
)
from retouchd.delivery.place import sha256_of, suffixed, sync_file, sync_folders
from retouchd.errors import InputError
from retouchd.hotfolder.archive import leads_out
from retouchd.hotfolder.places import Places
from retouchd.hotfolder.review.whereabouts import Whereabouts
from retouchd.inspect.whole import is_whole
from retouchd.ledger.decidable import Decidable, Kept, Ruling
from retouchd.ledger.entries import Leftover
from retouchd.ledger.reviews import Reviews
from retouchd.ledger.verdicts import Opinion, Verdict
from retouchd.values import Rendition

_POSSIBLE: dict[Verdict, dict[str, str]] = {
    "approve": {"review": "", "rejected": ""},
    "reject": {"review": "", "done": ""},
    "undo": {"done": "approve", "rejected": "reject"},
    "fix": {"review": "", "rejected": ""},
}
"""Verdicts, the states in which they can be given, and the decision before them."""


class Planner:
    """Plans one verdict on one job.

    Args:
        places: the open hot folder.
        reviews: knows what other jobs wait.
        job: what is decided.
        opinion: what somebody said.
        found: files that a person moved, by output; others lie where they were put.
        aside: files of the same job that a person moved along.
    """

    def __init__(
        self,
        places: Places,
        reviews: Reviews,
        job: Decidable,
        opinion: Opinion,
        found: Mapping[int, Path] | None = None,
        aside: tuple[Leftover, ...] = (),
    ) -> None:
        self._places = places
        self._reviews = reviews
        self._job = job
        self._opinion = opinion
        self._look = Whereabouts(places, job, found or {})
        self._leftovers: list[Leftover] = list(aside)
        self._edited: set[int] = set()

    def plan(self, drop_as: str = "") -> Ruling:
        """Look at every file; return what is to be done.

        Args:
            drop_as: for a fix, the free name below ``in/`` of the first result.

        Raises:
            InputError: it cannot be done; nothing was changed.
            OSError: the share failed; likewise.
        """
        self._require_state()
        lying = {kept.output: self._look.lies(kept) for kept in self._job.results}
        self._require_files(lying)
        moves = []
        taken: set[str] = set()
        for kept in self._job.results:
            path = lying[kept.output]
            if path is not None:
                final = self._target(kept, drop_as, taken)
                moves.append((self._made(kept, path, final), final))
        self._add_leftovers()
        sync_folders({made.stage.parent for made, _ in moves if self._is_copy(made)})
        return Ruling(
            job=self._job,
            opinion=self._opinion,
            moves=tuple(moves),
            edited=frozenset(self._edited),
            lost=tuple(output for output, path in lying.items() if path is None),
            leftovers=tuple(self._own_leftovers()),
            epoch=self._places.owner.epoch,
        )

    def _require_state(self) -> None:
        verdict, state = self._opinion.verdict, self._job.state
        possible = _POSSIBLE[verdict]
        if state not in possible or possible[state] not in {"", self._job.decision}:
            was = f"{state}, and nobody decided that" if state in possible else state
            raise InputError(
                f"job {self._job.entry.job} is {was}: {verdict} is not possible",
                hint="see `retouchd jobs show`",
            )

    def _require_files(self, lying: Mapping[int, Path | None]) -> None:
        verdict = self._opinion.verdict
        first = min(lying, default=-1)
        missing = {
            "approve": not any(lying.values()),
            "reject": False,
            "undo": not lying or not all(lying.values()),
            "fix": first != 0 or lying[first] is None,
        }
        if missing[verdict]:
            where = self._look.root.name
            raise InputError(
                f"the result of job {self._job.entry.job} was taken away from {where}/",
                hint="put it back, or drop the original from done/ again",
            )

    def _target(self, kept: Kept, drop_as: str, taken: set[str]) -> Path:
        """Choose a free place for *kept*; names of *taken* are promised."""
        folder = self._places.folder
        if drop_as and kept.output == 0:
            return folder.inbox / drop_as
        root = self._destination()
        name = self._relative(kept.path)
        wanted = root / (name_in_review(name) if root == folder.review else name)
        if leads_out(root, wanted.parent):
            raise InputError(
                "a symbolic link stands in the way",
                hint=f"put a folder in its place below {root}",
                file=wanted,
            )
        key = self._places.traits[root].key
        final = next(
            path
            for path in suffixed(wanted)
            if not os.path.lexists(path) and key(path) not in taken
        )
        if final != wanted and kept.conflict == "fail" and root == folder.out:
            raise InputError(
                "a result of that name is already there",
                hint="take the older result away, or let the rule say conflict: suffix",
                file=wanted,
            )
        taken.add(key(final))
        return final

    def _destination(self) -> Path:
        folder = self._places.folder
        if self._opinion.verdict == "approve":
            return folder.out
        if self._opinion.verdict == "undo":
            return folder.review if self._job.is_shown else folder.out
        return folder.rejected

    def _relative(self, path: Path) -> str:
        """Return the name of a result below ``out/``."""
        root = next(
            (one for one in self._places.stages if path.is_relative_to(one)), None
        )
        if root is None:  # the root was moved; its folders kept their names
            place = len(path.parts) - 1 - path.parts[::-1].index(self._look.root.name)
            return name_after_review("/".join(path.parts[place + 1 :]))
        name = path.relative_to(root).as_posix()
        return name_after_review(name) if root == self._places.folder.review else name

    def _made(self, kept: Kept, path: Path, final: Path) -> Rendition:
        """Describe the file at *path*; copy it where it cannot simply be renamed."""
        root = self._places.root_of(final)
        facts = os.lstat(path)
        _require_rights(path, facts)
        sha256 = _digest(path)
        if sha256 != kept.sha256:
            self._require_whole(path)
            self._edited.add(kept.output)
        if path != kept.path:
            self._leftovers.append((kept.path, kept.sha256))
        stage = path
        if not _can_be_renamed(path, facts, root):
            stage = self._copied(path, sha256, root, kept.output)
            self._leftovers.append((path, sha256))
        return Rendition(
            output=kept.output,
            stage=stage,
            name=final.name,
            sha256=sha256,
            bytes=facts.st_size,
            width=0,
            height=0,
        )

    def _require_whole(self, path: Path) -> None:
        if not is_whole(path):
            raise InputError(
                "this is not what retouchd made, and no whole picture either",
                hint="is the copy complete? copy it again",
                file=path,
            )

    def _copied(self, path: Path, sha256: str, root: Path, output: int) -> Path:
        """Copy *path* to the file system of *root*, fsynced and compared."""
        job = self._job.entry.job
        name = f"{job}-{uuid.uuid4().hex}-{output}{final_suffix(path)}"
        stage = self._places.stages[root] / name
        try:
            shutil.copyfile(path, stage, follow_symlinks=False)
            shutil.copystat(path, stage)
            sync_file(stage)
        except OSError:
            stage.unlink(missing_ok=True)
            raise
        if sha256_of(stage) != sha256:
            stage.unlink()
            raise InputError("it changed while it was copied", file=path)
        return stage

    def _is_copy(self, made: Rendition) -> bool:
        return self._places.is_stage(made.stage)

    def _own_leftovers(self) -> Iterator[Leftover]:
        """Yield what is there and ours: the name may belong to a newer result."""
        for path, sha256 in dict.fromkeys(self._leftovers):
            job = self._job.entry
            if os.path.lexists(path) and not self._reviews.is_others(path, job):
                yield path, sha256

    def _add_leftovers(self) -> None:
        for one in self._job.companions:
            self._leftovers.append((one.path, one.sha256))
        if self._job.state == "rejected" and self._job.results:
            text = fits_beside(self._job.results[0].path, ENDINGS["reason"])
            if self._look.is_plain(text):
                self._leftovers.append((text, sha256_of(text)))


def final_suffix(path: Path) -> str:
    """Return the suffix of *path* in a form that every ledger can hold."""
    return "".join(one for one in path.suffix if one.isascii() and one.isprintable())


def _require_rights(path: Path, facts: os.stat_result) -> None:
    """See that the file can be taken away: one that cannot must not stop the rest."""
    folder = path.parent.stat()
    is_sticky = folder.st_mode & stat.S_ISVTX
    is_ours = os.getuid() in {0, facts.st_uid, folder.st_uid}
    if not os.access(path.parent, os.W_OK | os.X_OK) or (is_sticky and not is_ours):
        raise InputError(
            "the daemon's user may not take it out of its folder",
            hint="change the owner or the mode of that folder",
            file=path,
        )


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)
    except PermissionError as error:
        raise InputError(
            "the daemon's user may not read it",
            hint="change the owner or the mode of the file",
            file=path,
        ) from error


def _can_be_renamed(path: Path, facts: os.stat_result, root: Path) -> bool:
    """Whether one step moves *path* below *root*, and nobody else has it then.

    A second hard link would let somebody change what was delivered, and looks like a
    delivery that a crash cut short; a name that is no UTF-8 fits into no ledger.
    """
    is_text = os.fsencode(path).decode("utf-8", "replace") == str(path)
    return facts.st_nlink == 1 and is_text and facts.st_dev == root.stat().st_dev
