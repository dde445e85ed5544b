"""``retouchd jobs`` with all its words, and ``retouchd retry``."""

from __future__ import annotations

import json

import click

from retouchd.cli.shared import (
    json_option,
    ledger_of,
    pass_config,
    require_daemon,
    settings_from,
    show,
)
from retouchd.hotfolder.held import decide_without_daemon
from retouchd.hotfolder.owner import Patience
from retouchd.ledger.database import Database
from retouchd.ledger.held import HeldJobs, Word
from retouchd.ledger.jobs import Journal
from retouchd.ledger.lock import is_running, lock_database
from retouchd.ledger.requests import ask
from retouchd.ledger.schema.tables import STATES
from retouchd.ledger.views import job_rows, job_story
from retouchd.log import set_up
from retouchd.settings import Settings


@click.group()
def jobs() -> None:
    """Look at jobs, and decide those that are held."""


@jobs.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only jobs in this state.")
@click.option("--limit", default=50, show_default=True, help="The newest so many.")
@json_option
@pass_config
def list_jobs(
    config: str | None, state: str | None, limit: int, *, as_json: bool
) -> None:
    """List jobs, the newest first."""
    rows = job_rows(ledger_of(config), state, limit)
    show(rows, as_json=as_json, nothing="no such jobs")


@jobs.command("show")
@click.argument("job")
@json_option
@pass_config
def show_job(config: str | None, job: str, *, as_json: bool) -> None:
    """Tell the whole story of JOB, an id of `retouchd jobs list`."""
    story = job_story(ledger_of(config), job)
    if as_json:
        click.echo(json.dumps(story, indent=2, default=str))
        return
    for chapter, rows in story.items():
        if rows:
            click.secho(chapter, bold=True)
            show(rows, as_json=False, nothing="")
            click.echo()


@jobs.command("held")
@json_option
@pass_config
def list_held(config: str | None, *, as_json: bool) -> None:
    """List the jobs that wait for your word, with the reason of each."""
    rows = HeldJobs(ledger_of(config)).list()
    show(rows, as_json=as_json, nothing="no job is held")


@jobs.command()
@click.argument("job")
@pass_config
def release(config: str | None, job: str) -> None:
    """JOB was delivered: finish what is left of it and book it."""
    _decide(settings_from(config), job, "release")


@jobs.command()
@click.argument("job")
@pass_config
def redeliver(config: str | None, job: str) -> None:
    """JOB was not delivered: hand its results out again, or make them again."""
    _decide(settings_from(config), job, "redeliver")


def _decide(settings: Settings, job: str, word: Word) -> None:
    """Tell the daemon, or do it here where none runs."""
    if is_running(settings.database):
        answer = ask(settings.database, word, {"job": job})
        if "error" in answer:
            raise click.UsageError(answer["error"])
        click.echo(f"{job}: goes on")
        return
    set_up(level="warning")
    with lock_database(settings.database), Database.open(settings.database) as database:
        held = HeldJobs(database).find(job)
        folder = next(
            (one for one in settings.hot_folders if one.name == held.entry.hot_folder),
            None,
        )
        if folder is None:
            raise click.UsageError(f"{held.entry.hot_folder} is no hot folder any more")
        intake = settings.intake
        patience = Patience(intake.heartbeat_seconds, intake.takeover_seconds)
        is_done = decide_without_daemon(folder, Journal(database), job, word, patience)
    click.echo(f"{job}: {'done' if is_done else 'runs with the next start'}")


@click.command()
@click.argument("jobs", nargs=-1, required=True)
@pass_config
def retry(config: str | None, jobs: tuple[str, ...]) -> None:
    """Send the originals of failed JOBS back into in/; the daemon must run."""
    database = settings_from(config).database
    require_daemon(database)
    for job in jobs:
        answer = ask(database, "retry", {"job": job})
        if "error" in answer:
            raise click.UsageError(answer["error"])
        click.echo(f"{job}: dropped again as {answer['dropped']}")
