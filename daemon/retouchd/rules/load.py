"""Reads rule files and names every mistake in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from retouchd.errors import ConfigError, Problem
from retouchd.gates import known_gates
from retouchd.rules.goals import Goals, load_goals
from retouchd.rules.reading import Reader
from retouchd.rules.schema import RULE_NAME, Rule
from retouchd.rules.yaml_nodes import Document, read_yaml
from retouchd.settings.explain import did_you_mean
from retouchd.steps import known_steps

Rules = dict[str, Rule]
"""Rules by name."""


def load_rules(folders: Sequence[Path], names: Iterable[str] | None = None) -> Rules:
    """Load rules by name; of two with the same name the earlier folder's counts.

    Args:
        folders: where ``NAME.yaml`` is looked for, in this order.
        names: which rules; ``None``: every rule there is.

    Raises:
        ConfigError: every mistake of every file.
    """
    rules: Rules = {}
    problems: list[Problem] = []
    goals = load_goals(folders)
    for name in dict.fromkeys(available_rules(folders) if names is None else names):
        try:
            rules[name] = load_rule(find_rule(folders, name), goals)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return rules


def available_rules(folders: Iterable[Path]) -> list[str]:
    """List the names of all rules in *folders*, sorted."""
    return sorted({path.stem for folder in folders for path in folder.glob("*.yaml")})


def find_rule(folders: Sequence[Path], name: str) -> Path:
    """Return the file of the rule *name*.

    Raises:
        ConfigError: no folder has it.
    """
    is_name = re.fullmatch(RULE_NAME, name)  # a path could lead anywhere
    for folder in folders if is_name else ():
        path = folder / f"{name}.yaml"
        if path.is_file():
            return path
    places = ", ".join(str(folder) for folder in folders)
    hint = did_you_mean(name, available_rules(folders))
    raise ConfigError(Problem(f"there is no rule {name!r} in {places}", hint))


def load_rule(path: Path, goals: Goals | None = None) -> Rule:
    """Read and check one rule file; what its goal adds is not in it yet.

    Args:
        path: the file.
        goals: those that it may name; ``None``: those of its folder, else those that
            ship.

    Raises:
        ConfigError: every mistake, with file, line, key and the way out.
    """
    if goals is None:
        goals = load_goals([path.parent])
    return _read_rule(read_yaml(path), goals)


def _read_rule(document: Document, goals: Goals) -> Rule:
    content = document.content
    has_goal = isinstance(content, dict) and content.get("goal") is not None
    reader = Reader(document, {"goals": goals, "has_goal": has_goal})
    if not isinstance(content, dict):
        reader.complain((), "is not a rule", "begin with the line rule: NAME")
        raise ConfigError(*reader.problems)
    steps = reader.parts(content.get("steps"), ("steps",), known_steps())
    gates = reader.parts(content.get("gates"), ("gates",), known_gates())
    rule = reader.validated(Rule, {**content, "steps": steps, "gates": gates}, ())
    if rule is not None and rule.rule != document.file.stem:
        reader.complain(
            ("rule",),
            f"{rule.rule!r} is not the name of the file",
            f"write {document.file.stem}, or rename the file",
        )
    if reader.problems or rule is None:
        raise ConfigError(*sorted(reader.problems, key=lambda p: p.line))
    rule.rule_hash  # noqa: B018  (reads the LUTs now: the hash is of this moment)
    return rule
