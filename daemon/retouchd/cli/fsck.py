"""``retouchd fsck``."""

from __future__ import annotations

import sys
import time

import click

from retouchd.cli.shared import pass_config, settings_from
from retouchd.errors import LedgerError
from retouchd.ops.fsck.examine import examine
from retouchd.ops.fsck.mend import mend, nobody_else
from retouchd.settings import Settings

WORK_LEFT = 1

REFUSED = 2
"""Nothing was looked at: a daemon runs, or the database is not ours."""


@click.command()
@click.option("--apply", is_flag=True, help="Do what was found to be necessary.")
@pass_config
def fsck(config: str | None, *, apply: bool) -> None:
    """Compare the ledger with the hot folders; with --apply, mend it.

    For a ledger that was lost, damaged or moved. The daemon must be stopped. Ends with
    1 when something is to do, with 2 when nothing could be looked at.
    """
    settings = settings_from(config)
    try:
        with nobody_else(settings):
            sys.exit(_compare(settings, apply=apply))
    except LedgerError as error:
        error.exit_code = REFUSED
        raise


def _compare(settings: Settings, *, apply: bool) -> int:
    plan = examine(settings)
    for sentence in plan.sentences():
        click.echo(sentence)
    if plan.is_clean:
        click.echo("nothing to do")
        return 0
    if not apply:
        click.echo("nothing was changed; `retouchd fsck --apply` does it")
        return WORK_LEFT
    for path in mend(plan, time.time()):
        click.echo(f"kept: {path}")
    click.echo("done")
    return WORK_LEFT if plan.leaves_work else 0
