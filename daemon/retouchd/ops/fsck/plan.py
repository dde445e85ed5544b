"""What `retouchd fsck` would do, in values and in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from retouchd.ledger.entries import Entry, readable
from retouchd.ledger.survey import KnownJob, Survey


@dataclass(frozen=True)
class FolderPlan:
    """What is to do in one hot folder.

    Attributes:
        away: why it could not be looked at; then all else is empty.
        adopted: claims without a row, each with the reason why it is held; empty: it
            is run again.
        held: jobs with a row that a person has to decide on, with the reason.
        closed: jobs whose files are gone, with the reason.
        repointed: jobs in a root that moved, with their paths of today.
        deleted: half-made results and empty folders that belong to nothing.
        unclear: what lies in the private folder and is none of retouchd's.
    """

    name: str
    path: Path
    away: str = ""
    adopted: tuple[tuple[Entry, str], ...] = ()
    held: Mapping[str, str] = field(default_factory=dict)
    closed: Mapping[str, str] = field(default_factory=dict)
    repointed: tuple[KnownJob, ...] = ()
    deleted: tuple[Path, ...] = ()
    unclear: tuple[Path, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing is to do, here or by a person."""
        return not (self.changes or self.away or self.unclear)

    @property
    def changes(self) -> int:
        """How many things would be changed."""
        listings = (self.adopted, self.held, self.closed, self.repointed, self.deleted)
        return sum(len(listing) for listing in listings)

    def sentences(self) -> Iterator[str]:
        """Say in plain words what is to do."""
        if self.away:
            yield f"not looked at: {self.away}"
        yield from (_adoption(entry, held) for entry, held in self.adopted)
        for job, reason in self.held.items():
            yield f"held for a person: job {job}: {shown(reason)}"
        for job, reason in self.closed.items():
            yield f"closed as lost: job {job}: {shown(reason)}"
        for known in self.repointed:
            yield f"moved with its folder: {shown(known.source)} (job {known.job})"
        for path in self.deleted:
            yield f"deleted: {shown(path)}, which no job owns"
        for path in self.unclear:
            yield f"left alone: {shown(path)} is nothing of retouchd's; move it away"


def _adoption(entry: Entry, held: str) -> str:
    name = f"{shown(entry.source)} (job {entry.job})"
    if held:
        return f"held for a person: {name}: {shown(held)}"
    return f"taken on again: {name}"


@dataclass(frozen=True)
class Plan:
    """What is to do in all.

    Attributes:
        database: the configured file.
        survey: in what condition it is.
    """

    database: Path
    survey: Survey
    folders: tuple[FolderPlan, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing is to do."""
        sound = self.survey.condition != "damaged"
        return sound and all(folder.is_clean for folder in self.folders)

    @property
    def leaves_work(self) -> bool:
        """Whether something remains that only a person can do."""
        return any(folder.away or folder.unclear for folder in self.folders)

    def sentences(self) -> Iterator[str]:
        """Say in plain words what is to do, the database first."""
        name = shown(self.database)
        if self.survey.condition == "damaged":
            reason = shown(self.survey.reason)
            yield f"{name}: damaged ({reason}): moved aside, and a new one made"
        elif self.survey.condition == "missing":
            yield f"{name}: there is no database; a new one is made when needed"
        for folder in self.folders:
            for sentence in folder.sentences():
                yield f"{folder.name}: {sentence}"


def shown(text: object) -> str:
    """Return *text* so that no name in it can steer a terminal."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode()
        for one in readable(str(text))
    )
