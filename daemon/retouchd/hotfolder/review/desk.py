"""Carries out what people decide about results, by command or by moving files."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from retouchd.delivery.naming import ENDINGS, fits_beside
from retouchd.delivery.place import sha256_of, suffixed, sync_file, sync_folders
from retouchd.errors import InputError, RetouchdError
from retouchd.hotfolder.handout import Handout, Staged
from retouchd.hotfolder.owner import Patience
from retouchd.hotfolder.ownership import Ownership
from retouchd.hotfolder.places import Places
from retouchd.hotfolder.review.planning import Planner
from retouchd.hotfolder.review.ruled import Ruled, back_again, rejection
from retouchd.ledger.decidable import Decidable, Ruling
from retouchd.ledger.entries import Ending, Leftover, new_job_id
from retouchd.ledger.fixes import Fix, Fixes, Recipe, Region, result_name
from retouchd.ledger.identity import ledger_identity
from retouchd.ledger.jobs import Journal
from retouchd.ledger.reviews import Reviews
from retouchd.ledger.verdicts import Opinion
from retouchd.rules.templates import container_of
from retouchd.settings import HotFolder
from retouchd.values import Rendition


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to be done about one job.

    Attributes:
        step: for a fix, the word of the step.
        regions: for a fix, areas of the first result.
        found: files that a person moved, by output.
        aside: further files of the job that a person moved along.
    """

    job: str
    opinion: Opinion
    step: str = ""
    regions: tuple[Region, ...] = ()
    found: Mapping[int, Path] | None = None
    aside: tuple[Leftover, ...] = ()

    @classmethod
    def read(cls, arguments: Mapping[str, Any]) -> Wanted:
        """Read back what `written` made for the table of requests."""
        return cls(
            job=arguments["job"],
            opinion=Opinion(**arguments["opinion"]),
            step=arguments["step"],
            regions=tuple(tuple(region) for region in arguments["regions"]),
        )

    def written(self) -> dict[str, Any]:
        """Return what a command says, as JSON can hold it."""
        return {
            "job": self.job,
            "opinion": asdict(self.opinion),
            "step": self.step,
            "regions": self.regions,
        }


class Desk:
    """Plans and notes verdicts; used by the one thread of a hot folder.

    Args:
        places: the open hot folder.
        journal: of all hot folders.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        places: Places,
        journal: Journal,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._places = places
        self._reviews = Reviews(journal.database)
        self._fixes = Fixes(journal.database)
        self._clock = clock

    def decide(self, wanted: Wanted) -> Staged:
        """Note a verdict; from here on it is only rolled forward.

        Returns:
            what is to be handed out.

        Raises:
            LedgerError: there is no such job, or somebody else was quicker.
            InputError: it cannot be done; nothing was changed.
            OSError: the share failed; likewise.
        """
        job = self._reviews.find(wanted.job)
        self._require_not_refined(job)
        ruling = self._fix(job, wanted) if wanted.step else self._plan(job, wanted)
        self._reviews.decide(ruling, self._clock()).result()
        return self._staged(ruling)

    def _plan(self, job: Decidable, wanted: Wanted) -> Ruling:
        ruling = self._planner(job, wanted.opinion, wanted).plan()
        is_back = wanted.opinion.verdict == "undo" and job.is_shown
        return self._explained(ruling) if is_back else ruling

    def _explained(self, ruling: Ruling) -> Ruling:
        """Let a text lie beside a result that is back in ``review/``."""
        kept = next((one for one in ruling.job.kept if one.role == "reason"), None)
        final = fits_beside(ruling.moves[0][1], ENDINGS["reason"])
        if kept is None or os.path.lexists(final):
            return ruling
        job = ruling.job.entry.job
        folder = self._places.stage_for("review")
        stage = folder / f"{job}-{uuid.uuid4().hex}-{kept.output}.txt"
        text = back_again(job, ruling.opinion, ruling.job.why)
        stage.write_text(text, encoding="utf-8", errors="backslashreplace")
        sync_file(stage)
        sync_folders([folder])
        size = stage.stat().st_size
        made = Rendition(
            kept.output, stage, "", sha256_of(stage), size, 0, 0, role="reason"
        )
        return replace(ruling, moves=(*ruling.moves, (made, final)))

    def _planner(self, job: Decidable, opinion: Opinion, wanted: Wanted) -> Planner:
        found, aside = wanted.found, wanted.aside
        return Planner(self._places, self._reviews, job, opinion, found, aside)

    def _fix(self, job: Decidable, wanted: Wanted) -> Ruling:
        """Plan to send the first result through ``in/`` once more, as another job."""
        child = new_job_id(self._clock())
        inbox = self._places.folder.inbox
        results = job.results
        path = results[0].path if results else Path("unknown")
        _require_whole(job, path)
        wish = inbox / result_name(job.entry.source, path)
        name = next(one for one in suffixed(wish) if not os.path.lexists(one))
        recipe = Recipe(
            job.rule, job.entry.source, wanted.step, _fractions(job, wanted.regions)
        )
        opinion = replace(wanted.opinion, reason=f"fixed by {child}")
        drop_as = name.relative_to(inbox).as_posix()
        ruling = self._planner(job, opinion, wanted).plan(drop_as)
        facts = os.lstat(ruling.moves[0][0].stage)
        fix = Fix(
            job=child,
            parent=job.entry.job,
            hot_folder=job.entry.hot_folder,
            path=drop_as,
            facts=(facts.st_size, facts.st_mtime_ns, facts.st_ino),
            recipe=recipe,
        )
        return replace(ruling, fix=fix)

    def _require_not_refined(self, job: Decidable) -> None:
        child = self._fixes.of_parent(job.entry.job)
        if child:
            raise InputError(
                f"the result of job {job.entry.job} was refined by job {child}",
                hint=f"decide job {child} instead",
            )

    def _staged(self, ruling: Ruling) -> Staged:
        entry = ruling.job.entry
        endings: Mapping[str, Ending] = {
            "approve": "done",
            "undo": "review" if ruling.job.is_shown else "done",
        }
        ending = endings.get(ruling.opinion.verdict, "rejected")
        is_rejected = ending == "rejected"
        text = rejection(entry.job, ruling.opinion) if is_rejected else ""
        ruled = Ruled(
            ending,
            ruling.leftovers,
            text,
            self._places.folder.rejected,
            ruling.fix.job if ruling.fix else "",
        )
        return Staged(
            entry,
            "review" if ruling.job.is_shown else "out",
            tuple((made, final, False) for made, final in ruling.moves),
            self._places.folder.done,
            ruled,
        )


def judge_without_daemon(
    folder: HotFolder, journal: Journal, wanted: Sequence[Wanted], patience: Patience
) -> list[dict[str, Any]]:
    """Decide and hand out where no daemon runs; one answer for each of *wanted*.

    Raises:
        StorageError: the hot folder is away, or another daemon works on it.
    """
    ledger = ledger_identity(journal.database.path)
    ownership = Ownership(ledger, patience, takeover=False)
    answers: list[dict[str, Any]] = []
    with closing(Places.open(folder, ownership, time.monotonic())) as places:
        desk, handout = Desk(places, journal), Handout(places, journal)
        for one in wanted:
            try:
                staged = desk.decide(one)
            except RetouchdError as error:
                answers.append({"error": str(error)})
                continue
            handout.deliver(staged)
            answers.append(facts_of(staged))
        handout.book()
        places.owner.release()
    return answers


def facts_of(staged: Staged) -> dict[str, Any]:
    """Say what came of a verdict, for the command that asked."""
    assert staged.ruled is not None  # noqa: S101  (the desk stages nothing else)
    return {
        "job": staged.entry.job,
        "state": staged.ruled.ending,
        "refined_by": staged.ruled.refined_by,
        "files": [
            str(final) for made, final, _ in staged.outputs if made.role == "result"
        ],
    }


def _require_whole(job: Decidable, result: Path) -> None:
    """Refuse to go on with one picture of a clip as if it were all of it.

    Raises:
        InputError: *result* is a still, and a clip or a sequence came in.
    """
    if job.is_clip and container_of(result.name) is None:
        raise InputError(
            f"the first result of job {job.entry.job} is one picture of a clip",
            hint="reject it and drop the original from done/ with regions, or let the "
            "rule name a clip as its first output",
            file=result,
        )


def _fractions(job: Decidable, regions: tuple[Region, ...]) -> tuple[Region, ...]:
    """Turn areas in pixels of the first result into fractions of it.

    Raises:
        InputError: an area lies outside, or the size of the result is not known.
    """
    first = job.results[0] if job.results else None
    made: list[Region] = []
    for region in regions:
        left, top, width, height = region
        if max(region) > 1:
            if first is None or not (first.width and first.height):
                raise InputError(
                    "the size of the result is not known: a person changed it",
                    hint="give the region as fractions of the picture, 0 to 1",
                )
            left, width = left / first.width, width / first.width
            top, height = top / first.height, height / first.height
        inside = left < 1 and top < 1 and min(left, top) >= 0
        if not (inside and min(width, height) > 0):
            raise InputError(
                f"the region {','.join(f'{one:g}' for one in region)} lies outside "
                "the picture",
                hint="x,y,width,height from its top left corner",
            )
        made.append((left, top, min(width, 1 - left), min(height, 1 - top)))
    return tuple(made)
