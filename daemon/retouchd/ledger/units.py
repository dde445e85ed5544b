"""Units of measured quantities, and of the prices that are asked for them."""

from __future__ import annotations

import re
from decimal import Context, Decimal

_BASES = {
    "cpu_second": ("cpu_second", 1),
    "cpu_hour": ("cpu_second", 3600),
    "gpu_second": ("gpu_second", 1),
    "gpu_hour": ("gpu_second", 3600),
    "joule": ("joule", 1),
    "kWh": ("joule", 3_600_000),
    "people_second": ("people_second", 1),
    "people_hour": ("people_second", 3600),
}

PLACES = Decimal("1E-12")
"""Decimal places of a booked quantity: a kWh to 4 microjoules."""

EXACT = Context(prec=60)
"""For sums and products of money: the usual 28 digits would round a long one."""


def base_unit(unit: str) -> str:
    """Return the unit in which usage is measured; most units are their own."""
    return _BASES.get(unit, (unit, 1))[0]


def per_unit(unit: str) -> int:
    """Return how many base units one *unit* is."""
    return _BASES.get(unit, (unit, 1))[1]


def convert(measured: Decimal, unit: str) -> Decimal:
    """Express *measured*, in the base unit, in *unit*, to ``PLACES``."""
    return (measured / _BASES.get(unit, (unit, 1))[1]).quantize(PLACES)


def written(number: Decimal) -> str:
    """Write a decimal without exponent and without closing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_named_in(item: str, device: str) -> bool:
    """Whether the price book's word *item* means *device*.

    A device calls itself by a longer name: the words of the item must all stand in
    it, so ``NVIDIA H200`` is an ``H200``.
    """
    return _words(item) <= _words(device)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9.]+", text.lower()))
