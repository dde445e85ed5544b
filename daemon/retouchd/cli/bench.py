"""``retouchd bench``."""

import click


@click.command()
def bench() -> None:
    """Measure this machine."""
