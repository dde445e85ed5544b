"""``retouchd rules``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from retouchd.cli.shared import json_option, pass_config, settings_or_defaults, show
from retouchd.rules.editors import rules_schema
from retouchd.rules.goals import load_goals, resolved_for
from retouchd.rules.load import available_rules, load_rule, load_rules


@click.group()
def rules() -> None:
    """Look at rules."""


@rules.command("list")
@json_option
@pass_config
def list_rules(config: str | None, *, as_json: bool) -> None:
    """List every rule that a hot folder may name."""
    folders = settings_or_defaults(config).rules_folders
    loaded = load_rules(folders, available_rules(folders))
    goals = load_goals(folders)
    rows = [
        {
            "rule": name,
            "goal": rule.goal,
            "tier": resolved_for(rule, goals).tier,
            "steps": ", ".join(word for word, _ in rule.steps),
            "outputs": ", ".join(output.name for output in rule.outputs),
        }
        for name, rule in loaded.items()
    ]
    show(rows, as_json=as_json, nothing="no rules")


@rules.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@pass_config
def check(config: str | None, files: tuple[Path, ...]) -> None:
    """Check rule FILES, or all rules of the configuration."""
    folders = settings_or_defaults(config).rules_folders
    if files:
        for file in files:
            load_rule(file, load_goals([file.parent, *folders]))
        count = len(files)
    else:
        count = len(load_rules(folders, available_rules(folders)))
    click.echo(f"fine: {count} rules")


@rules.command()
def schema() -> None:
    """Print the JSON Schema of rule files, for editors."""
    click.echo(json.dumps(rules_schema(), indent=2))
