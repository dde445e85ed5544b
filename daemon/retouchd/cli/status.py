"""``retouchd status``, ``pause`` and ``resume``."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click

from retouchd.cli.shared import (
    json_option,
    pass_config,
    require_daemon,
    settings_from,
    show,
)
from retouchd.errors import ConfigError, LedgerError
from retouchd.hotfolder.allowance import spending_of, spoken_state
from retouchd.jobs.sandbox import Protection
from retouchd.ledger.database import Database
from retouchd.ledger.lock import is_running
from retouchd.ledger.requests import ask
from retouchd.ledger.spending import Spent
from retouchd.ledger.views import Row, folder_rows, state_rows, work_rows
from retouchd.rules.load import load_rules
from retouchd.settings import Budget, HotFolder, Settings
from retouchd.settings.explain import did_you_mean

ANSWER_SECONDS = 3.0


@dataclass(frozen=True)
class Now:
    """What only the running daemon knows.

    Attributes:
        running: what each job in work is at.
        sandbox: of the worker; ``None``: not known.
        problem: why the daemon could not be asked.
    """

    running: Mapping[str, str] = field(default_factory=dict)
    sandbox: Protection | None = None
    problem: str = ""


@click.command()
@json_option
@pass_config
def status(config: str | None, *, as_json: bool) -> None:
    """Show the daemon, its hot folders, what it works on and the jobs by state."""
    settings = settings_from(config)
    running = is_running(settings.database)
    now = _ask_for_work(settings.database) if running else Now()
    folders, work, states = _rows(settings, now)
    if as_json:
        facts = {
            "running": running,
            "problem": now.problem or None,
            "sandbox": asdict(now.sandbox) if now.sandbox else None,
            "hot_folders": folders,
            "work": work,
            "jobs": states,
        }
        click.echo(json.dumps(facts, indent=2))
        return
    click.echo(f"daemon: {'running' if running else 'not running'}")
    if now.problem:
        click.echo(f"what it works on is not known: {now.problem}")
    if now.sandbox:
        click.echo(f"workers are locked in by: {now.sandbox.sentence()}")
    click.echo()
    show(folders, as_json=False, nothing="no hot folder has been watched yet")
    if work:
        click.echo()
        show(work, as_json=False, nothing="")
    click.echo()
    show(states, as_json=False, nothing="no jobs yet")


def _ask_for_work(database: Path) -> Now:
    """Ask the daemon; one that cannot answer leaves what the ledger says."""
    try:
        answer = ask(database, "work", {}, timeout=ANSWER_SECONDS)
    except LedgerError as error:
        return Now(problem=str(error))
    if "error" in answer:  # a daemon of an older version
        return Now(problem=answer["error"])
    sandbox = answer["sandbox"]
    return Now(answer["running"], Protection.read(sandbox) if sandbox else None)


def _rows(settings: Settings, now: Now) -> tuple[list[Row], list[Row], list[Row]]:
    """Return the hot folders, the jobs in work and the count of jobs by state."""
    if not settings.database.is_file():  # the daemon has never run
        return [], [], []
    ledger = Database.open_reading(settings.database)
    budgets = _budgets(settings, ledger)
    folders = [
        row | {"budget": budgets.get(row["hot_folder"], "")}
        for row in folder_rows(ledger)
    ]
    return folders, work_rows(ledger, now.running), state_rows(ledger)


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
