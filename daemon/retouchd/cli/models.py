"""``retouchd models``."""

from __future__ import annotations

import click

from retouchd.cli.shared import json_option, pass_config, settings_or_defaults, show
from retouchd.errors import ConfigError
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf


@click.group()
def models() -> None:
    """Look at the models on this machine."""


def _shelf(config: str | None) -> Shelf:
    return Shelf(settings_or_defaults(config).models_folders, Runtime(device="cpu"))


@models.command("list")
@json_option
@pass_config
def list_models(config: str | None, *, as_json: bool) -> None:
    """List every model with its task, tier and licence."""
    rows = [
        {
            "name": one.name,
            "task": one.task,
            "tier": one.tier,
            "default": one.default,
            "scale": one.scale,
            "bytes": one.bytes,
            "licence": one.licence,
        }
        for one in _shelf(config).manifests()
    ]
    show(rows, as_json=as_json, nothing="no models")


@models.command()
@pass_config
def verify(config: str | None) -> None:
    """Compare all weights with the digests of their manifests."""
    shelf = _shelf(config)
    problems = shelf.problems()
    if problems:
        raise ConfigError(*problems)
    click.echo(f"fine: {len(shelf.manifests())} models")
