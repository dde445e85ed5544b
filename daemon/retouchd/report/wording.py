"""Figures as people read them; JSON and CSV have the exact ones."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

NOTHING = "-"
"""Stands for a figure that there is none of."""

_DIGITS = 3


def money(amount: Decimal | None, currency: str = "") -> str:
    """Write money with at least 2 places and up to 3 significant digits.

    A picture's compute is a small part of a cent, so that fixed places would hide it.
    An exact 0.002 gets no zeros that nobody measured.
    """
    if amount is None:
        return NOTHING
    exact = -int(amount.normalize().as_tuple().exponent)
    places = max(2, min(_DIGITS - 1 - amount.adjusted(), exact))
    step = Decimal(1).scaleb(-places)
    return f"{amount.quantize(step, ROUND_HALF_UP):,f} {currency}".rstrip()


def percent(share: float | None) -> str:
    """Write a share 0..1 in percent."""
    if share is None:
        return NOTHING
    value = 100 * share
    if 0 < value < 0.1:
        return "< 0.1 %"
    return f"{value:.0f} %" if value >= 10 or not value else f"{value:.2g} %"


def duration(seconds: float | None) -> str:
    """Write a time as a person says it: ``41 s``, ``3.2 min``, ``5.0 h``."""
    if seconds is None:
        return NOTHING
    if seconds < 100:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2g} s"
    if seconds < 6000:
        return f"{seconds / 60:.1f} min"
    if seconds < 360_000:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86_400:.1f} days"


def times(factor: float | None) -> str:
    """Write how many times as much something is: ``3.1 x``, ``870 x``."""
    if factor is None:
        return NOTHING
    if factor >= 100:
        rounded = float(f"{factor:.2g}")
        return f"{rounded:,.0f} x"
    return f"{factor:.2g} x" if factor < 10 else f"{factor:.0f} x"


def decimals(figure: float | None) -> str:
    """Write a plain figure with one place."""
    return NOTHING if figure is None else f"{figure:,.1f}"
