"""What a rule needs of this machine, before any file waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from retouchd.errors import ModelError, Problem
from retouchd.models.shelf import Shelf
from retouchd.rules.load import find_rule
from retouchd.rules.schema import Rule
from retouchd.rules.yaml_nodes import read_yaml
from retouchd.settings.load import dotted
from retouchd.step import ModelStep


def missing_models(
    rules: Iterable[Rule], shelf: Shelf, folders: Sequence[Path]
) -> list[Problem]:
    """List the models that *rules* ask for and this machine does not have.

    Args:
        rules: as they were loaded.
        shelf: the models of this machine.
        folders: where the files of the rules are.
    """
    problems = []
    for rule in dict.fromkeys(rules):
        for number, (word, step) in enumerate(rule.steps):
            if not isinstance(step, ModelStep):
                continue
            try:
                shelf.choose(step.task, name=step.model, tier=step.tier or rule.tier)
            except ModelError as error:
                place = ("steps", number, word)
                document = read_yaml(find_rule(folders, rule.rule))
                problems.append(
                    Problem(
                        error.message,
                        error.hint,
                        str(document.file),
                        document.line(place),
                        dotted(place),
                    )
                )
    return problems
