"""What the journal knows of a job at each stage of its hand-off."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from retouchd.timestamps import utc
from retouchd.values import Destination, Rendition

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_job_id(timestamp: float) -> str:
    """Return a ULID: 48 bits of milliseconds, 80 random bits, in 26 characters.

    Source: github.com/ulid/spec.
    """
    number = (int(timestamp * 1000) << 80) | secrets.randbits(80)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def is_job_id(text: str) -> bool:
    """Whether *text* has the form of a job's id."""
    return len(text) == 26 and set(text) <= set(_CROCKFORD)


def made_at(job: str) -> float:
    """Return the seconds since the epoch that the id *job* tells."""
    digits = (_CROCKFORD.index(character) for character in job[:10])
    return sum(digit << (45 - 5 * place) for place, digit in enumerate(digits)) / 1000


Ending = Literal["done", "review", "rejected"]
"""States in which a job whose results are in place may rest."""

Mark = tuple[int, int, int]
"""What stays the same of a file that is renamed: size, mtime in ns, inode."""

Leftover = tuple[Path, str]
"""A file that is to be removed, with the digest that it must have."""


@dataclass(frozen=True)
class Entry:
    """A job as the journal knows it before anything of it is computed.

    Attributes:
        source: path below ``in/``; undecodable bytes as surrogates.
        members: its sidecars below ``in/``; of a sequence also its other frames.
        arrived_at: seconds since the epoch when the drop was first seen.
        parent: the job whose result is refined here; empty for every other drop.
        marks: of a sequence, size, mtime in ns and inode of each of the members.
    """

    job: str
    hot_folder: str
    source: str
    members: tuple[str, ...]
    size: int
    mtime_ns: int
    inode: int
    epoch: int
    arrived_at: float
    parent: str = ""
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class OpenJob:
    """A job that a stopped daemon left unfinished.

    Attributes:
        archive: where its original goes or went, as far as that was planned.
        ending: the state in which it rests when its files are in place.
        is_decided: whether its results were handed out before, and are moved on now
            because a person decided.
        leftovers: what goes then.
    """

    entry: Entry
    journal: str
    attempts: int
    error: str
    hint: str
    destination: Destination
    archive: Path | None = None
    ending: Ending = "done"
    is_decided: bool = False
    leftovers: tuple[Leftover, ...] = ()


@dataclass(frozen=True)
class FailedJob:
    """A job in ``failed/``, with where its original lies."""

    job: str
    hot_folder: str
    source: str
    members: tuple[str, ...]
    archive: Path


@dataclass(frozen=True)
class Placed:
    """One output under its final name."""

    rendition: Rendition
    path: Path
    at: float


def readable(text: str) -> str:
    """Return *text* with bytes of names that are no UTF-8 written as escapes.

    A name must never stop the journal: SQLite takes no lone surrogates.
    """
    return text.encode("utf-8", "backslashreplace").decode()


def intent_row(entry: Entry, at: float) -> dict[str, Any]:
    """Make the row of a job that is about to be claimed."""
    return {
        "id": entry.job,
        "hot_folder": entry.hot_folder,
        "source_name": readable(entry.source),
        "source_path": os.fsencode(entry.source),
        "source_bytes": entry.size,
        "members": _members_text(entry),
        "inode": entry.inode,
        "mtime_ns": entry.mtime_ns,
        "epoch": entry.epoch,
        "claim": entry.job,
        "attempts": 1,
        "state": "claimed",
        "journal": "INTENT",
        "parent": entry.parent or None,
        "arrived_at": utc(entry.arrived_at),
        "claimed_at": utc(at),
    }


def _members_text(entry: Entry) -> str:
    """Write the members down: each name in hex, of a sequence followed by its mark."""
    names = [os.fsencode(member).hex() for member in entry.members]
    if not entry.marks:
        return json.dumps(names)
    pairs = zip(names, entry.marks, strict=True)
    return json.dumps([[name, *mark] for name, mark in pairs], separators=(",", ":"))


def members_of(text: str | None) -> tuple[tuple[str, ...], tuple[Mark, ...]]:
    """Read back the members of a job, and their marks where it is a sequence."""
    found = json.loads(text or "[]")
    names = [one if isinstance(one, str) else one[0] for one in found]
    marks = tuple((one[1], one[2], one[3]) for one in found if not isinstance(one, str))
    return tuple(os.fsdecode(bytes.fromhex(name)) for name in names), marks


def delivery_row(job: str, rendition: Rendition, final: Path) -> dict[str, Any]:
    """Make the row of an output that is staged and has a final path."""
    return {
        "job_id": job,
        "output": rendition.output,
        "path": readable(str(final)),
        "sha256": rendition.sha256,
        "bytes": rendition.bytes,
        "width": rendition.width,
        "height": rendition.height,
        "stage": str(rendition.stage),
        "conflict": rendition.conflict,
        "role": rendition.role,
        "fingerprint": rendition.fingerprint or None,
        "state": "STAGED",
    }


def rendition(row: dict[str, Any]) -> Rendition:
    """Read a staged output back."""
    return Rendition(
        output=row["output"],
        stage=Path(row["stage"]),
        name=row["path"],
        sha256=row["sha256"],
        bytes=row["bytes"],
        width=row["width"],
        height=row["height"],
        conflict=row["conflict"],
        role=row["role"],
    )


def open_job(row: dict[str, Any]) -> OpenJob:
    """Read an unfinished job back."""
    members, marks = members_of(row["members"])
    return OpenJob(
        entry=Entry(
            job=row["id"],
            hot_folder=row["hot_folder"],
            source=os.fsdecode(row["source_path"]),
            members=members,
            size=row["source_bytes"],
            mtime_ns=row["mtime_ns"],
            inode=row["inode"],
            epoch=row["epoch"],
            arrived_at=0.0,
            parent=row["parent"] or "",
            marks=marks,
        ),
        journal=row["journal"],
        attempts=row["attempts"],
        error=row["error"] or "",
        hint=row["hint"] or "",
        destination=row["destination"] or "out",
        archive=Path(os.fsdecode(row["archive"])) if row["archive"] else None,
        ending=_ending(row),
        is_decided=row["leftovers"] is not None,
        leftovers=tuple(
            (Path(os.fsdecode(bytes.fromhex(path))), sha256)
            for path, sha256 in json.loads(row["leftovers"] or "[]")
        ),
    )


def _ending(row: dict[str, Any]) -> Ending:
    if row["decision"]:
        return "done" if row["decision"] == "approve" else "rejected"
    return "review" if row["destination"] == "review" else "done"
