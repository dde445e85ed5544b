"""What a rule needs of this machine, before any file waits for it."""

from __future__ import annotations

from collections.abc import Iterable

from retouchd.errors import ModelError, Problem
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Rule
from retouchd.step import ModelStep


def missing_models(rules: Iterable[Rule], shelf: Shelf) -> list[Problem]:
    """List the models that *rules* ask for and this machine does not have."""
    problems = []
    for rule in dict.fromkeys(rules):
        for number, (word, step) in enumerate(rule.steps):
            if not isinstance(step, ModelStep):
                continue
            try:
                shelf.choose(step.task, name=step.model, tier=step.tier or rule.tier)
            except ModelError as error:
                key = f"steps[{number}].{word}"
                problems.append(Problem(error.message, error.hint, rule.rule, 0, key))
    return problems
