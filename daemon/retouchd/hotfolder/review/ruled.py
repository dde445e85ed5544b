"""What is left to do once the files of a decided job lie in their new places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retouchd.delivery.naming import ENDINGS, fits_beside
from retouchd.delivery.place import sha256_of
from retouchd.ledger.entries import Ending, Leftover, OpenJob, Placed
from retouchd.ledger.jobs import Journal
from retouchd.ledger.reviews import Reviews
from retouchd.ledger.verdicts import Opinion
from retouchd.log import get_logger, printable

log = get_logger()


@dataclass(frozen=True)
class Ruled:
    """The end of a verdict.

    Attributes:
        ending: the state in which the job rests then.
        leftovers: files that go, such as the companions.
        text: what stands beside a result that was turned down.
        rejected: the folder of those results.
        refined_by: for a fix, the job that goes on with the first result.
    """

    ending: Ending
    leftovers: tuple[Leftover, ...] = ()
    text: str = ""
    rejected: Path = Path()
    refined_by: str = ""


def rejection(job: str, opinion: Opinion) -> str:
    """Say beside a result in ``rejected/`` why it lies there."""
    lines = [
        "This result was turned down.",
        "",
        f"By:     {printable(opinion.reviewer)}",
        f"Reason: {printable(opinion.reason or 'none was given')}",
    ]
    if opinion.note:
        lines.append(f"Note:   {printable(opinion.note)}")
    return "\n".join((*lines, "", f"To take that back: retouchd review undo {job}", ""))


def back_again(job: str, opinion: Opinion, why: str) -> str:
    """Say beside a result why it lies in ``review/`` once more."""
    return "\n".join(
        (
            "This result waits for your word again.",
            "",
            f"Taken back by: {printable(opinion.reviewer)}",
            f"First shown:   {printable(why or 'its rule wants that')}",
            "",
            "Move the picture into review/approve/ or review/reject/, or type:",
            f"  retouchd review approve {job}",
            f"  retouchd review reject {job} --reason CODE",
            "",
        )
    )


def ruled_of(job: OpenJob, journal: Journal, rejected: Path) -> Ruled:
    """Read back the end of the verdict that *job* is on its way to."""
    text = ""
    if job.ending == "rejected":
        opinion = Reviews(journal.database).last(job.entry.job)
        text = rejection(job.entry.job, opinion)
    return Ruled(job.ending, job.leftovers, text, rejected)


def tidy(ruled: Ruled, placed: Sequence[Placed], touched: set[Path]) -> None:
    """Remove what goes, and write the text beside a result that was turned down.

    Only files that are still what they were when the verdict was planned are removed.
    Doing it again after a crash changes nothing.

    Args:
        ruled: what the verdict leaves to do.
        placed: the results in their new places.
        touched: folders whose entries change are added.
    """
    kept = {one.path for one in placed}
    for path, sha256 in ruled.leftovers:
        if path not in kept:
            _remove(path, sha256, touched)
    beside = [p.path for p in placed if p.path.is_relative_to(ruled.rejected)]
    if ruled.text and beside:
        text = fits_beside(beside[0], ENDINGS["reason"])
        text.write_text(ruled.text, encoding="utf-8", errors="backslashreplace")
        touched.add(text.parent)


def _remove(path: Path, sha256: str, touched: set[Path]) -> None:
    if path.is_symlink() or not path.is_file():
        return
    try:
        if sha256_of(path) == sha256:
            path.unlink()
            touched.add(path.parent)
    except PermissionError as error:
        # What lies in somebody else's folder must not stop the verdict.
        log.warning("file_stays", file=str(path), error=str(error))
