"""What else an approved asset could have cost: generated again, or sent to a service.

The model of generating again, for one approved asset::

    tries x price of a try
    + tries x (60 x operator_minutes + waiting_seconds x waiting_share) x people

Finishing what was generated is not in it, nor is the person's look at a service's
result; so both comparisons favour the alternative.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from retouchd.errors import ConfigError, Problem
from retouchd.ledger.lines import Line, Report
from retouchd.ledger.prices import Price, PriceBook
from retouchd.ledger.units import EXACT
from retouchd.ledger.usage import cost

DEFAULTS = Path(__file__).with_name("alternatives.toml")

PEOPLE = "reviewer"
"""Item of the price book that tells what an hour of a person costs."""

_PLACES = 12


@dataclass(frozen=True)
class Assumption:
    """One figure that nobody measured.

    Attributes:
        unit: what the value counts, in words.
        source: where it comes from.
        changed: whether the asker put another value in.
    """

    name: str
    value: Decimal
    unit: str
    source: str
    changed: bool = False


@dataclass(frozen=True)
class Alternative:
    """Another way to one asset.

    Attributes:
        name: of the generator or service.
        replaces: the step that a service does; empty: the whole asset is made anew.
        each: money for one asset; ``None``: unpriced.
        credits, waiting, operator: what *each* is made of.
        ours: money for the same here: an approved asset, or the compute and energy of
            that step for one job; ``None``: nothing to compare with.
        price: the price that was used.
        note: why it is unpriced.
    """

    name: str
    replaces: str
    each: Decimal | None
    credits: Decimal | None
    waiting: Decimal
    operator: Decimal
    ours: Decimal | None
    price: Price | None
    note: str = ""

    @property
    def factor(self) -> float | None:
        """How many times as much as ours it costs."""
        if self.each is None or not self.ours:
            return None
        return float(self.each / self.ours)


@dataclass(frozen=True)
class Comparison:
    """All alternatives to what a report says, and what they rest on.

    Attributes:
        people: the price of a person's time that was used; ``None``: unpriced.
    """

    currency: str
    assumptions: tuple[Assumption, ...]
    people: Price | None
    generators: tuple[Alternative, ...]
    services: tuple[Alternative, ...]

    @property
    def cheapest_generator(self) -> Alternative | None:
        """The generator with which making it again costs least."""
        priced = [one for one in self.generators if one.each is not None]
        return min(priced, key=lambda one: one.each or Decimal(0), default=None)


def assumptions(changes: Mapping[str, str] = MappingProxyType({})) -> list[Assumption]:
    """Return every assumption, those in *changes* with the value given there.

    Raises:
        ConfigError: an unknown name, or a value that is no number of at least 0.
    """
    known = [_assumption(table) for table in _defaults()["assumptions"]]
    names = [one.name for one in known]
    for name in changes:
        if name not in names:
            hint = f"known: {', '.join(names)}"
            raise ConfigError(Problem("there is no such assumption", hint, key=name))
    return [
        replace(one, value=_number(one.name, changes[one.name]), changed=True)
        if one.name in changes
        else one
        for one in known
    ]


def compare(
    whole: Report,
    by_step: Iterable[Line],
    prices: PriceBook,
    assumed: Iterable[Assumption],
) -> Comparison:
    """Set what *whole* says beside what the alternatives would cost.

    Args:
        whole: a report; its total and its currency count.
        by_step: the lines of the same report, grouped by step.
        prices: the price book of the day.
        assumed: from ``assumptions``.
    """
    figures = tuple(assumed)
    values = {one.name: one.value for one in figures}
    people = prices.find(PEOPLE, "people_second")
    market = _Market(whole.currency, prices, values, people)
    steps = {line.group: _own_cost(line) for line in by_step}
    tables = _defaults()
    return Comparison(
        whole.currency,
        figures,
        people,
        tuple(
            market.generator(table, whole.total.per_approved)
            for table in tables["generators"]
        ),
        tuple(
            market.service(table, steps.get(table["step"]))
            for table in tables["services"]
        ),
    )


@dataclass(frozen=True)
class _Market:
    """Prices and assumptions, and what they make of one alternative."""

    currency: str
    prices: PriceBook
    values: Mapping[str, Decimal]
    people: Price | None

    def generator(self, table: Mapping[str, str], ours: Decimal | None) -> Alternative:
        """Make the asset anew, until a person likes it."""
        tries = self.values["tries"]
        size = self.values["generated_megapixels"]
        price, amount, note = self._bought(
            table, tries * (size if table["unit"] == "megapixel" else 1)
        )
        waited = self.values["waiting_seconds"] * self.values["waiting_share"]
        waiting = self._of_people(tries * waited)
        operator = self._of_people(tries * 60 * self.values["operator_minutes"])
        each = amount
        if amount is not None:
            each = EXACT.add(amount, EXACT.add(waiting, operator))
        if not _counts(self.people, self.currency):
            each, note = None, "people's time has no price in this currency"
        return Alternative(
            table["name"], "", each, amount, waiting, operator, ours, price, note
        )

    def service(self, table: Mapping[str, str], ours: Decimal | None) -> Alternative:
        """Let a service do one step."""
        price, amount, note = self._bought(table, Decimal(1))
        nothing = Decimal(0)
        return Alternative(
            table["name"],
            table["step"],
            amount,
            amount,
            nothing,
            nothing,
            ours,
            price,
            note,
        )

    def _bought(
        self, table: Mapping[str, str], quantity: Decimal
    ) -> tuple[Price | None, Decimal | None, str]:
        key = table["provider"], table["item"], table["unit"]
        price = next((one for one in self.prices.prices if one.key == key), None)
        if price is None:
            return None, None, "not in the price book"
        if price.price is None:
            return price, None, price.source
        if not _counts(price, self.currency):
            return price, None, f"priced in {price.currency}"
        return price, cost(quantity, price), ""

    def _of_people(self, seconds: Decimal) -> Decimal:
        priced = self.people if _counts(self.people, self.currency) else None
        return cost(seconds, priced) or Decimal(0)


def _counts(price: Price | None, currency: str) -> bool:
    return price is not None and price.price is not None and price.currency == currency


def _own_cost(line: Line) -> Decimal | None:
    """Return what one job pays for a step: machines alone, no person and no credits."""
    if not line.jobs:
        return None
    spent = EXACT.add(line.costs["compute"], line.costs["energy"])
    return round(EXACT.divide(spent, Decimal(line.jobs)), _PLACES)


@cache
def _defaults() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(DEFAULTS.read_text("utf-8"))


def _assumption(table: Mapping[str, str]) -> Assumption:
    value = Decimal(table["value"])
    return Assumption(table["name"], value, table["unit"], table["source"])


def _number(name: str, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    if not (value.is_finite() and 0 <= value <= 1_000_000):
        raise ConfigError(
            Problem(
                f"{text!r:.40} is no number from 0 to 1,000,000",
                f"write it as in --assume {name}=3",
                key=name,
            )
        )
    return value
