"""The texts beside a file in ``failed/``, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

from retouchd.delivery.naming import fits_beside
from retouchd.ledger.entries import Entry
from retouchd.log import printable
from retouchd.timestamps import utc
from retouchd.values import Outcome

ERROR_ENDINGS = (".error.txt", ".error.json")


def explain(target: Path, entry: Entry, outcome: Outcome, at: float) -> None:
    """Write why the job failed beside *target*, for people and for programs."""
    name = PurePosixPath(entry.source).name
    facts = {
        "file": name,
        "job": entry.job,
        "hot_folder": entry.hot_folder,
        "rule": outcome.rule,
        "error": outcome.error,
        "hint": outcome.hint,
        "at": utc(at),
    }
    text = (
        f"{printable(name)} could not be finished.\n\n"
        f"What happened: {printable(outcome.error)}\n"
        f"What to do:    {printable(outcome.hint or 'see the error above')}\n\n"
        "The file itself is beside this text, unchanged. To try again, drop it into\n"
        f"in/ once more, or run: retouchd retry {entry.job}\n"
    )
    contents = (text, json.dumps(facts, indent=2) + "\n")
    for ending, content in zip(ERROR_ENDINGS, contents, strict=True):
        path = fits_beside(target, ending)
        path.write_text(content, encoding="utf-8", errors="backslashreplace")
