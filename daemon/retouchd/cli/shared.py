"""What commands have in common: the settings, tables, JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from retouchd.errors import ConfigError, RetouchdError
from retouchd.ledger.database import Database
from retouchd.ledger.lock import is_running
from retouchd.log import printable
from retouchd.settings import Settings, find_config, load_settings
from retouchd.settings.load import misspelt_variables
from retouchd.settings.rule_names import missing_rules

SOME_FILES_FAILED = 3

_PROSE = {"detail", "error", "hint", "reason"}
"""Columns whose texts are ours and may have several lines."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
pass_config = click.pass_obj


def settings_from(config: str | None) -> Settings:
    """Load the configuration that the command line chose."""
    return load_settings(Path(config) if config else None)


def settings_with_rules(config: str | None) -> Settings:
    """Load the configuration and see that every rule it names is there.

    Raises:
        ConfigError: with the place of every mistake.
    """
    settings = settings_from(config)
    problems = missing_rules(find_config(Path(config) if config else None), settings)
    if problems:
        raise ConfigError(*problems)
    return settings


def settings_or_defaults(config: str | None) -> Settings:
    """Load the configuration; where none was made yet, take every default.

    For commands that work before there is a hot folder.
    """
    try:
        find_config(Path(config) if config else None)
    except ConfigError:
        problems = list(misspelt_variables())
        if problems:
            raise ConfigError(*problems) from None
        return Settings(database=Path("retouchd.db"))
    return settings_from(config)


def ledger_of(config: str | None) -> Database:
    """Open the configured ledger for reading."""
    return Database.open_reading(settings_from(config).database)


def require_daemon(database: Path) -> None:
    """Refuse to ask where nobody would answer.

    Raises:
        RetouchdError: no daemon runs with *database*.
    """
    if not is_running(database):
        raise RetouchdError(
            "the daemon is not running",
            hint="start `retouchd run`, or the unit: systemctl start retouchd",
        )


def console() -> Console:
    """Return a console that never wraps or colours what goes into a pipe."""
    width = None if sys.stdout.isatty() else 200
    return Console(width=width, highlight=False)


def show(rows: Sequence[Mapping[str, Any]], *, as_json: bool, nothing: str) -> None:
    """Print *rows* as a table or as JSON; *nothing* says that there are none."""
    if as_json:
        click.echo(json.dumps(list(rows), indent=2, default=str))
        return
    if not rows:
        click.echo(nothing)
        return
    table = Table(box=None, pad_edge=False)
    for column in rows[0]:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(column, value) for column, value in row.items()))
    console().print(table)


def _cell(column: str, value: object) -> Text:
    # Text, because a name such as [bold].jpg would steer the table.
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if value is None:
        return Text("")
    text = printable(value)
    # A line end in a name would look like a row of its own.
    return Text(text if column in _PROSE else text.replace("\n", "\\n"))
