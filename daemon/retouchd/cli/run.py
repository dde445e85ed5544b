"""``retouchd run``."""

from __future__ import annotations

import sys

import click

from retouchd.app import Daemon
from retouchd.cli.shared import SOME_FILES_FAILED, pass_config, settings_with_rules
from retouchd.errors import LedgerError, LedgerRefusedError
from retouchd.log import set_up
from retouchd.ops.heap import share_one_heap

TEMPORARY_FAILURE = 75
"""EX_TEMPFAIL of sysexits.h: the service manager starts the daemon anew."""


@click.command()
@click.option("--once", is_flag=True, help="Take what is there, finish it, stop.")
@click.option(
    "--takeover",
    is_flag=True,
    help="Take roots over from a daemon on a dead machine without the usual wait.",
)
@pass_config
def run(config: str | None, *, once: bool, takeover: bool) -> None:
    """Watch the hot folders and finish what is dropped there, until a signal."""
    settings = settings_with_rules(config)
    set_up(settings.log.format, settings.log.level)
    share_one_heap()  # before any part starts a thread
    daemon = None
    try:
        daemon = Daemon(settings, takeover=takeover)
        tally = daemon.run(once=once)
    except LedgerError as error:
        # What is refused at the start needs a person. The same found later does not
        # say so yet: the next start looks at the whole database.
        if daemon or not isinstance(error, LedgerRefusedError):
            error.exit_code = TEMPORARY_FAILURE
        raise
    if once:
        click.echo(tally.sentence())
        sys.exit(SOME_FILES_FAILED if tally.failed else int(bool(tally.away)))
