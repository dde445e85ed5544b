"""What work costs: prices and usage seen, as a worker can carry them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from retouchd.ledger.seen_usage import Key, Use, size_class
from retouchd.ledger.units import EXACT, PLACES, is_named_in
from retouchd.values import StepRun


@dataclass(frozen=True)
class Rates:
    """Prices of the base units, all in one currency.

    Attributes:
        cpu_second, joule: ``None``: unpriced.
        gpu_seconds: by the price book's word for a device, its own prices first.
    """

    currency: str = ""
    cpu_second: Decimal | None = None
    joule: Decimal | None = None
    gpu_seconds: tuple[tuple[str, Decimal], ...] = ()

    def gpu_second(self, device: str) -> Decimal | None:
        """Return the price of a second on *device*; ``None``: unpriced."""
        fitting = (rate for item, rate in self.gpu_seconds if is_named_in(item, device))
        return next(fitting, None)


@dataclass(frozen=True)
class CostGuide:
    """Tells what a step has cost, and what one would cost.

    Attributes:
        seen: usage per megapixel, by model, device and classes of size.
    """

    rates: Rates = Rates()
    seen: Mapping[Key, Use] = field(default_factory=dict)

    def times(self, pictures: int) -> CostGuide:
        """Return a guide for so many pictures that are alike, told of one of them."""
        rates = self.rates
        many = Rates(
            rates.currency,
            None if rates.cpu_second is None else rates.cpu_second * pictures,
            None if rates.joule is None else rates.joule * pictures,
            tuple((item, rate * pictures) for item, rate in rates.gpu_seconds),
        )
        return replace(self, rates=many)

    def cost(self, use: Use, device: str) -> Decimal | None:
        """Return what *use* on *device* costs; ``None``: part of it has no price."""
        parts = (
            (use.cpu_s, self.rates.cpu_second),
            (use.gpu_s, self.rates.gpu_second(device)),
            (use.joules, self.rates.joule),
        )
        total = Decimal(0)
        for quantity, rate in parts:
            if quantity and rate is None:
                return None
            if quantity and rate is not None:
                total += EXACT.multiply(Decimal(repr(quantity)), rate)
        return total.quantize(PLACES)

    def cost_of(self, run: StepRun) -> Decimal | None:
        """Return what *run* has cost; ``None``: part of it has no price."""
        return self.cost(Use(run.cpu_s, run.gpu_s, run.joules or 0.0), run.device)

    def knowing(self, model: str, run: StepRun, use: Use) -> CostGuide:
        """Return a guide that also knows that *model* uses *use* in place of *run*."""
        sizes = size_class(run.megapixels_in), size_class(run.megapixels_out)
        each = use.times(1 / max(run.megapixels_in, run.megapixels_out))
        return replace(self, seen={**self.seen, (model, run.device, *sizes): each})

    def usage_of(self, model: str, run: StepRun) -> Use | None:
        """Return what *model* would use in place of *run*; ``None``: never seen.

        Of the sizes that were seen on that device the nearest ones count, pixel for
        pixel.
        """
        sizes = size_class(run.megapixels_in), size_class(run.megapixels_out)
        keys = [key for key in self.seen if key[:2] == (model, run.device)]
        if not keys:
            return None
        nearest = min(keys, key=lambda key: (math.dist(key[2:], sizes), key))
        return self.seen[nearest].times(max(run.megapixels_in, run.megapixels_out))
