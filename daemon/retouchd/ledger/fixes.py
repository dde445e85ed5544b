"""Results that are to be refined: what a person asked for, until it is claimed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlite_utils

from retouchd.ledger.database import Database
from retouchd.ledger.entries import readable
from retouchd.ledger.transitions import tell
from retouchd.timestamps import utc

Region = tuple[float, float, float, float]
"""Left, top, width and height, as a person gave them: pixels or fractions."""


@dataclass(frozen=True)
class Recipe:
    """What is to be done to a result, and under which rule.

    Attributes:
        rule: name of the rule that made it; its gates and outputs hold again.
        source: name of the first drop, after which the refined result is named.
        step: word of the one step.
        regions: areas for the step; pixels where any number is above 1.
    """

    rule: str
    source: str
    step: str
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True)
class Fix:
    """A result on its way to be refined: it lies in ``in/`` until it is claimed.

    Attributes:
        job: id of the job that will refine it.
        parent: the job that made it.
        path: where it was put, below ``in/``.
        facts: size, mtime in ns and inode that tell it from a file of that name.
    """

    job: str
    parent: str
    hot_folder: str
    path: str
    facts: tuple[int, int, int]
    recipe: Recipe = field(compare=False)


def insert_fix(db: sqlite_utils.Database, fix: Fix, at: float) -> None:
    """Enter *fix*; call it inside a ``Database.write``."""
    recipe = fix.recipe
    size, mtime_ns, inode = fix.facts
    db.table("fixes").insert(
        {
            "job_id": fix.job,
            "parent": fix.parent,
            "hot_folder": fix.hot_folder,
            "source_path": os.fsencode(recipe.source),
            "name": os.fsencode(fix.path),
            "bytes": size,
            "mtime_ns": mtime_ns,
            "inode": inode,
            "recipe": json.dumps(
                {"rule": recipe.rule, "step": recipe.step, "regions": recipe.regions}
            ),
            "asked_at": utc(at),
        }
    )


def note_begun(db: sqlite_utils.Database, job: str, at: float) -> None:
    """Note that *job* was claimed, if it is one that refines a result.

    Call it inside a ``Database.write``.
    """
    cursor = db.execute(
        "UPDATE fixes SET begun_at = ? WHERE job_id = ?", [utc(at), job]
    )
    if cursor.rowcount:
        tell(db, job, at, "refines", "the first result of another job: see parent")


class Fixes:
    """All results that ever were to be refined."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, hot_folder: str) -> dict[tuple[int, int, int], Fix]:
        """Return those that were not claimed yet, by what tells their files."""
        rows = self._database.rows(
            "SELECT * FROM fixes WHERE hot_folder = ? AND begun_at IS NULL",
            [hot_folder],
        )
        fixes = (_fix(row) for row in rows)
        return {fix.facts: fix for fix in fixes}

    def of_parent(self, parent: str) -> str:
        """Return the job that refines the result of *parent*; empty: none."""
        rows = self._database.rows(
            "SELECT job_id FROM fixes WHERE parent = ?", [parent]
        )
        return str(rows[0]["job_id"]) if rows else ""

    def recipe(self, job: str) -> Recipe:
        """Return what *job*, which refines a result, is to do."""
        [row] = self._database.rows("SELECT * FROM fixes WHERE job_id = ?", [job])
        return _fix(row).recipe


def _fix(row: Mapping[str, Any]) -> Fix:
    known = json.loads(row["recipe"])
    return Fix(
        job=row["job_id"],
        parent=row["parent"],
        hot_folder=row["hot_folder"],
        path=os.fsdecode(row["name"]),
        facts=(row["bytes"], row["mtime_ns"], row["inode"]),
        recipe=Recipe(
            rule=known["rule"],
            source=os.fsdecode(row["source_path"]),
            step=known["step"],
            regions=tuple(tuple(region) for region in known["regions"]),
        ),
    )


def result_name(source: str, result: Path) -> str:
    """Return the name that a refined result has as a drop: stem of *source*."""
    folder, slash, name = readable(source).rpartition("/")
    stem = name.rpartition(".")[0] or name
    return f"{folder}{slash}{stem}{result.suffix}"
