"""The options with which a person describes a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from retouchd.values import TIERS


class Numbers(click.ParamType[tuple[float, ...]]):
    """Numbers with commas, as many as are wanted; one alone may stand for all.

    Args:
        count: how many.
        whole: whether they are counts.
        alone: whether one number will do.
    """

    name = "numbers"

    def __init__(self, count: int, *, whole: bool = False, alone: bool = False) -> None:
        self._count = count
        self._number: Callable[[str], float] = int if whole else float
        self._alone = alone
        self.name = ",".join("N" * count)

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[float, ...]:
        """Read the numbers; a wrong word is a wrong usage of the command."""
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(self._number(part) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not {self.name}", param, ctx)
        if len(numbers) == 1 and self._alone:
            return numbers * self._count
        if len(numbers) != self._count:
            self.fail(f"{value!r} is not {self.name}", param, ctx)
        return numbers


_WORDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--scale", {"type": click.IntRange(2, 16), "help": "Factor between the edges."}),
    ("--layout", {"type": click.Choice(["NCHW", "NHWC"]), "help": "Order of axes."}),
    ("--channels", {"type": click.Choice(["RGB", "BGR"]), "help": "Of the input."}),
    (
        "--output-channels",
        {"type": click.Choice(["RGB", "BGR"]), "help": "Of the output."},
    ),
    ("--range", {"type": Numbers(2), "help": "What black and white become."}),
    ("--output-range", {"type": Numbers(2), "help": "Black and white of the output."}),
    (
        "--mean",
        {
            "type": Numbers(3, alone=True),
            "help": "Subtracted per channel, after --range.",
        },
    ),
    (
        "--std",
        {"type": Numbers(3, alone=True), "help": "Divided by per channel, after that."},
    ),
    (
        "--divide-by-max",
        {"is_flag": True, "default": None, "help": "White is the picture's brightest."},
    ),
    (
        "--size",
        {
            "type": Numbers(2, whole=True, alone=True),
            "help": "Edge, or height,width, for which it was trained.",
        },
    ),
    ("--multiple-of", {"type": click.IntRange(1, 1024), "help": "Edges divide by it."}),
    (
        "--tile",
        {"type": click.IntRange(16, 16_384), "help": "Longest edge of one run."},
    ),
    ("--halo", {"type": click.IntRange(0, 4096), "help": "Pixels that tiles overlap."}),
    (
        "--activation",
        {
            "type": click.Choice(["none", "sigmoid", "minmax"]),
            "help": "What makes opacity of the output.",
        },
    ),
    ("--output", {"help": "The output that counts, where there are several."}),
    ("--hole", {"type": float, "help": "Value of a hole in the mask."}),
)


def description(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say how pixels enter a network and leave it."""
    for name, how in reversed(_WORDS):
        command = click.option(name, **how)(command)
    return command


def identity(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say what a model is, and for what."""
    options = (
        click.option(
            "--task",
            type=click.Choice(["upscale", "matte", "inpaint"]),
            required=True,
            help="What it does.",
        ),
        click.option(
            "--tier",
            type=click.Choice(TIERS),
            required=True,
            help="How much compute it stands for.",
        ),
        click.option("--name", default="", help="Its name; else that of the file."),
        click.option("--licence", default="", help="Licence of the weights."),
        click.option("--source", default="", help="Where the weights are from."),
        click.option(
            "--non-commercial", is_flag=True, help="The licence forbids commercial use."
        ),
        click.option(
            "--default", is_flag=True, help="Rules that name this tier mean this model."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command
