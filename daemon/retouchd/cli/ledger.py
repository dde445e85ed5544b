"""``retouchd ledger``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from retouchd.cli.shared import ledger_of, pass_config, settings_from
from retouchd.ledger.schema.descriptions import datasette_metadata
from retouchd.ledger.sums.keeper import catch_up
from retouchd.timestamps import utc


@click.group()
def ledger() -> None:
    """Open the ledger to other programs."""


@ledger.command("metadata")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of the terminal.",
)
@pass_config
def metadata(config: str | None, out: Path | None) -> None:
    """Describe every table and column for Datasette, with ready queries."""
    described = datasette_metadata(settings_from(config).database)
    text = json.dumps(described, indent=2, ensure_ascii=False)
    if out is None:
        click.echo(text)
    else:
        out.write_text(text + "\n", "utf-8")


@ledger.command("sums")
@pass_config
def sums(config: str | None) -> None:
    """Add up for reports what changed since; the daemon does it by itself.

    Of use where many rows came at once, such as from another program.
    """
    days = 0
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("adding up", total=None)
        for day, days in catch_up(ledger_of(config), utc(time.time())):
            bar.update(task, completed=day, total=days)
    click.echo(f"{days} days are added up")
