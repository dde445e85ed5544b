"""Splits a job's charge between the runs that caused it, without losing a digit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

_PLACES = Decimal("1E-12")


@dataclass(frozen=True)
class Run:
    """What a report needs to know of one step run; see ``values.StepRun``."""

    model: str
    tier: str
    step: str
    device: str
    wall_ms: float
    cpu_s: float
    gpu_s: float
    joules: float
    megapixels_in: float
    megapixels_out: float


def share_out(
    charge: Mapping[str, Any], groups: Mapping[str, Sequence[Run]]
) -> dict[str, dict[str, Any]]:
    """Split *charge* by group: seconds by seconds, joules by joules.

    Credits and people's time belong to the whole job: they go by wall time. The last
    group takes what rounding leaves, so that the shares add up to the charge.
    """
    unit = charge["measured_unit"]
    weights = {
        group: sum((_weight(run, unit, charge["item"]) for run in runs), Decimal(0))
        for group, runs in groups.items()
    }
    if not any(weights.values()):
        weights = dict.fromkeys(weights, Decimal(1))
    weights = {group: weight for group, weight in weights.items() if weight}
    measured = _split(Decimal(charge["measured"]), weights)
    unpriced = charge["amount"] is None
    amounts = {} if unpriced else _split(Decimal(charge["amount"]), weights)
    return {
        group: {**charge, "measured": measured[group], "amount": amounts.get(group)}
        for group in weights
    }


def _weight(run: Run, unit: str, item: str) -> Decimal:
    if unit == "cpu_second":
        return Decimal(repr(run.cpu_s))
    if unit == "gpu_second":
        return Decimal(repr(run.gpu_s)) if run.device == item else Decimal(0)
    if unit == "joule":
        return Decimal(repr(run.joules))
    return Decimal(repr(run.wall_ms))


def _split(whole: Decimal, weights: Mapping[str, Decimal]) -> dict[str, Decimal]:
    total = sum(weights.values(), Decimal(0))
    parts: dict[str, Decimal] = {}
    rest = whole
    for group, weight in weights.items():
        part = (whole * weight / total).quantize(_PLACES, ROUND_DOWN)
        parts[group] = part
        rest -= part
    parts[list(weights)[-1]] += rest
    return parts
