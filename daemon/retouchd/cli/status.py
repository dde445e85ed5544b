"""``retouchd status``, ``pause`` and ``resume``."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from pathlib import Path

import click

from retouchd.cli.shared import (
    json_option,
    pass_config,
    require_daemon,
    settings_from,
    show,
)
from retouchd.errors import ConfigError
from retouchd.hotfolder.allowance import spending_of, spoken_state
from retouchd.jobs.process import try_out
from retouchd.jobs.sandbox import Confinement
from retouchd.ledger.database import Database
from retouchd.ledger.lock import is_running
from retouchd.ledger.requests import ask
from retouchd.ledger.spending import Spent
from retouchd.ledger.views import Row, folder_rows, state_rows
from retouchd.parts import confinement
from retouchd.rules.load import load_rules
from retouchd.settings import Budget, HotFolder, Settings
from retouchd.settings.explain import did_you_mean


@click.command()
@json_option
@pass_config
def status(config: str | None, *, as_json: bool) -> None:
    """Show the daemon, its hot folders and the jobs by state."""
    settings = settings_from(config)
    path = settings.database
    running = is_running(path)
    closed = try_out(Confinement(for_gpu=confinement(settings).for_gpu))
    folders, states = _rows(settings)
    if as_json:
        facts = {
            "running": running,
            "sandbox": asdict(closed),
            "hot_folders": folders,
            "jobs": states,
        }
        click.echo(json.dumps(facts, indent=2))
        return
    click.echo(f"daemon: {'running' if running else 'not running'}")
    click.echo(f"workers are locked in by: {closed.sentence()}\n")
    show(folders, as_json=False, nothing="no hot folder has been watched yet")
    click.echo()
    show(states, as_json=False, nothing="no jobs yet")


def _rows(settings: Settings) -> tuple[list[Row], list[Row]]:
    if not settings.database.is_file():  # the daemon has never run
        return [], []
    ledger = Database.open_reading(settings.database)
    budgets = _budgets(settings, ledger)
    folders = [
        row | {"budget": budgets.get(row["hot_folder"], "")}
        for row in folder_rows(ledger)
    ]
    return folders, state_rows(ledger)


def _budgets(settings: Settings, ledger: Database) -> dict[str, str]:
    """Say how much of each budget is spent; the ledger knows, daemon or not."""
    now = time.time()
    return {
        folder.name: _budget_state(
            settings, folder, budget, spending_of(ledger, folder, budget).so_far(now)
        )
        for folder in settings.hot_folders
        if (budget := folder.budget) is not None
    }


def _budget_state(
    settings: Settings, folder: HotFolder, budget: Budget, spent: Spent
) -> str:
    try:
        rules = load_rules(settings.rules_folders, folder.rules).values()
    except ConfigError:  # what the daemon goes by is the last good version
        return f"{spoken_state(budget, spent)}; a rule is wrong, see `retouchd check`"
    return spoken_state(budget, spent, rules)


def _ask_all(config: str | None, what: str, root: str | None) -> None:
    settings = settings_from(config)
    names = _chosen(settings, root)
    require_daemon(settings.database)
    answer = ask(settings.database, what, {"hot_folders": names})
    click.echo(f"{what}d: {', '.join(answer['hot_folders']) or 'nothing'}")


def _chosen(settings: Settings, root: str | None) -> list[str]:
    """Return the names of the hot folders that *root* means; ``None``: all."""
    known = [folder.name for folder in settings.hot_folders]
    if root is None:
        return known
    path = Path(os.path.normpath(Path(root).absolute()))
    chosen = [
        folder.name
        for folder in settings.hot_folders
        if folder.name == root or folder.path == path
    ]
    if not chosen:
        raise click.UsageError(
            f"there is no hot folder {root!r} ({did_you_mean(root, known)})"
        )
    return chosen


@click.command()
@click.argument("root", required=False)
@pass_config
def pause(config: str | None, root: str | None) -> None:
    """Take no more files in; what was taken is finished.

    ROOT is the name or the path of one hot folder; without it all pause, also across
    restarts, until `retouchd resume`.
    """
    _ask_all(config, "pause", root)


@click.command()
@click.argument("root", required=False)
@pass_config
def resume(config: str | None, root: str | None) -> None:
    """Take files in again (ROOT: name or path of one hot folder; else all)."""
    _ask_all(config, "resume", root)
