"""``retouchd check`` and ``retouchd doctor``."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from retouchd.cli.shared import (
    json_option,
    pass_config,
    settings_or_defaults,
    settings_with_rules,
    show,
)
from retouchd.errors import ConfigError, Problem
from retouchd.hotfolder.places import folder_problems
from retouchd.ops.doctor import examine
from retouchd.parts import notes_on, rule_book


@click.command()
@pass_config
def check(config: str | None) -> None:
    """Check configuration, rules, models and folders; list every problem."""
    settings = settings_with_rules(config)
    problems: list[Problem] = []
    notes: list[Problem] = []
    try:
        notes = notes_on(rule_book(settings), settings)
    except ConfigError as error:
        problems += error.problems
    for folder in settings.hot_folders:
        problems += folder_problems(folder)
    if problems:
        raise ConfigError(*problems)
    for note in notes:
        click.echo(f"note: {note}")
    names = ", ".join(folder.name for folder in settings.hot_folders)
    click.echo(f"fine: hot folders ({names or 'none yet'}), rules and models")


@click.command()
@json_option
@pass_config
def doctor(config: str | None, *, as_json: bool) -> None:
    """Tell what this machine can do; exit code 1 where something is a problem."""
    findings = [asdict(finding) for finding in examine(settings_or_defaults(config))]
    show(findings, as_json=as_json, nothing="nothing to say")
    sys.exit(1 if any(one["verdict"] == "problem" for one in findings) else 0)
