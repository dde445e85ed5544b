"""What a report says: one line per group, the total, and the shares of the money.

Money is an exact ``Decimal`` in the currency of the report. Times are seconds, sizes
megapixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Literal

from retouchd.ledger.schema.tables import CATEGORIES
from retouchd.ledger.units import EXACT

Grouping = Literal[
    "hot_folder", "rule", "origin", "kind", "model", "tier", "step", "person", "day"
]

SHARED = ("category", "tier", "step", "model", "origin", "person")
"""What ``Report.shares`` splits the money by."""

PER_RUN = ("model", "tier", "step")
"""Groupings by what a step run says: a job may stand in several of their lines."""

NAMELESS = "-"
"""The group of what has no name: no rule, no model, no person."""

_PLACES = 12


@dataclass(frozen=True)
class Charged:
    """All booked charges of one item in one unit and currency.

    Attributes:
        category: ``compute``, ``energy``, ``credits`` or ``people``.
        item: what was used, such as ``cpu_core``, a device or a generator.
        unit: the base unit of *measured*.
        measured: the exact sum of what was charged for.
        priced_in: the unit of the price at which it was booked.
        quantity: the sum of the booked quantities, in *priced_in*.
        currency: of *amount*.
        amount: the booked money; charges without a price add nothing.
        charges: how many rows of ``job_charges`` these are.
        unpriced: how many of them have no price.
    """

    category: str
    item: str
    unit: str
    measured: Decimal
    priced_in: str
    quantity: Decimal
    currency: str
    amount: Decimal
    charges: int
    unpriced: int


@dataclass
class Line:
    """One group of a report, or its total.

    A job that used two models counts in both of their lines, but its cost is split
    between them, so that lines add up to the total.

    Attributes:
        delivered: jobs whose results are in place: passed straight or approved.
        approved: finished jobs whose result is good: never sent to a person, or
            approved by one.
        rejected: jobs that a person turned down.
        in_review: jobs that wait for a person's verdict.
        waiting: jobs that wait for space, a share, or a person's decision where one
            output went.
        finished: jobs with an end (approved, rejected or failed) that refine no other.
        first_pass: those of *finished* that were approved without any rejection.
        first_pass_plain: those of *first_pass* that never escalated.
        attempts: runs through the steps, repeats and escalations among them.
        escalated: attempts in which a step ran at a higher tier than before.
        files_per_hour: delivered files over the time from the first arrival to the
            last delivery; ``None`` without a delivery.
        seconds_p50, seconds_p95: from arrival to delivery, nearest rank, three
            significant digits.
        first_edit_p50, first_edit_p95: from arrival to the first step at work.
        cpu_utilisation: busy CPU seconds over window x cores; ``None``: no window.
        gpu_utilisation: likewise over the devices that were used.
        reviews: verdicts of people.
        people_given_s, people_estimated_s: their seconds, as told or as estimated.
        clip_s: seconds of video, of clips and sequences.
        clip_cost: the booked money that is theirs.
        charges: booked usage and money by item, all currencies.
        costs: booked money by category.
        carried: money booked, before the time of the report, on jobs that approved
            jobs of this line refine.
        unpriced: charges without an amount in the currency of the report.
        repriced: what the same usage costs at other prices; ``None``: not asked.
        repriced_carried: what *carried* is at those prices.
        repriced_gaps: charges that the other prices do not cover.
    """

    group: str
    jobs: int = 0
    delivered: int = 0
    approved: int = 0
    rejected: int = 0
    in_review: int = 0
    failed: int = 0
    waiting: int = 0
    finished: int = 0
    first_pass: int = 0
    first_pass_plain: int = 0
    attempts: int = 0
    escalated: int = 0
    megapixels_in: float = 0.0
    megapixels_out: float = 0.0
    files_per_hour: float | None = None
    seconds_p50: float | None = None
    seconds_p95: float | None = None
    first_edit_p50: float | None = None
    first_edit_p95: float | None = None
    cpu_s: float = 0.0
    gpu_s: float = 0.0
    cpu_utilisation: float | None = None
    gpu_utilisation: float | None = None
    reviews: int = 0
    people_given_s: float = 0.0
    people_estimated_s: float = 0.0
    clip_s: float = 0.0
    clip_cost: Decimal = Decimal(0)
    charges: tuple[Charged, ...] = ()
    costs: dict[str, Decimal] = field(
        default_factory=lambda: dict.fromkeys(CATEGORIES, Decimal(0))
    )
    carried: Decimal = Decimal(0)
    unpriced: int = 0
    repriced: Decimal | None = None
    repriced_carried: Decimal = Decimal(0)
    repriced_gaps: int = 0

    @property
    def total(self) -> Decimal:
        """All booked money of the group."""
        with localcontext(EXACT):
            return sum(self.costs.values(), Decimal(0))

    @property
    def per_delivered(self) -> Decimal | None:
        """Booked money for each delivered asset, to 12 places."""
        return _each(self.total, self.delivered)

    @property
    def per_approved(self) -> Decimal | None:
        """Booked money for each approved asset, to 12 places.

        All money of the group counts: rejects, failures, repeats, escalations, reviews
        and the jobs that were refined.
        """
        return _each(EXACT.add(self.total, self.carried), self.approved)

    @property
    def per_clip_second(self) -> Decimal | None:
        """Booked money of clips for each second of them, to 12 places.

        Clips that failed or were turned down count, with their seconds.
        """
        return _each(self.clip_cost, Decimal(str(self.clip_s)))

    @property
    def repriced_per_approved(self) -> Decimal | None:
        """The same at the other prices; ``None`` where none were asked for."""
        if self.repriced is None:
            return None
        return _each(EXACT.add(self.repriced, self.repriced_carried), self.approved)

    @property
    def first_pass_yield(self) -> float | None:
        """Share of finished jobs approved without a rejection, 0..1."""
        return _share(self.first_pass, self.finished)

    @property
    def plain_yield(self) -> float | None:
        """Share of finished jobs approved at their first tier, 0..1."""
        return _share(self.first_pass_plain, self.finished)

    @property
    def escalation_share(self) -> float | None:
        """Share of attempts that escalated, 0..1."""
        return _share(self.escalated, self.attempts)

    @property
    def credits(self) -> dict[str, Decimal]:
        """Bought quantities by ``item unit``, such as ``nano-banana image``."""
        bought: dict[str, Decimal] = {}
        for charge in self.charges:
            if charge.category == "credits":
                key = f"{charge.item} {charge.unit}"
                sofar = bought.get(key, Decimal(0))
                bought[key] = EXACT.add(sofar, charge.measured)
        return bought


@dataclass(frozen=True)
class Report:
    """Lines by group, in alphabetical order, and the line of all jobs.

    Attributes:
        by: what makes a group.
        since: the first moment of arrival, as asked for; ``None``: the beginning.
        until: the first moment that is left out; ``None``: no end.
        currency: of all money in it.
        shares: booked money by group for each of ``SHARED``. Each adds up to the
            total; in ``person``, ``-`` has what is no person's time.
        idle: booked money on no job, by category; in no line and not in the total.
        window_s: from the first arrival to the last end of a job.
        cores: CPU cores that the utilisation is of.
        gpus: devices that the utilisation is of.
        repriced_at: the date of the other prices, where they are the ledger's own.
        beside: the lines by *by* and by every other grouping that was asked for.
    """

    by: Grouping
    since: str | None
    until: str | None
    currency: str
    lines: tuple[Line, ...]
    total: Line
    shares: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    idle: Mapping[str, Decimal] = field(default_factory=dict)
    window_s: float = 0.0
    cores: int = 1
    gpus: int = 0
    repriced_at: str | None = None
    beside: Mapping[Grouping, tuple[Line, ...]] = field(default_factory=dict)


def _each(money: Decimal, count: int | Decimal) -> Decimal | None:
    return round(EXACT.divide(money, Decimal(count)), _PLACES) if count else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
