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

from retouchd.ledger.database import Database
from retouchd.settings import Settings, load_settings

SOME_FILES_FAILED = 3

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
pass_config = click.pass_obj


def settings_from(config: str | None) -> Settings:
    """Load the configuration that the command line chose."""
    return load_settings(Path(config) if config else None)


def ledger_of(config: str | None) -> Database:
    """Open the configured ledger for reading."""
    return Database.open_reading(settings_from(config).database)


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
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    console().print(table)
