"""The command line that every ``evaluate.py`` shares."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from evaluation import cleaning, inpainting, matting, speed, upscaling
from evaluation.report import Section, machine

Measure = Callable[[Path], Iterable[Section]]

MEASURES: dict[str, Measure] = {
    "upscale-x2": lambda data: [upscaling.measure(data, 2)],
    "upscale-x4": lambda data: [upscaling.measure(data, 4)],
    "upscale-x4-clean": lambda data: [cleaning.measure(data)],
    "matte": lambda data: (matting.measure(data, each) for each in matting.SETS),
    "inpaint": lambda data: [inpainting.measure(data)],
    "tiles": lambda data: [speed.measure_tiles(data)],
    "speed": lambda data: [speed.measure_speed(data)],
}
"""What can be measured, by the word on the command line."""


def main(summary: str, *wanted: str) -> None:
    """Print the tables of *wanted*, or of what the command line names, or all.

    Args:
        summary: first line of ``--help``.
        wanted: keys of ``MEASURES``; none: the command line decides.
    """
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder with photos/test, mattes, measurement_only and models",
    )
    if not wanted:
        parser.add_argument("what", nargs="*", help=f"of {', '.join(MEASURES)}")
    arguments = parser.parse_args()
    print(f"Measured {machine()}\n")
    print(upscaling.check(arguments.data), "\n", sep="")
    for what in wanted or arguments.what or MEASURES:
        for section in MEASURES[what](arguments.data):
            print(section, flush=True)
