"""Goals: what a result is for decides its size, first tier, ceiling and gates."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, field_validator

from retouchd.errors import ConfigError, Problem
from retouchd.gate import Check
from retouchd.gates import known_gates
from retouchd.rules.escalate import Escalate, checked, is_above
from retouchd.rules.reading import Reader
from retouchd.rules.schema import Rule
from retouchd.rules.yaml_nodes import Document, number
from retouchd.settings.lines import Path as KeyPath
from retouchd.settings.lines import line_of, toml_lines
from retouchd.settings.shipped import shipped_folder
from retouchd.values import Tier

FILE_NAME = "goals.toml"


class Goal(BaseModel):
    """What a rule does for one purpose, as far as it does not say so itself.

    Attributes:
        long_edge: pixels; for outputs and ``upscale`` steps that name no size.
        tier: where to begin.
        gates: pairs of word and gate, as in a rule.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    long_edge: int = Field(ge=1, le=100_000)
    tier: Tier = "draft"
    escalate: Escalate | None = None
    gates: tuple[tuple[str, SerializeAsAny[Check]], ...] = ()

    @field_validator("escalate")
    @classmethod
    def _goes_up(cls, escalate: Escalate | None, info: Any) -> Escalate | None:
        return checked(escalate, info.data.get("tier", "draft"))


Goals = Mapping[str, Goal]
"""Goals by name."""


def goals_file(folders: Sequence[Path]) -> Path | None:
    """Return the file of goals in force: of *folders*, else the shipped one."""
    places = (*folders, shipped_folder("rules"))
    files = (folder / FILE_NAME for folder in places)
    return next((file for file in files if file.is_file()), None)


def load_goals(folders: Sequence[Path]) -> Goals:
    """Read the goals in force; without any file there are none.

    Args:
        folders: where they are looked for, before those that ship.

    Raises:
        ConfigError: every mistake, with file, line, key and the way out.
    """
    file = goals_file(folders)
    return {} if file is None else _read_goals(_read_toml(file))


def _read_toml(file: Path) -> Document:
    try:
        text = file.read_text("utf-8")
        content = tomllib.loads(text, parse_float=number)
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(
            Problem(f"cannot be read: {error}", "save it as TOML in UTF-8", str(file))
        ) from error
    lines = toml_lines(text)
    return Document(file, content, dict(_all_lines(content, lines, ())))


def _all_lines(
    content: object, known: Mapping[KeyPath, int], path: KeyPath
) -> Iterator[tuple[KeyPath, int]]:
    """Yield the line of every key and entry, those of inline tables too."""
    yield path, line_of(known, path)
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _all_lines(value, known, (*path, key))
    if isinstance(content, list):
        for number, value in enumerate(content):
            yield from _all_lines(value, known, (*path, number))


def _read_goals(document: Document) -> Goals:
    reader = Reader(document, {})
    goals: dict[str, Goal] = {}
    for name, content in document.content.items():
        if not isinstance(content, dict):
            reader.complain((name,), "is not a goal", f"begin one with [{name}]")
            continue
        gates = reader.parts(content.get("gates"), (name, "gates"), known_gates())
        goal = reader.validated(Goal, {**content, "gates": gates}, (name,))
        if goal is not None:
            goals[name] = goal
    if reader.problems:
        raise ConfigError(*sorted(reader.problems, key=lambda p: p.line))
    return goals


def goal_of(rule: Rule, goals: Goals, drop: str = "") -> str:
    """Return the name of the goal of *drop* under *rule*; empty: none.

    Args:
        rule: as it was written.
        goals: those in force.
        drop: path below ``in/``; its first folder may be the name of a goal, in small
            or capital letters, and then counts more than what the rule says.
    """
    folder, slash, _ = drop.partition("/")
    by_folder = folder.casefold() if slash else ""
    return by_folder if by_folder in goals else rule.goal


def resolved(rule: Rule, name: str, goal: Goal) -> Rule:
    """Return *rule* with all that the goal called *name* adds to it.

    What the rule says itself stands: its tier, its ``escalate``, the sizes of its
    outputs and steps, and each gate that it names.

    Args:
        rule: as it was written.
        name: of the goal.
        goal: what it asks for.
    """
    said = rule.model_fields_set
    tier = rule.tier if "tier" in said else goal.tier
    escalate = rule.escalate if "escalate" in said else goal.escalate
    own_gates = {word for word, _ in rule.gates}
    changes: dict[str, Any] = {
        "goal": name,
        "tier": tier,
        "escalate": escalate if escalate and is_above(escalate, tier) else None,
        "steps": [(word, step.aiming_at(goal.long_edge)) for word, step in rule.steps],
        "gates": [
            *rule.gates,
            *((word, gate) for word, gate in goal.gates if word not in own_gates),
        ],
        "outputs": [
            output
            if output.size.is_set
            else output.model_copy(update={"long_edge": goal.long_edge})
            for output in rule.outputs
        ],
    }
    # Not a copy: that would carry along what the rule has cached, such as its hash.
    return Rule(**{key: getattr(rule, key) for key in Rule.model_fields} | changes)


def resolved_for(rule: Rule, goals: Goals, drop: str = "") -> Rule:
    """Return *rule* as it holds for *drop*; see ``goal_of`` and ``resolved``."""
    name = goal_of(rule, goals, drop)
    return resolved(rule, name, goals[name]) if name else rule
