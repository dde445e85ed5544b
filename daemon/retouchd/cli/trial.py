"""``retouchd try``."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.progress import Progress

from retouchd.cli.shared import SOME_FILES_FAILED, pass_config, settings_or_defaults
from retouchd.jobs.cost_guide import CostGuide
from retouchd.jobs.current_costs import rates_of
from retouchd.jobs.trial import Trial
from retouchd.ledger.prices import DEFAULT_BOOK, read_price_book
from retouchd.parts import worker_plan
from retouchd.rules.goals import load_goals, resolved_for
from retouchd.rules.load import find_rule, load_rule
from retouchd.values import TIERS, Tier


@click.command("try")
@click.argument("rule")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the results; it is made. Nothing in it is overwritten.",
)
@click.option(
    "--tier", type=click.Choice(TIERS), help="One attempt at this tier, not the rule's."
)
@pass_config
def trial(
    config: str | None, rule: str, files: tuple[Path, ...], out: Path, tier: Tier | None
) -> None:
    """Use RULE on FILES, without hot folder, daemon and ledger.

    RULE is a name, such as product-cutout, or a file, such as ./my-rule.yaml. What it
    matches plays no part. Beside the results lies before-after.jpg, to be looked at.
    """
    settings = settings_or_defaults(config)
    found = Path(rule) if rule.endswith(".yaml") else None
    goals = load_goals(settings.rules_folders)
    written = load_rule(found or find_rule(settings.rules_folders, rule), goals)
    chosen = resolved_for(written, goals)
    guide = CostGuide(rates_of(read_price_book(DEFAULT_BOOK)))
    failed = 0
    with Progress(disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(chosen.rule, total=len(files))

        def tell(step: str) -> None:
            progress.update(task, description=f"{chosen.rule}: {step}")

        attempt = Trial(worker_plan(settings), chosen, out, tier, guide, tell)
        for result in attempt.run(files):
            progress.advance(task)
            failed += bool(result.error)
            click.echo(result.sentence())
    sheet = attempt.contact_sheet()
    if sheet:
        click.echo(f"before and after: {sheet}")
    sys.exit(SOME_FILES_FAILED if failed else 0)
