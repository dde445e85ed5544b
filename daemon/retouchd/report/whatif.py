"""What past work would have cost at other prices or tiers; nothing is stored.

Other prices are exact: every charge is priced anew. Another tier is an estimate: a step
is taken to use, for each megapixel, what the same step was seen to use at that tier in
this ledger, the prices are those of the charges, and the gates judge as they did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from retouchd.errors import ConfigError, Problem
from retouchd.ledger.database import Database
from retouchd.ledger.lines import Charged, Report
from retouchd.ledger.prices import PriceBook
from retouchd.ledger.schema.tables import CATEGORIES
from retouchd.ledger.tier_usage import Resource, StepUsage, usage_by_step
from retouchd.ledger.units import EXACT
from retouchd.ledger.usage import cost
from retouchd.report.price_changes import PriceChange, require_sense
from retouchd.values import TIERS, Tier

_PLACES = 12

TierChange = tuple[Tier, Tier]
"""The tier at which steps ran, and the one at which they would have run."""


@dataclass(frozen=True)
class WhatIf:
    """Booked money beside what it would have been.

    Attributes:
        booked, changed: money by category.
        approved: assets of that time.
        carried: money booked earlier on jobs that approved ones refine; it stays.
        unpriced: charges that have no price in *changed*.
        notes: what was assumed, and what could not be told.
    """

    currency: str
    booked: Mapping[str, Decimal]
    changed: Mapping[str, Decimal]
    approved: int
    carried: Decimal
    unpriced: int
    notes: tuple[str, ...]

    def figures(self) -> list[tuple[str, Decimal | None, Decimal | None]]:
        """Return (name, booked, what if) by category, in total, each approved."""
        with localcontext(EXACT):
            booked = sum(self.booked.values(), Decimal(0))
            changed = sum(self.changed.values(), Decimal(0))
        rows: list[tuple[str, Decimal | None, Decimal | None]] = [
            (name, self.booked[name], self.changed[name]) for name in CATEGORIES
        ]
        each = self._each(booked), self._each(changed)
        return [*rows, ("total", booked, changed), ("per approved asset", *each)]

    def _each(self, total: Decimal) -> Decimal | None:
        if not self.approved:
            return None
        whole = EXACT.add(total, self.carried)
        return round(EXACT.divide(whole, Decimal(self.approved)), _PLACES)


def read_tier_change(text: str) -> TierChange:
    """Read ``FROM=TO``.

    Raises:
        ConfigError: one of them is no tier, or both are the same.
    """
    names = {tier: tier for tier in TIERS}
    begin, _, end = text.partition("=")
    if begin not in names or end not in names or begin == end:
        raise ConfigError(
            Problem(
                f"{text!r:.40} changes no tier",
                f"write FROM=TO with two of {', '.join(TIERS)}, such as hero=standard",
                key="--tier",
            )
        )
    return names[begin], names[end]


def what_if(
    database: Database,
    made: Report,
    prices: PriceBook,
    price_changes: Sequence[PriceChange] = (),
    tier_changes: Iterable[TierChange] = (),
) -> WhatIf:
    """Compute what the jobs of a report would have cost.

    Args:
        database: the ledger; only read.
        made: a report without an end; charges in other currencies are left out.
        prices: for a device that has no charges in that time.
        price_changes: of several for one item the last one counts.
        tier_changes: each step changes its tier once.

    Raises:
        ConfigError: a change is for nothing that is known, or no step that ran at a
            tier was ever seen at the other one.
        LedgerError: the ledger cannot be read.
    """
    whole, currency = made.total, made.currency
    charges = [one for one in whole.charges if one.currency == currency]
    items = {price.item for price in prices.prices}
    notes = require_sense(price_changes, charges, items)
    table = _Table(charges, currency, prices, price_changes)
    changed = dict.fromkeys(CATEGORIES, Decimal(0))
    for charge in charges:
        changed[charge.category] = EXACT.add(
            changed[charge.category], table.amount(charge)
        )
    for begin, end in tier_changes:
        ran = usage_by_step(database, begin, made.since or "")
        swap = _Swap(begin, end, ran)
        moved = swap.moved(usage_by_step(database, end) if ran else {})
        for resource, quantity in moved.items():
            changed[resource[0]] = EXACT.add(
                changed[resource[0]], EXACT.multiply(quantity, table.price_of(resource))
            )
        notes += swap.notes
    return WhatIf(
        currency,
        whole.costs,
        changed,
        whole.approved,
        whole.carried,
        sum(table.unpriced(charge) for charge in charges),
        tuple(notes + table.gaps),
    )


class _Table:
    """Charges at changed prices, and what one more of each resource costs there."""

    def __init__(
        self,
        charges: Sequence[Charged],
        currency: str,
        prices: PriceBook,
        changes: Sequence[PriceChange],
    ) -> None:
        self._charges = charges
        self._currency = currency
        self._prices = prices
        self._changes = changes
        self.gaps: list[str] = []

    def amount(self, charge: Charged) -> Decimal:
        """Return what *charge* comes to."""
        change = self._change_for(charge.category, charge.item)
        return change.amount(charge) if change else charge.amount

    def unpriced(self, charge: Charged) -> int:
        """Return how many of its rows have no price."""
        change = self._change_for(charge.category, charge.item)
        return change.unpriced(charge) if change else charge.unpriced

    def price_of(self, resource: Resource) -> Decimal:
        """Return money for one base unit: the mean of the charges, else the book's."""
        charged = [
            charge
            for charge in self._charges
            if (charge.category, charge.item, charge.unit) == resource
        ]
        with localcontext(EXACT):
            amount = sum(map(self.amount, charged), Decimal(0))
            measured = sum((charge.measured for charge in charged), Decimal(0))
            if measured:
                return amount / measured
        return self._price_in_book(resource)

    def _price_in_book(self, resource: Resource) -> Decimal:
        category, item, unit = resource
        price = self._prices.find(item, unit)
        if price is not None and price.currency == self._currency:
            change = self._change_for(category, item)
            amount = cost(Decimal(1_000_000), change.of(price) if change else price)
            if amount is not None:
                return amount.scaleb(-6, EXACT)
        self.gaps.append(f"{item} has no price: {category} lacks it")
        return Decimal(0)

    def _change_for(self, category: str, item: str) -> PriceChange | None:
        fitting = [one for one in self._changes if one.is_for(category, item)]
        return fitting[-1] if fitting else None


class _Swap:
    """Steps that ran at one tier and would have run at another."""

    def __init__(self, begin: Tier, end: Tier, ran: Mapping[str, StepUsage]) -> None:
        self._begin, self._end, self._ran = begin, end, ran
        self.notes: list[str] = []

    def moved(self, seen: Mapping[str, StepUsage]) -> dict[Resource, Decimal]:
        """Return by resource how much more (or less) would have been used.

        Raises:
            ConfigError: no step that ran was seen at the other tier.
        """
        steps = ", ".join(sorted(self._ran))
        if not self._ran:
            self.notes.append(f"no model ran at tier {self._begin} in these days")
        elif not self._ran.keys() & seen.keys():
            raise ConfigError(
                Problem(
                    f"{steps} never ran at tier {self._end} here",
                    "only a tier that this ledger has seen can be told",
                    key="--tier",
                )
            )
        sums: dict[Resource, Decimal] = {}
        for step, ran in sorted(self._ran.items()):
            if step in seen:
                self._move(step, ran, seen[step], sums)
            else:
                self.notes.append(
                    f"{step} never ran at tier {self._end} here: it stays as booked"
                )
        return sums

    def _move(
        self, step: str, ran: StepUsage, seen: StepUsage, sums: dict[Resource, Decimal]
    ) -> None:
        for resource, quantity in seen.for_megapixels(ran.megapixels).items():
            sums[resource] = EXACT.add(sums.get(resource, Decimal(0)), quantity)
        for resource, quantity in ran.used.items():
            sums[resource] = EXACT.subtract(sums.get(resource, Decimal(0)), quantity)
        self.notes.append(
            f"{step}: {ran.runs} runs at tier {self._begin}, {ran.megapixels:.1f} MP, "
            f"at what {seen.runs} runs at tier {self._end} used for each megapixel"
        )
