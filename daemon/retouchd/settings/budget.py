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


Then = Literal["draft only", "hold"]
"""What becomes of new files once a budget is spent, until its period ends.

``draft only``: they run at the draft tier and do not escalate; ``hold``: they wait.
"""


class Budget(BaseModel):
    """How much a hot folder may spend, and what happens then.

    Attributes:
        amount: of money in each period.
        currency: ISO 4217; charges in another one are not converted.
        per: a UTC day or a UTC calendar month.
        then: for files whose rule does not say it itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Annotated[
        Decimal, BeforeValidator(_exact), Field(gt=0, max_digits=18, decimal_places=6)
    ]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    per: Literal["day", "month"] = "day"
    then: Then = "hold"
