"""``retouchd run``."""

from __future__ import annotations

import sys

import click

from retouchd.app import Daemon
from retouchd.cli.shared import SOME_FILES_FAILED, pass_config, settings_from
from retouchd.log import set_up


@click.command()
@click.option("--once", is_flag=True, help="Take what is there, finish it, stop.")
@pass_config
def run(config: str | None, *, once: bool) -> None:
    """Run the daemon."""
    settings = settings_from(config)
    set_up(settings.log.format, settings.log.level)
    daemon = Daemon(settings)
    tally = daemon.run(once=once)
    if once:
        click.echo(tally.sentence())
        sys.exit(SOME_FILES_FAILED if tally.failed else 0)
