"""``escalate``: how far a job goes when a gate fails, and what it may cost."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from retouchd.ledger.units import written
from retouchd.values import TIERS, Tier

_MOST_MONEY = Decimal(1_000_000)
_MOST_PLACES = 12


def _money(value: object) -> Decimal:
    """Read an amount as it was written: 0.40 stays four tenths."""
    try:
        amount = Decimal("x" if isinstance(value, bool) else str(value))
        places = -int(amount.as_tuple().exponent)
    except (InvalidOperation, ValueError):
        amount, places = Decimal(-1), 0
    if not 0 < amount < _MOST_MONEY or places > _MOST_PLACES:
        raise ValueError(
            f"{value!r:.60} is no amount of money",
            f"write a number above 0 with at most {_MOST_PLACES} decimals, such as "
            "0.40",
        )
    return Decimal(written(amount))


class Escalate(BaseModel):
    """How far a job goes when a gate fails.

    Attributes:
        to: the highest tier that a blamed step may use.
        max_cost: what the job may cost in all before another attempt is not made;
            in the currency of the price book. ``None``: no such bound.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Literal["standard", "hero"]
    max_cost: Annotated[Decimal, BeforeValidator(_money)] | None = None


def is_above(escalate: Escalate, tier: Tier) -> bool:
    """Whether there is a tier to go to for a job that begins at *tier*."""
    return TIERS.index(escalate.to) > TIERS.index(tier)


def checked(escalate: Escalate | None, tier: Tier) -> Escalate | None:
    """Return *escalate* as it is.

    Raises:
        ValueError: message and hint; it leads nowhere from *tier*.
    """
    if escalate and not is_above(escalate, tier):
        raise ValueError(
            f"{escalate.to} is not above {tier}, where the work begins",
            "name a higher tier, or leave escalate out",
        )
    return escalate
