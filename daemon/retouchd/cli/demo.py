"""``retouchd demo``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from retouchd.ops.demo import run_demo


@click.command()
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the hot folder is made; else a new folder below the temporary one.",
)
def demo(keep: Path | None) -> None:
    """Finish the sample pictures with the real daemon and show what it did."""
    folder = keep or Path(tempfile.mkdtemp(prefix="retouchd-demo-"))
    sys.exit(0 if run_demo(folder.absolute(), say=click.echo) else 1)
