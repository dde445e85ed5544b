"""What the page says of generating again and of services, and what that rests on."""

from __future__ import annotations

from retouchd.ledger.prices import Price
from retouchd.ledger.schema.tables import CATEGORIES
from retouchd.report.alternatives import Alternative, Comparison
from retouchd.report.page.charts import Bar, bars
from retouchd.report.page.markup import Safe, joined, paragraph, section, table
from retouchd.report.summary import Summary
from retouchd.report.wording import money, times


def about_alternatives(summary: Summary) -> Safe:
    """Set an approved asset beside the same asset generated again."""
    comparison = summary.comparison
    return section(
        "Against the alternatives",
        _against_generators(summary),
        table(
            "Generating an asset again, until a person likes it",
            [
                "generator",
                "each",
                "credits",
                "waiting",
                "operator",
                "against ours",
                "price of a try",
            ],
            [_generator_row(one) for one in comparison.generators],
            texts=(0, 6),
        ),
        paragraph(
            "Credits are the price of one try times the tries. Waiting and operator "
            "are people's time. Finishing the new picture is not in it.",
            "soft",
        ),
        _against_services(comparison),
    )


def _against_generators(summary: Summary) -> Safe:
    line, currency = summary.report.total, summary.report.currency
    if line.per_approved is None or not line.approved:
        return paragraph("There is no approved asset to compare with.")
    whole = float(line.total) or 1.0
    each = float(line.per_approved)
    ours = {name: each * float(line.costs[name]) / whole for name in CATEGORIES}
    text = money(line.per_approved, currency)
    rows = [Bar("approved asset, here", ours, text, strong=True)]
    rows += [
        Bar(
            one.name,
            {
                "credits": float(one.credits or 0),
                "waiting": float(one.waiting),
                "people": float(one.operator),
            },
            money(one.each, currency),
        )
        for one in sorted(
            (one for one in summary.comparison.generators if one.each is not None),
            key=lambda one: one.each or 0,
        )
    ]
    return bars(f"An approved asset here, and generated again, in {currency}", rows)


def _generator_row(one: Alternative) -> list[str]:
    if one.each is None:
        return [one.name, "unpriced", "", "", "", "", one.note]
    return [
        one.name,
        money(one.each),
        money(one.credits),
        money(one.waiting),
        money(one.operator),
        times(one.factor),
        _sourced(one.price),
    ]


def _against_services(comparison: Comparison) -> Safe:
    """Compare services with what our machines spend on the same step."""
    rows = [
        [
            one.replaces.replace("_", " "),
            one.name,
            "unpriced" if one.each is None else money(one.each),
            money(one.ours),
            times(one.factor),
            _sourced(one.price) or one.note,
        ]
        for one in comparison.services
    ]
    return joined(
        [
            table(
                "Services that do one step, for each image",
                ["step", "service", "price", "here", "against ours", "source"],
                rows,
                texts=(0, 1, 5),
            ),
            paragraph(
                "Here: compute and energy of that step for each job that had it. "
                "People look at a service's results too: they are in neither column.",
                "soft",
            ),
        ]
    )


def about_assumptions(summary: Summary) -> Safe:
    """List every figure that nobody measured."""
    comparison = summary.comparison
    rows = [
        [
            one.name,
            f"{one.value.normalize():f}" + (" (changed)" if one.changed else ""),
            one.unit,
            one.source,
        ]
        for one in comparison.assumptions
    ]
    people = comparison.people
    if people is not None:
        price = "unpriced" if people.price is None else written_price(people)
        rows.append(["people's time", price, "price book", _sourced(people)])
    return section(
        "Assumptions",
        paragraph(
            "Generating again was not measured but computed from these. Change one "
            "with retouchd report --assume NAME=VALUE."
        ),
        table(
            "Every assumption of the comparison",
            ["assumption", "value", "unit", "source"],
            rows,
            texts=(0, 2, 3),
        ),
    )


def written_price(price: Price) -> str:
    """Write a price with its currency and unit."""
    return f"{price.price} {price.currency} per {price.unit.replace('_', ' ')}"


def _sourced(price: Price | None) -> str:
    if price is None:
        return ""
    date = "" if price.valid_from.startswith("1970") else f"{price.valid_from[:10]}: "
    return f"{date}{price.source} ({price.confidence})"
