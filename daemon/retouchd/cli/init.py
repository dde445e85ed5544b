"""``retouchd init``."""

from __future__ import annotations

from pathlib import Path

import click

from retouchd.cli.shared import pass_config
from retouchd.hotfolder.places import make_tree
from retouchd.settings.write import add_hot_folder


@click.command()
@click.argument("root", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--rule",
    "rules",
    multiple=True,
    required=True,
    help="A rule; give more by repeating it, the first that matches wins.",
)
@click.option("--name", help="What reports call it; else the folder's name.")
@pass_config
def init(
    config: str | None, root: Path, rules: tuple[str, ...], name: str | None
) -> None:
    """Make ROOT a hot folder: its sub-folders and its configuration entry.

    What is there already stays. Without a configuration ./retouchd.toml is made.
    """
    file, folder = add_hot_folder(Path(config) if config else None, root, rules, name)
    make_tree(folder)
    click.echo(f"{folder.path} is ready: drop files into {folder.inbox}")
    rules = folder.rules  # those in force, where the folder was configured before
    click.echo(f"configured as {folder.name!r} in {file}, rules: {', '.join(rules)}")
