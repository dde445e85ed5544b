"""``retouchd review`` with all its words."""

from __future__ import annotations

import getpass
import json
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from retouchd.cli.shared import (
    SOME_FILES_FAILED,
    json_option,
    ledger_of,
    pass_config,
    settings_from,
    show,
)
from retouchd.hotfolder.owner import Patience
from retouchd.hotfolder.review.desk import Wanted, judge_without_daemon
from retouchd.ledger.database import Database
from retouchd.ledger.decidable import Decidable
from retouchd.ledger.fixes import Region
from retouchd.ledger.jobs import Journal
from retouchd.ledger.lock import is_running, lock_database
from retouchd.ledger.requests import ask_all
from retouchd.ledger.reviews import Reviews
from retouchd.ledger.verdicts import Opinion, Verdict
from retouchd.log import printable, set_up
from retouchd.settings import Settings, find_config
from retouchd.settings.reasons import reject_reasons, require_reason
from retouchd.steps import known_steps


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        return "unknown"


def _person(command: Any) -> Any:
    """Add who decided, and how long that took."""
    by = click.option("--by", default=_login, help="Who decides; else the login name.")
    seconds = click.option(
        "--seconds",
        type=click.FloatRange(0, 86_400),
        help="How long each result was looked at; else it is estimated.",
    )
    return by(seconds(command))


class RegionType(click.ParamType[Region]):
    """Four numbers: left, top, width and height."""

    name = "x,y,w,h"

    def convert(self, value: Any, param: Any, ctx: Any) -> Region:
        """Read ``x,y,w,h``."""
        if isinstance(value, tuple):
            return value
        try:
            left, top, width, height = (float(part) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not x,y,width,height", param, ctx)
        return left, top, width, height


@click.group()
def review() -> None:
    """Decide the results that wait in review/."""


@review.command("list")
@json_option
@pass_config
def list_waiting(config: str | None, *, as_json: bool) -> None:
    """List the results that wait for a person, the oldest first."""
    rows = Reviews(ledger_of(config)).rows()
    show(rows, as_json=as_json, nothing="no result waits for review")


@review.command()
@json_option
@pass_config
def reasons(config: str | None, *, as_json: bool) -> None:
    """List why a result may be turned down."""
    known = _reasons(config)
    rows = [{"reason": code, "means": words} for code, words in known.items()]
    show(rows, as_json=as_json, nothing="there are none")


@review.command()
@click.argument("jobs", nargs=-1, required=True)
@_person
@pass_config
def approve(
    config: str | None, jobs: tuple[str, ...], by: str, seconds: float | None
) -> None:
    """JOBS are good: their results go to out/."""
    settings = settings_from(config)
    opinion = _opinion(settings, "approve", by, seconds)
    _decide(settings, [Wanted(job, opinion) for job in jobs])


@review.command()
@click.argument("jobs", nargs=-1, required=True)
@click.option("--reason", required=True, help="A code of `retouchd review reasons`.")
@click.option("--note", default="", help="In your own words.")
@_person
@pass_config
def reject(
    config: str | None,
    jobs: tuple[str, ...],
    reason: str,
    note: str,
    by: str,
    seconds: float | None,
) -> None:
    """JOBS are not good: their results go to rejected/."""
    settings = settings_from(config)
    require_reason(reason, _reasons(config))
    opinion = _opinion(settings, "reject", by, seconds, reason, note)
    _decide(settings, [Wanted(job, opinion) for job in jobs])


@review.command()
@click.argument("job")
@_person
@pass_config
def undo(config: str | None, job: str, by: str, seconds: float | None) -> None:
    """Take the verdict on JOB back: its results return to review/."""
    settings = settings_from(config)
    _decide(settings, [Wanted(job, _opinion(settings, "undo", by, seconds))])


@review.command()
@click.argument("job")
@click.option(
    "--region",
    "regions",
    type=RegionType(),
    multiple=True,
    help="x,y,width,height in pixels of the result, or as fractions 0 to 1.",
)
@click.option("--step", required=True, type=click.Choice(sorted(known_steps())))
@click.option("--note", default="", help="In your own words.")
@_person
@pass_config
def fix(  # noqa: PLR0913, PLR0917  (one parameter for each option)
    config: str | None,
    job: str,
    regions: tuple[Region, ...],
    step: str,
    note: str,
    by: str,
    seconds: float | None,
) -> None:
    """Refine the result of JOB by one STEP instead of making it anew."""
    settings = settings_from(config)
    require_usable(step, regions)
    opinion = _opinion(settings, "fix", by, seconds, note=note)
    _decide(settings, [Wanted(job, opinion, step, regions)])


@review.command("show")
@click.argument("job")
@click.option("--by", default=_login, help="Who decides; else the login name.")
@json_option
@pass_config
def show_waiting(config: str | None, job: str, by: str, *, as_json: bool) -> None:
    """Say where the files of JOB lie; on a terminal, ask for the verdict.

    The time until you answer is booked as the time of the review.
    """
    settings = settings_from(config)
    found = Reviews(ledger_of(config)).find(job)
    if as_json:
        show(_rows_of(found), as_json=True, nothing="")
        return
    _say_where(found)
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or found.state != "review":
        return
    began = time.monotonic()
    word = click.prompt(
        "approve, reject or skip",
        type=click.Choice(["approve", "reject", "skip"]),
        default="skip",
    )
    known = _reasons(config)
    reason = ""
    if word == "reject":
        reason = click.prompt("reason", type=click.Choice(list(known)))
    seconds = min(time.monotonic() - began, settings.review.idle_seconds)
    if word != "skip":
        verdict: Verdict = "approve" if word == "approve" else "reject"
        taken = round(seconds, 1)
        opinion = Opinion(verdict, by, reason, seconds=taken, is_estimated=False)
        _decide(settings, [Wanted(job, opinion)])


def _rows_of(found: Decidable) -> list[dict[str, object]]:
    return [
        {"role": kept.role, "output": kept.output, "path": str(kept.path)}
        for kept in (*found.results, *found.companions)
    ]


def _say_where(found: Decidable) -> None:
    for kept in (*found.results, *found.companions):
        click.echo(f"{kept.role}: {printable(kept.path)}")
    for kept in found.companions:
        if kept.role == "reason" and kept.path.is_file():
            click.echo(f"\n{printable(kept.path.read_text('utf-8', 'replace'))}")


def _reasons(config: str | None) -> dict[str, str]:
    return reject_reasons(find_config(Path(config) if config else None))


def _opinion(
    settings: Settings,
    verdict: Verdict,
    by: str,
    seconds: float | None,
    reason: str = "",
    note: str = "",
) -> Opinion:
    estimate = settings.review.estimate(verdict)
    is_estimated = seconds is None
    taken = estimate if seconds is None else seconds
    return Opinion(verdict, by, reason, note, taken, is_estimated)


def _decide(settings: Settings, wanted: Sequence[Wanted]) -> None:
    """Tell the daemon, or do it here where none runs; say what came of each."""
    if is_running(settings.database):
        arguments = [one.written() for one in wanted]
        answers = ask_all(settings.database, "review", arguments)
    else:
        answers = _decide_here(settings, wanted)
    failed = [answer for answer in answers if "error" in answer]
    for answer in answers:
        if "error" not in answer:
            click.echo(_sentence(answer))
    for answer in failed:
        click.echo(f"error: {printable(answer['error'])}", err=True)
    if failed:
        sys.exit(SOME_FILES_FAILED if len(failed) < len(answers) else 2)


def _sentence(answer: Mapping[str, Any]) -> str:
    if answer["refined_by"]:
        return f"{answer['job']}: refined by job {answer['refined_by']}"
    files = ", ".join(answer["files"]) or "no file was left"
    return f"{answer['job']}: {answer['state']}: {printable(files)}"


def _decide_here(settings: Settings, wanted: Sequence[Wanted]) -> list[dict[str, Any]]:
    set_up(level="warning")
    intake = settings.intake
    patience = Patience(intake.heartbeat_seconds, intake.takeover_seconds)
    answers: list[dict[str, Any]] = []
    with lock_database(settings.database), Database.open(settings.database) as database:
        reviews = Reviews(database)
        where = {one.job: reviews.find(one.job).entry.hot_folder for one in wanted}
        by_folder = sorted(wanted, key=lambda one: where[one.job])
        for name, group in groupby(by_folder, key=lambda one: where[one.job]):
            folder = next((f for f in settings.hot_folders if f.name == name), None)
            if folder is None:
                raise click.UsageError(f"{name} is no hot folder any more")
            journal = Journal(database)
            answers += judge_without_daemon(folder, journal, list(group), patience)
    return answers


def require_usable(step: str, regions: Sequence[Region]) -> None:
    """See that *step* can run with nothing but these regions.

    Raises:
        UsageError: it needs regions, takes none, or needs options.
    """
    takes_regions = "regions" in known_steps()[step].model_fields
    if takes_regions and not regions:
        raise click.UsageError(f"{step} needs at least one --region x,y,width,height")
    if regions and not takes_regions:
        raise click.UsageError(f"{step} takes no --region")
    try:
        known_steps()[step]()
    except ValueError as error:
        raise click.UsageError(
            f"{step} needs options that only a rule can give: {json.dumps(str(error))}"
        ) from error
