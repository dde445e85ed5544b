"""Sums of decimal texts inside SQLite, to the last digit and without a float."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from retouchd.ledger.units import EXACT

PLACES = 24
"""Places of the longest amount: 12 of a quantity and 12 of a price."""

_DIGITS = 8  # of one part; sums of parts stay integers for 90 billion rows
_PARTS = ("a", "b", "c")


def parts_of_sum(column: str) -> str:
    """Write SQL columns whose values ``summed`` puts together to one sum.

    Each text is cut into its whole part and three parts of its places; integers add
    exactly. Rows where *column* is NULL count as nothing.

    Args:
        column: name of a TEXT column with decimals that are not negative; it must not
            come from outside.
    """
    place = f"instr({column} || '.', '.') + 1"
    fraction = f"substr({column}, {place}) || '{'0' * PLACES}'"
    parts = [f"coalesce(sum(CAST({column} AS INTEGER)), 0) AS {column}_whole"]
    parts += [
        f"coalesce(sum(CAST(substr({fraction}, {1 + number * _DIGITS}, {_DIGITS}) "
        f"AS INTEGER)), 0) AS {column}_{name}"
        for number, name in enumerate(_PARTS)
    ]
    return ", ".join(parts)


def summed(row: Mapping[str, Any], column: str) -> Decimal:
    """Return the sum of *column* from a row that ``parts_of_sum`` selected."""
    total = Decimal(row[f"{column}_whole"])
    for number, name in enumerate(_PARTS, 1):
        part = Decimal(row[f"{column}_{name}"]).scaleb(-number * _DIGITS, EXACT)
        total = EXACT.add(total, part)
    return total
