"""What a worker is told about a result that a person sent back to be refined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from retouchd.inspect.frame import rectangle
from retouchd.jobs.order import Order
from retouchd.ledger.fixes import Recipe, result_name
from retouchd.rules.schema import Match, Rule
from retouchd.steps import known_steps
from retouchd.values import Region

_LABEL = "fix"
"""Label of the areas that a person named; tags inside the file have other ones."""


def refining_order(order: Order, recipe: Recipe, rules: Sequence[Rule]) -> Order:
    """Turn *order* into one that does what *recipe* says, and nothing else.

    The rule that made the result keeps its gates, as far as they look at this step or
    at the result as a whole, its outputs, and its word on review. The refined result
    is named after the first drop.

    Args:
        order: as for a drop.
        recipe: what a person asked for.
        rules: of the hot folder; without the rule that made the result no rule is
            given, and the job says so.
    """
    chosen = tuple(
        _refining_rule(rule, recipe) for rule in rules if rule.rule == recipe.rule
    )
    name = result_name(recipe.source, Path(order.drop.name))
    return replace(
        order,
        drop=replace(order.drop, name=name, members=()),
        rules=chosen,
        regions=tuple(
            Region(_LABEL, rectangle(*region), source="review fix")
            for region in recipe.regions
        ),
    )


def _refining_rule(rule: Rule, recipe: Recipe) -> Rule:
    kind = known_steps()[recipe.step]
    takes_regions = "regions" in kind.model_fields
    step = kind.model_validate({"regions": (_LABEL,)} if takes_regions else {})
    gates = tuple(
        (word, gate)
        for word, gate in rule.gates
        if not gate.watches or recipe.step in gate.watches
    )
    said = {name: getattr(rule, name) for name in Rule.model_fields}
    changed = {"match": Match(), "steps": ((recipe.step, step),), "gates": gates}
    return Rule(**(said | changed))
