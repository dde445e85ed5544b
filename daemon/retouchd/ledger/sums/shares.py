"""Splits a job's charge between what caused it, without losing a digit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from retouchd.ledger.sums.tallies import Charge

Group = TypeVar("Group", str, tuple[str, ...])
"""Name of a group, or its names."""


class Run(NamedTuple):
    """What a report needs to know of one step run, in whole numbers.

    Attributes:
        wall_ns: nanoseconds.
        cpu_us, gpu_us: microseconds.
        microjoules: energy.
        pixels_in, pixels_out: pixels.
    """

    model: str
    tier: str
    step: str
    device: str
    attempt: int
    wall_ns: int
    cpu_us: int
    gpu_us: int
    microjoules: int
    pixels_in: int
    pixels_out: int
    started_at: str


def weights_of(
    charge: Charge, groups: Mapping[Group, Sequence[Run]]
) -> dict[Group, int]:
    """Say what part of *charge* each group caused.

    Seconds go by seconds and joules by joules. Credits and people's time belong to the
    whole job: they go by wall time.
    """
    unit, item = charge.key[2], charge.key[1]
    return {
        group: sum([_weight(run, unit, item) for run in runs])
        for group, runs in groups.items()
    }


def _weight(run: Run, unit: str, item: str) -> int:
    if unit == "cpu_second":
        return run.cpu_us
    if unit == "gpu_second":
        return run.gpu_us if run.device == item else 0
    if unit == "joule":
        return run.microjoules
    return run.wall_ns


def split(charge: Charge, weights: Mapping[Group, int]) -> dict[Group, Charge]:
    """Split *charge* by *weights*; without any, evenly.

    The last group by name takes what rounding leaves, so that the shares add up.
    """
    used = sorted(group for group, weight in weights.items() if weight)
    even = not used
    used = used or sorted(weights)
    if len(used) == 1:
        return {used[0]: charge}
    shares = [1 if even else weights[group] for group in used]
    measured = _split(charge.measured, shares)
    quantity = _split(charge.quantity, shares)
    amounts = _split(charge.amount or 0, shares)
    return {
        group: Charge(
            charge.key,
            measured[number],
            quantity[number],
            None if charge.amount is None else amounts[number],
        )
        for number, group in enumerate(used)
    }


def _split(whole: int, weights: Sequence[int]) -> list[int]:
    total = sum(weights)
    parts = [whole * weight // total for weight in weights]
    parts[-1] += whole - sum(parts)
    return parts
