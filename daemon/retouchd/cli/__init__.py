"""What a person types; every command ends with an exit code that scripts can use."""

from __future__ import annotations

import sys

import click

from retouchd import __version__
from retouchd.cli.bench import bench
from retouchd.cli.check import check, doctor
from retouchd.cli.demo import demo
from retouchd.cli.fsck import fsck
from retouchd.cli.init import init
from retouchd.cli.jobs import jobs, retry
from retouchd.cli.models import models
from retouchd.cli.prices import prices
from retouchd.cli.report import report
from retouchd.cli.rules import rules
from retouchd.cli.run import run
from retouchd.cli.status import pause, resume, status
from retouchd.cli.trial import trial
from retouchd.errors import RetouchdError
from retouchd.log import printable


@click.group()
@click.version_option(__version__, prog_name="retouchd")
@click.option(
    "--config",
    type=click.Path(dir_okay=False),
    help="Configuration file; else $RETOUCHD_CONFIG, ./retouchd.toml, "
    "/etc/retouchd/retouchd.toml.",
)
@click.pass_context
def commands(context: click.Context, config: str | None) -> None:
    """Watch hot folders, finish pictures, book what they cost."""
    context.obj = config


for command in (
    bench,
    check,
    demo,
    doctor,
    fsck,
    init,
    jobs,
    models,
    pause,
    prices,
    report,
    resume,
    retry,
    rules,
    run,
    status,
    trial,
):
    commands.add_command(command)


def main() -> None:
    """Run a command; errors become one readable line and an exit code."""
    try:
        commands(prog_name="retouchd")
    except RetouchdError as error:
        for line in printable(error).splitlines():
            click.echo(f"error: {line}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:  # such as a ledger that belongs to another user
        click.echo(f"error: {printable(error)}", err=True)
        sys.exit(1)
