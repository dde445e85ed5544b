"""Sums of a report that can be added to one another without losing a digit.

Everything is an integer: money and quantities in units of 10^-24, seconds in
microseconds, areas in pixels. So it does not matter in which order rows are added, nor
which of them were added up before.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from operator import add
from typing import NamedTuple

import numpy as np

from retouchd.ledger.exact_sums import PLACES
from retouchd.ledger.units import EXACT

COUNTS = (
    "jobs",
    "delivered",
    "approved",
    "rejected",
    "in_review",
    "failed",
    "waiting",
    "finished",
    "first_pass",
    "first_pass_plain",
    "reviews",
    "given_us",
    "estimated_us",
    "attempts",
    "escalated",
    "pixels_in",
    "pixels_out",
    "cpu_us",
    "gpu_us",
    "clip_us",
)
"""What a tally counts, see ``lines.Line``."""

ChargeKey = tuple[str, str, str, str, str]
"""Category, item, measured unit, unit of the price, currency."""


class Charge(NamedTuple):
    """One booked cost in whole numbers of 10^-24; amount ``None``: unpriced."""

    key: ChargeKey
    measured: int
    quantity: int
    amount: int | None

    @property
    def sums(self) -> tuple[ChargeKey, tuple[int, ...]]:
        """What it adds to a tally, see ``Tally.charges``."""
        unpriced = int(self.amount is None)
        return self.key, (self.measured, self.quantity, self.amount or 0, 1, unpriced)


_LAST = "~"  # sorts behind every time


@dataclass
class Tally:
    """What one group of jobs adds up to.

    Attributes:
        counts: in the order of ``COUNTS``.
        charges: by key: measured, quantity, amount, rows, rows without a price.
        waits: arrival to delivery of each job that has both, see ``bucket_of``.
        starts: arrival to first edit, likewise.
        first, last: the first arrival and the last delivery of those in *waits*.
        begin, end: the first arrival and the last end of any job.
        devices: names of the GPUs that were used.
        clips: money booked on clips, by currency.
    """

    counts: list[int] = field(default_factory=lambda: [0] * len(COUNTS))
    charges: dict[ChargeKey, list[int]] = field(default_factory=dict)
    waits: array[int] = field(default_factory=lambda: array("H"))
    starts: array[int] = field(default_factory=lambda: array("H"))
    first: str = _LAST
    last: str = ""
    begin: str = _LAST
    end: str = ""
    devices: set[str] = field(default_factory=set)
    clips: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Add all that *other* holds."""
        self.counts = list(map(add, self.counts, other.counts))
        for key, sums in other.charges.items():
            self.add_charge(key, sums)
        self.waits.extend(other.waits)
        self.starts.extend(other.starts)
        self.first = min(self.first, other.first)
        self.last = max(self.last, other.last)
        self.begin = min(self.begin, other.begin)
        self.end = max(self.end, other.end)
        self.devices |= other.devices
        for currency, amount in other.clips.items():
            self.clips[currency] = self.clips.get(currency, 0) + amount

    def add_charge(self, key: ChargeKey, sums: Iterable[int]) -> None:
        """Add *sums* (measured, quantity, amount, rows, unpriced) to one item."""
        known = self.charges.get(key)
        self.charges[key] = [*sums] if known is None else list(map(add, known, sums))

    def book(self, charge: Charge, *, of_a_clip: bool) -> None:
        """Add *charge*, or a share of one."""
        self.add_charge(*charge.sums)
        if of_a_clip and charge.amount:
            currency = charge.key[-1]
            self.clips[currency] = self.clips.get(currency, 0) + charge.amount


def atoms(text: str) -> int:
    """Read a decimal *text* of at most 24 places as a whole number of 10^-24."""
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(PLACES, "0")[:PLACES])


def decimal_of(number: int) -> Decimal:
    """Turn a whole number of 10^-24 into the decimal that it stands for."""
    return Decimal(number).scaleb(-PLACES, EXACT)


def micro(quantity: float | None) -> int:
    """Return *quantity* in millionths; the ledger stores no finer ones."""
    return round((quantity or 0) * 1_000_000)


def bucket_of(milliseconds: int) -> int:
    """Number a duration so that durations of equal first three digits share it.

    Below 1 s every millisecond has its number; above, each power of ten has 900.
    """
    if milliseconds < 1000:
        return max(milliseconds, 0)
    power = len(str(milliseconds)) - 3
    return 900 * power + milliseconds // int(10**power)


def seconds_of(bucket: int) -> float:
    """Return the shortest duration of a bucket, in seconds."""
    if bucket < 1000:
        return bucket / 1000
    power = (bucket - 100) // 900
    return (bucket - 900 * power) * int(10**power) / 1000


def nearest_rank(buckets: array[int], percent: int) -> float | None:
    """Return the smallest duration that *percent* % of all do not exceed."""
    if not buckets:
        return None
    counted = np.bincount(np.frombuffer(buckets, dtype=np.uint16))
    rank = -(-len(buckets) * percent // 100)
    return seconds_of(int(np.searchsorted(np.cumsum(counted), rank)))
