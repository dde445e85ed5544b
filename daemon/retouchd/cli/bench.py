"""``retouchd bench``."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from retouchd.cli.shared import json_option, show
from retouchd.ops.bench.figures import Bench
from retouchd.ops.bench.pictures import find_photographs


@click.command()
@click.option(
    "--photos",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Measure on these pictures; else on made ones.",
)
@click.option(
    "--models",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Models before the shipped ones; one of the same name takes its place.",
)
@click.option(
    "--files",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="Small pictures that show the daemon's own work.",
)
@click.option(
    "--pictures",
    type=click.IntRange(1),
    default=12,
    show_default=True,
    help="Pictures that go through the models.",
)
@json_option
def bench(
    photos: Path | None,
    models: Path | None,
    files: int,
    pictures: int,
    *,
    as_json: bool,
) -> None:
    """Measure this machine with the real daemon, on the processor."""
    photographs = find_photographs(photos) if photos else []
    with tempfile.TemporaryDirectory(prefix="retouchd-bench-") as folder:
        measure = Bench(
            Path(folder),
            photographs,
            models.absolute() if models else None,
            lambda line: click.echo(line, err=True),
        )
        figures = [
            *measure.own_work(files),
            *measure.efficiency("upscale", pictures),
            *measure.efficiency("matte", pictures),
        ]
        split = measure.split(pictures)
    rows = [figure.row() for figure in figures]
    if as_json:
        click.echo(json.dumps({"figures": rows, "split": split}, indent=2))
        return
    show(rows, as_json=False, nothing="")
    click.echo("")
    show(split, as_json=False, nothing="")
