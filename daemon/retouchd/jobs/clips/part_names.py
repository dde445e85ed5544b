"""How the files of a clip's finished parts are called, beside its results."""

from __future__ import annotations

from pathlib import Path

MARK = "-part-"
"""Stands behind the id of the job."""


def is_part(name: str) -> bool:
    """Whether a staged file of that name belongs to a part and not to a result."""
    return MARK in name


def remove_parts(folder: Path, job: str) -> None:
    """Remove the parts of *job*, whose results are whole, or which has failed."""
    for path in folder.glob(f"{job}{MARK}*"):
        path.unlink(missing_ok=True)
