"""``retouchd jobs`` and ``retouchd retry``."""

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
from retouchd.ledger.requests import ask
from retouchd.ledger.schema import STATES
from retouchd.ledger.views import job_rows, job_story


@click.group()
def jobs() -> None:
    """Look at jobs."""


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
