"""Finds out where ledger and hot folders disagree; changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from retouchd.inspect.sequences import stem_of
from retouchd.ledger.survey import KnownJob, Survey, survey
from retouchd.ops.finding import Finding
from retouchd.ops.folders import PATIENCE_SECONDS, within
from retouchd.ops.fsck.claims import Claim, Private, job_of, next_epoch, read_private
from retouchd.ops.fsck.plan import FolderPlan, Plan
from retouchd.ops.fsck.results import Results
from retouchd.settings import HotFolder, Settings

_ENDED = {"DONE", "QUARANTINED", "REVIEW"}

_LEFT_TO_THE_DAEMON = {*_ENDED, "INTENT", "FAILING"}
"""With no file of theirs anywhere, these are closed at the next start by themselves."""

_MARKER = "marker.json"


def examine(settings: Settings) -> Plan:
    """Compare the configured ledger with every hot folder that can be reached.

    Raises:
        LedgerError: the database is locked, of another program, or too new.
        OSError: a share failed while it was read.
    """
    known = survey(settings.database)
    folders = tuple(_folder(folder, known) for folder in settings.hot_folders)
    return Plan(settings.database, known, folders)


def _folder(folder: HotFolder, known: Survey) -> FolderPlan:
    away = _why_away(folder)
    if away:
        return FolderPlan(folder.name, folder.path, away=away)
    private = read_private(folder)
    mine = [job for job in known.jobs.values() if job.hot_folder == folder.name]
    results = Results(folder)
    epoch = next_epoch(folder)
    strange = [claim for job, claim in private.claims.items() if job not in known.jobs]
    return FolderPlan(
        folder.name,
        folder.path,
        adopted=tuple(
            (claim.entry(folder.name, epoch), _why_held(claim, private, results))
            for claim in strange
            if claim.files
        ),
        held={
            job.job: "its books are closed, but its original lies in its claim folder"
            for job in mine
            if job.journal in _ENDED and _has_files(private, job.job)
        },
        closed={
            job.job: f"{job.source} lies neither in in/ nor in its claim folder, and "
            "no result of it was found"
            for job in mine
            if _is_lost(job, folder, private)
        },
        repointed=tuple(
            moved
            for job in mine
            if (moved := _rebased(job, folder)) is not job
            and job.journal not in _LEFT_TO_THE_DAEMON
            and _came_along(moved, folder, private)
        ),
        deleted=tuple(_ownerless(strange, known, private)),
        unclear=private.unclear,
    )


def _why_away(folder: HotFolder) -> str:
    def look() -> list[Finding]:
        there = (folder.private / _MARKER).is_file()
        return [] if there else [Finding(folder.name, "problem", "")]

    found = within(PATIENCE_SECONDS, look)
    if found is None:
        return f"{folder.path} does not answer; bring the share back and run this again"
    if found:
        return f"{folder.path} has no marker: mount the share and run this again"
    return ""


def _has_files(private: Private, job: str) -> bool:
    return job in private.claims and bool(private.claims[job].files)


def _why_held(claim: Claim, private: Private, results: Results) -> str:
    """Say why *claim* must not simply run again; empty: it may."""
    if not claim.picture:
        return "which of its files is the picture is not clear"
    if any(path.lstat().st_nlink > 1 for path in private.stages_of(claim.job)):
        return "a result of it was handed out just before the ledger was lost"
    picture = claim.picture
    result = results.of(stem_of(picture) if claim.frames else picture)
    return f"{result} could be its result" if result else ""


def _is_lost(job: KnownJob, folder: HotFolder, private: Private) -> bool:
    if job.journal in _LEFT_TO_THE_DAEMON or _has_files(private, job.job):
        return False
    return not (
        private.stages_of(job.job)
        or any(os.path.lexists(path) for path in _places(job, folder))
        or any(os.path.lexists(path) for path in _places(_rebased(job, folder), folder))
    )


def _places(job: KnownJob, folder: HotFolder) -> Iterator[Path]:
    """Yield where the original of *job* or a result of it may lie, but its claim."""
    yield folder.inbox / job.source
    for _, stage, final in job.outputs:
        yield from (stage, final)
    if job.archive:
        yield job.archive
    for root in (folder.done, folder.failed):
        if root.is_dir():
            yield from (day / job.source for day in root.iterdir())


def _rebased(job: KnownJob, folder: HotFolder) -> KnownJob:
    """Return *job* with its paths in the present root, where that one was moved."""
    roots = {
        root
        for _, stage, final in job.outputs
        if (root := _root_of(stage, final, job.archive, folder))
    }
    if len(roots) != 1 or folder.path in roots:
        return job
    [old] = roots
    return replace(
        job,
        archive=job.archive and _moved(job.archive, old, folder.path),
        outputs=tuple(
            (number, _moved(stage, old, folder.path), _moved(final, old, folder.path))
            for number, stage, final in job.outputs
        ),
    )


def _root_of(
    stage: Path, final: Path, archive: Path | None, folder: HotFolder
) -> Path | None:
    """Return the root below which *stage* lies; ``None``: that cannot be told."""
    parts = stage.parts
    if folder.private.name in parts:
        # ROOT/.retouchd/tmp/EPOCH/NAME
        is_usual = len(parts) > 4 and parts[-4] == folder.private.name
        return stage.parents[3] if is_usual else None
    # A decided result lies where people see it, its original below ROOT/done.
    old = Path(os.path.commonpath([stage, final]))
    is_ours = archive is not None and archive.is_relative_to(old / folder.done.name)
    return old if is_ours else None


def _moved(path: Path, old: Path, new: Path) -> Path:
    return new / path.relative_to(old) if path.is_relative_to(old) else path


def _came_along(job: KnownJob, folder: HotFolder, private: Private) -> bool:
    """Whether anything of *job* lies in the root as it is now."""
    return (
        job.job in private.claims
        or bool(private.stages_of(job.job))
        or any(os.path.lexists(path) for path in _places(job, folder))
    )


def _ownerless(strange: list[Claim], known: Survey, private: Private) -> Iterator[Path]:
    yield from (path for path in private.stages if job_of(path) not in known.jobs)
    yield from (claim.folder for claim in strange if not claim.files)
