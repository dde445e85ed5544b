"""``retouchd status``, ``pause`` and ``resume``."""

from __future__ import annotations

import json

import click

from retouchd.app import is_running
from retouchd.cli.shared import json_option, pass_config, settings_from, show
from retouchd.errors import LedgerError
from retouchd.ledger.database import Database
from retouchd.ledger.requests import ask
from retouchd.ledger.views import folder_rows, state_rows


@click.command()
@json_option
@pass_config
def status(config: str | None, *, as_json: bool) -> None:
    """Show the daemon, its hot folders and the jobs by state."""
    path = settings_from(config).database
    running = is_running(path)
    ledger = Database.open_reading(path)
    folders, states = folder_rows(ledger), state_rows(ledger)
    if as_json:
        facts = {"running": running, "hot_folders": folders, "jobs": states}
        click.echo(json.dumps(facts, indent=2))
        return
    click.echo(f"daemon: {'running' if running else 'not running'}")
    show(folders, as_json=False, nothing="no hot folder has been watched yet")
    show(states, as_json=False, nothing="no jobs yet")


def _ask_all(config: str | None, what: str, root: str | None) -> None:
    settings = settings_from(config)
    if not is_running(settings.database):
        raise LedgerError("the daemon is not running", hint="start `retouchd run`")
    names = [
        folder.name
        for folder in settings.hot_folders
        if root in (None, folder.name, str(folder.path))
    ]
    answer = ask(settings.database, what, {"hot_folders": names})
    click.echo(f"{what}d: {', '.join(answer['hot_folders']) or 'nothing'}")


@click.command()
@click.argument("root", required=False)
@pass_config
def pause(config: str | None, root: str | None) -> None:
    """Take no more files in (ROOT: name or path; else all hot folders)."""
    _ask_all(config, "pause", root)


@click.command()
@click.argument("root", required=False)
@pass_config
def resume(config: str | None, root: str | None) -> None:
    """Take files in again."""
    _ask_all(config, "resume", root)
