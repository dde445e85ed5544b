"""``retouchd models``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TransferSpeedColumn,
)

from retouchd.cli.model_options import description, identity
from retouchd.cli.shared import json_option, pass_config, settings_or_defaults, show
from retouchd.errors import ConfigError
from retouchd.ledger.database import Database
from retouchd.ledger.model_speed import model_speeds
from retouchd.models.adding.conventions import Conventions
from retouchd.models.adding.registration import Wishes
from retouchd.models.manifest import Manifest
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.models.store import remove_model, required_folder
from retouchd.ops.models import pull as fetch_model
from retouchd.ops.models import take_in, to_pull
from retouchd.values import TIERS

NO_SALE = " (no commercial use)"


@click.group()
def models() -> None:
    """List, check, add and fetch models."""


def _shelf(config: str | None) -> Shelf:
    return Shelf(settings_or_defaults(config).models_folders, Runtime(device="cpu"))


@models.command("list")
@json_option
@pass_config
def list_models(config: str | None, *, as_json: bool) -> None:
    """List every model with its task, tier, licence and speed."""
    speeds = _speeds(settings_or_defaults(config).database)
    rows = [
        {
            "name": one.name,
            "task": one.task,
            "tier": one.tier,
            "default": one.default,
            "scale": one.scale,
            "bytes": one.bytes,
            "licence": one.licence + (NO_SALE if one.non_commercial else ""),
            "weights": "here" if one.weights.is_file() else "to pull",
            "s_per_megapixel": speeds.get(one.name),
        }
        for one in sorted(
            _shelf(config).manifests(),
            key=lambda one: (one.task, TIERS.index(one.tier)),
        )
    ]
    show(rows, as_json=as_json, nothing="no models")


def _speeds(database: Path) -> dict[str, float]:
    """Return seconds per megapixel in the jobs of the ledger, where there is one."""
    if not database.exists():
        return {}
    ledger = Database.open_reading(database)
    try:
        speeds = model_speeds(ledger)
    finally:
        ledger.close()
    return {name: round(speed, 4) for name, speed in speeds.items()}


@models.command()
@pass_config
def verify(config: str | None) -> None:
    """Compare all weights with the digests of their manifests."""
    shelf = _shelf(config)
    problems = shelf.problems()
    if problems:
        raise ConfigError(*problems)
    click.echo(f"fine: {len(shelf.manifests())} models")


@models.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@identity
@description
@click.option(
    "--picture",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What to try it on; else a sample.",
)
@pass_config
def add(
    config: str | None, /, file: Path, picture: Path | None, **options: Any
) -> None:
    """Add the network in FILE (ONNX) to the models of this machine.

    What the graph says is read from it, what a trial can show is tried; what is left
    must be said by options.
    """
    known = {
        key: options.pop(key) for key in Conventions.model_fields if key in options
    }
    wishes = Wishes(**options, known=Conventions(**known))
    tried = take_in(settings_or_defaults(config), file, wishes, picture)
    for note in tried.notes:
        click.echo(f"  {note}")
    manifest = tried.manifest
    role = "its default" if manifest.default else f"reached by model: {manifest.name}"
    click.echo(
        f"added {manifest.name}: {manifest.task}, tier {manifest.tier}, {role}, "
        f"licence {manifest.licence}"
    )


@models.command()
@click.argument("name")
@pass_config
def remove(config: str | None, name: str) -> None:
    """Remove the model NAME, which was added or fetched."""
    remove_model(required_folder(settings_or_defaults(config).models_dir), name)
    click.echo(f"removed {name}")


@models.command()
@click.argument("names", nargs=-1)
@click.option("--all", "wants_all", is_flag=True, help="Every model with an address.")
@click.option(
    "--mirror", default="", help="Folder or address that holds the files instead."
)
@pass_config
def pull(
    config: str | None, names: tuple[str, ...], mirror: str, *, wants_all: bool
) -> None:
    """Fetch the weights of models that come with their address alone."""
    if bool(names) == wants_all:
        raise click.UsageError("name models, or say --all")
    settings = settings_or_defaults(config)
    waiting = to_pull(settings, names)
    for manifest in waiting:
        with _bar(manifest) as progress:
            fetch_model(settings, manifest, mirror, progress)
        click.echo(
            f"fetched {manifest.name}: {manifest.task}, tier {manifest.tier}, licence "
            f"{manifest.licence}{NO_SALE if manifest.non_commercial else ''}"
        )
    if not waiting:
        click.echo("nothing to fetch: all weights are here")


@contextmanager
def _bar(manifest: Manifest) -> Iterator[Callable[[int], None]]:
    """Show how much of *manifest* is here, on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(
        *columns, TransferSpeedColumn(), disable=not sys.stderr.isatty()
    ) as progress:
        task = progress.add_task(manifest.name, total=manifest.bytes)
        yield lambda here: progress.update(task, completed=here)
