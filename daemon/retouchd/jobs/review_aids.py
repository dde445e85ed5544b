"""What helps a person to judge a result: a preview, and the reason in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retouchd.delivery.naming import ENDINGS
from retouchd.delivery.place import sha256_of, sync_file
from retouchd.media.before_after import Box, before_after
from retouchd.rules.schema import Review
from retouchd.values import GateRun, Picture, Rendition, Role

SHOWS_EVERYTHING = "this rule shows everything to a person before it is delivered"


def why_shown(review: Review, gate_runs: Sequence[GateRun]) -> str:
    """Say why a result goes to ``review/`` although no gate sends it there.

    Returns:
        a sentence; empty where a failed gate is the reason.
    """
    if any(not run.passed for run in gate_runs) and review.when != "never":
        return ""
    if review.when == "always":
        return SHOWS_EVERYTHING
    share = f"{100 * review.sample:g} %"
    return f"drawn as a sample: this rule shows {share} of its results to a person"


def render_review_aids(
    before: Picture,
    after: Picture,
    reason: str,
    gate_runs: Sequence[GateRun],
    stage: Path,
    first_output: int,
) -> tuple[Rendition, ...]:
    """Write the companions of a result that waits for a person.

    Args:
        before: the upright input.
        after: the result.
        reason: why a person looks, where more is to be said than the gates say.
        gate_runs: verdicts on the attempt that was kept.
        stage: path prefix as for the outputs; its name begins with the job's id.
        first_output: the number after those of the outputs.

    Returns:
        the preview and the text, staged and fsynced.
    """
    troubles = _numbered(gate_runs)
    preview = stage.with_name(f"{stage.name}-{first_output}.jpg")
    marks = [box for trouble in troubles for _, box in trouble.marks]
    width, height = before_after(before.image, after.image, marks, preview)
    text = stage.with_name(f"{stage.name}-{first_output + 1}.txt")
    job = stage.name.partition("-")[0]
    text.write_text(_words(job, reason, troubles), encoding="utf-8")
    return (
        _rendition(first_output, preview, "preview", width, height),
        _rendition(first_output + 1, text, "reason", 0, 0),
    )


@dataclass(frozen=True)
class _Trouble:
    """A failed gate, with its areas as they are numbered in the preview."""

    run: GateRun
    marks: tuple[tuple[int, Box], ...]


def _numbered(gate_runs: Sequence[GateRun]) -> list[_Trouble]:
    troubles: list[_Trouble] = []
    number = 1
    for run in gate_runs:
        if not run.passed:
            troubles.append(_Trouble(run, tuple(enumerate(run.regions, start=number))))
            number += len(run.regions)
    return troubles


def _words(job: str, reason: str, troubles: Sequence[_Trouble]) -> str:
    why = [f"  {reason}"] if reason else []
    for trouble in troubles:
        why.append(f"  {_sentence(trouble)}")
        why += [
            f"    {number}: --region {_region(box)}" for number, box in trouble.marks
        ]
    return "\n".join(
        (
            "This result waits for your word.",
            "",
            "Why you see it:",
            *why,
            "",
            "The preview beside this text shows the picture before (left) and after.",
            "",
            "What to do:",
            "  It is good:      move the picture into review/approve/",
            "                   (you may correct it first; yours is then delivered)",
            "  It is not good:  move the picture into review/reject/",
            "  Or type one of:",
            f"    retouchd review approve {job}",
            f"    retouchd review reject {job} --reason CODE",
            f"    retouchd review fix {job} --region X,Y,WIDTH,HEIGHT --step erase",
            "",
            "Preview and text go away by themselves.",
            "",
        )
    )


def _sentence(trouble: _Trouble) -> str:
    run = trouble.run
    figures = f"{_figure(run.value, run.unit)}; the limit is {run.threshold:g}"
    said = run.detail or f"the check {run.gate} failed"
    numbers = ", ".join(str(number) for number, _ in trouble.marks)
    where = f"; see {numbers} in the preview" if numbers else ""
    return f"{run.gate}: {said} ({figures}){where}"


def _region(box: Box) -> str:
    """Write *box* as `review fix` takes it, in fractions of the result."""
    left, top, right, bottom = box
    return ",".join(f"{one:.4g}" for one in (left, top, right - left, bottom - top))


def _figure(value: float, unit: str) -> str:
    return re.sub(r"\s+", " ", f"{value:.4g} {unit}").strip()


def _rendition(
    output: int, path: Path, role: Role, width: int, height: int
) -> Rendition:
    sync_file(path)
    return Rendition(
        output=output,
        stage=path,
        name=ENDINGS[role],
        sha256=sha256_of(path),
        bytes=path.stat().st_size,
        width=width,
        height=height,
        role=role,
    )
