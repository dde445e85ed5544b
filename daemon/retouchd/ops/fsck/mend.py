"""Carries out a plan: the ledger first, deletions last."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from retouchd.errors import RetouchdError
from retouchd.ledger.database import Database
from retouchd.ledger.lock import lock_database
from retouchd.ledger.repairs import Repairs, set_aside
from retouchd.ops.fsck.plan import FolderPlan, Plan
from retouchd.settings import Settings
from retouchd.timestamps import utc


@contextmanager
def nobody_else(settings: Settings) -> Iterator[None]:
    """Keep every daemon of this ledger from starting meanwhile.

    Raises:
        LedgerError: one runs.
    """
    with lock_database(settings.database):
        yield


def mend(plan: Plan, at: float) -> list[Path]:
    """Do what *plan* says; nobody else may work on the folders meanwhile.

    Returns:
        where a damaged database lies now.

    Raises:
        LedgerError: the ledger cannot be written; nothing was deleted then.
        RetouchdError: a daemon with another ledger works on a hot folder.
    """
    with ExitStack() as locks:
        for folder in plan.folders:
            if folder.changes:
                locks.enter_context(_locked(folder))
        aside = []
        if plan.survey.condition == "damaged":
            stamp = utc(at).replace(":", "").partition(".")[0]
            aside = set_aside(plan.database, f"damaged-{stamp}Z")
        if aside or any(folder.changes for folder in plan.folders):
            with Database.open(plan.database) as database:
                for folder in plan.folders:
                    _mend(folder, Repairs(database), at)
    return aside


@contextmanager
def _locked(folder: FolderPlan) -> Iterator[None]:
    """Hold the lock of the root's owner, which a daemon with another ledger has.

    Raises:
        RetouchdError: it lives.
    """
    records = (folder.path / ".retouchd/owner").glob("*")
    with ExitStack() as files:
        for record in records:
            file = files.enter_context(record.open("rb"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RetouchdError(
                    "a retouchd with another ledger works on this hot folder",
                    hint="stop it, or take the hot folder out of one configuration",
                    file=folder.path,
                ) from error
        yield


def _mend(folder: FolderPlan, repairs: Repairs, at: float) -> None:
    repairs.adopt(folder.adopted, at)
    repairs.hold(folder.held, at)
    repairs.close_as_lost(folder.closed, at)
    repairs.repoint(folder.repointed, at)
    for path in folder.deleted:
        if path.is_dir():
            _remove_empty(path)
        else:
            path.unlink(missing_ok=True)


def _remove_empty(folder: Path) -> None:
    """Remove a folder of empty folders; a file that came meanwhile stays."""
    if not any(path.is_file() for path in folder.rglob("*")):
        shutil.rmtree(folder)
