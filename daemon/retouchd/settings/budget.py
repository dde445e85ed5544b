"""The budget of a hot folder: the keys of ``[hot_folders.budget]``."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _exact(amount: object) -> object:
    """Let no float in: 0.1 is not a tenth."""
    if isinstance(amount, float | bool):
        raise ValueError(  # noqa: TRY004  (pydantic collects only these)
            f"{amount!r} is not exact money", f'write it as text: amount = "{amount}"'
        )
    return amount


class Budget(BaseModel):
    """How much a hot folder may spend, and what happens then.

    Attributes:
        amount: of money in each period.
        currency: ISO 4217; charges in another one are not converted.
        per: a UTC day or a UTC calendar month.
        then: ``draft only``: new jobs run at the draft tier and do not escalate;
            ``hold``: nothing is taken in. Either lasts until the period ends.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Annotated[
        Decimal, BeforeValidator(_exact), Field(gt=0, max_digits=18, decimal_places=6)
    ]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    per: Literal["day", "month"] = "day"
    then: Literal["draft only", "hold"] = "hold"
