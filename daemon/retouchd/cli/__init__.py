"""What a person types; every command ends with an exit code that scripts can use."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from retouchd import __version__
from retouchd.errors import RetouchdError
from retouchd.log import printable

COMMANDS = {
    "bench": "bench:bench",
    "check": "check:check",
    "demo": "demo:demo",
    "doctor": "check:doctor",
    "fsck": "fsck:fsck",
    "init": "init:init",
    "jobs": "jobs:jobs",
    "ledger": "ledger:ledger",
    "models": "models:models",
    "pause": "status:pause",
    "prices": "prices:prices",
    "report": "report:report",
    "resume": "status:resume",
    "retry": "jobs:retry",
    "review": "review:review",
    "rules": "rules:rules",
    "run": "run:run",
    "status": "status:status",
    "try": "trial:trial",
    "whatif": "whatif:whatif",
}
"""Each command, with its module in this room and its name there."""


class Commands(click.Group):
    """Imports a command when it is asked for: scripts call one at a time, and often."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's)
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  (click's)
        """Return the command called *cmd_name*; ``None``: there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), name)
        return command


@click.group(cls=Commands)
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
