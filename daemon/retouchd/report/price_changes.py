"""Prices as people change them: ``credits.kling=+60%``, ``people.reviewer=45``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from retouchd.errors import ConfigError, Problem
from retouchd.ledger.lines import Charged
from retouchd.ledger.prices import Price
from retouchd.ledger.schema.tables import CATEGORIES
from retouchd.ledger.units import EXACT, is_named_in, written
from retouchd.settings.explain import did_you_mean

_FORM = "write CATEGORY.ITEM=PRICE or CATEGORY.ITEM=+60%, such as people.reviewer=45"


@dataclass(frozen=True)
class PriceChange:
    """Another price of one item.

    Attributes:
        category: of the charges that it is for.
        item: of these charges; ``*``: every item of the category. A device calls
            itself by a longer name: ``H200`` is for ``NVIDIA H200`` too.
        factor: multiplies the booked money; ``None``: *price* counts.
        price: money for one of the unit in which the item was priced.
    """

    category: str
    item: str
    factor: Decimal | None
    price: Decimal | None

    @property
    def name(self) -> str:
        """What it is for, as it is asked for."""
        return f"{self.category}.{self.item}"

    def is_for(self, category: str, item: str) -> bool:
        """Whether charges of *item* in *category* are meant."""
        return category == self.category and self._names(item)

    def _names(self, item: str) -> bool:
        is_device = self.category == "compute" and is_named_in(self.item, item)
        return is_device or self.item in {"*", item}

    def amount(self, charge: Charged) -> Decimal:
        """Return what *charge* comes to; exact, as booking is."""
        if self.factor is not None:
            return EXACT.multiply(charge.amount, self.factor)
        return EXACT.multiply(charge.quantity, self.price or Decimal(0))

    def of(self, price: Price) -> Price:
        """Return *price* as it would be."""
        if self.factor is None:
            return replace(price, price=written(self.price or Decimal(0)))
        if price.price is None:
            return price
        changed = EXACT.multiply(Decimal(price.price), self.factor)
        return replace(price, price=written(changed))

    def unpriced(self, charge: Charged) -> int:
        """Return how many rows of *charge* have no price even so."""
        return charge.unpriced if self.price is None else 0


def read_price_change(text: str) -> PriceChange:
    """Read ``CATEGORY.ITEM=VALUE``; the value is a price or a percentage with a sign.

    Raises:
        ConfigError: it has another form, or the value is below nothing.
    """
    name, _, value = text.rpartition("=")
    category, _, item = name.partition(".")
    if category not in CATEGORIES or not item:
        raise ConfigError(
            Problem(
                f"{text!r:.60} names no price",
                f"{_FORM}; categories: {', '.join(CATEGORIES)}",
                key="--price",
            )
        )
    percent = re.fullmatch(r"([+-].+)%", value)
    number = _number(percent[1] if percent else value)
    if percent and number is not None:
        factor = EXACT.add(Decimal(1), number.scaleb(-2, EXACT))
        if factor >= 0:
            return PriceChange(category, item, factor, None)
    elif number is not None and number >= 0:
        return PriceChange(category, item, None, number)
    raise ConfigError(Problem(f"{value!r:.40} is no price", _FORM, key="--price"))


def require_sense(
    changes: Iterable[PriceChange], charges: Sequence[Charged], known: Iterable[str]
) -> list[str]:
    """See that each change is for something, and return what had nothing to do.

    Args:
        changes: all of them.
        charges: of the time that is looked at.
        known: items of the price book.

    Raises:
        ConfigError: an item that neither charges nor price book know, or one that was
            priced in several units and is given one price.
    """
    items = set(known)
    idle = []
    for change in changes:
        meant = [c for c in charges if change.is_for(c.category, c.item)]
        if not meant:
            _require_known(change, items | {charge.item for charge in charges})
            idle.append(f"nothing was charged for {change.name} in these days")
        units = sorted({charge.priced_in for charge in meant})
        if change.price is not None and len(units) > 1:
            raise ConfigError(
                Problem(
                    f"{change.name} was priced by {' and by '.join(units)}",
                    f"change it by a percentage: {change.name}=+10%",
                    key="--price",
                )
            )
    return idle


def _require_known(change: PriceChange, items: set[str]) -> None:
    if not any(change.is_for(change.category, item) for item in items):
        raise ConfigError(
            Problem(
                f"nothing is called {change.item!r:.40}",
                did_you_mean(change.item, sorted(items)),
                key="--price",
            )
        )


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < 10**9 else None
