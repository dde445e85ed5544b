"""Reads rule files and names every mistake in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from retouchd.errors import ConfigError, Problem
from retouchd.gates import known_gates
from retouchd.rules.schema import RULE_NAME, Rule
from retouchd.rules.yaml_nodes import Document, read_yaml
from retouchd.settings.explain import did_you_mean, distinct, explain, known_keys
from retouchd.settings.lines import Path as KeyPath
from retouchd.settings.load import dotted
from retouchd.steps import known_steps

Rules = dict[str, Rule]
"""Rules by name."""

Part = TypeVar("Part", bound=BaseModel)


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
    for name in dict.fromkeys(available_rules(folders) if names is None else names):
        try:
            rules[name] = load_rule(find_rule(folders, name))
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


def load_rule(path: Path) -> Rule:
    """Read and check one rule file.

    Raises:
        ConfigError: every mistake, with file, line, key and the way out.
    """
    return _RuleFile(read_yaml(path)).rule()


class _RuleFile:
    """One file on its way to a rule; collects problems instead of stopping."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._problems: list[Problem] = []

    def rule(self) -> Rule:
        content = self._document.content
        if not isinstance(content, dict):
            self._complain((), "is not a rule", "begin with the line rule: NAME")
            raise ConfigError(*self._problems)
        steps = self._parts(content, "steps", known_steps())
        gates = self._parts(content, "gates", known_gates())
        rule = self._validated(Rule, {**content, "steps": steps, "gates": gates}, ())
        if rule is not None and rule.rule != self._document.file.stem:
            self._complain(
                ("rule",),
                f"{rule.rule!r} is not the name of the file",
                f"write {self._document.file.stem}, or rename the file",
            )
        if self._problems or rule is None:
            raise ConfigError(*sorted(self._problems, key=lambda p: p.line))
        rule.rule_hash  # noqa: B018  (reads the LUTs now: the hash is of this moment)
        return rule

    def _parts(
        self, content: Mapping[str, Any], key: str, known: Mapping[str, type[Part]]
    ) -> list[tuple[str, Part]]:
        """Read a list of steps or gates: words, or words with options."""
        entries = content.get(key) or []
        if not isinstance(entries, list):
            self._complain(
                (key,), "must be a list", f"begin each of the {key} with a -"
            )
            return []
        parts = [self._part((key, n), e, known) for n, e in enumerate(entries)]
        return [part for part in parts if part is not None]

    def _part(
        self, path: KeyPath, entry: object, known: Mapping[str, type[Part]]
    ) -> tuple[str, Part] | None:
        if isinstance(entry, str):
            entry = {entry: None}
        if not isinstance(entry, dict) or len(entry) != 1:
            hint = "write one word and its options: - flatten: {color: white}"
            self._complain(path, "must name exactly one thing", hint)
            return None
        [(word, options)] = entry.items()
        if word not in known:
            kind = str(path[0]).removesuffix("s")
            self._complain((*path, word), f"unknown {kind}", did_you_mean(word, known))
            return None
        part = self._validated(known[word], options or {}, (*path, word))
        return None if part is None else (word, part)

    def _validated(self, model: type[Part], options: Any, path: KeyPath) -> Part | None:
        context = {"folder": self._document.file.parent}
        try:
            return model.model_validate(options, context=context)
        except ConfigError as error:  # from a file that the options name
            self._problems += error.problems
        except ValidationError as error:
            self._explain(error, model, path)
        return None

    def _explain(
        self, error: ValidationError, model: type[BaseModel], path: KeyPath
    ) -> None:
        complaints: dict[KeyPath, list[tuple[str, str]]] = {}
        for mistake in distinct(error.errors()):
            keys = known_keys(model, mistake["loc"]) if mistake["loc"] else ()
            place = self._place(mistake, path)
            complaints.setdefault(place, []).append(explain(mistake, keys))
        for place, found in complaints.items():  # a value may be of several kinds
            messages, hints = (
                dict.fromkeys(texts) for texts in zip(*found, strict=True)
            )
            self._complain(place, "; ".join(messages), " or ".join(hints))

    def _place(self, mistake: ErrorDetails, path: KeyPath) -> KeyPath:
        """Cut from pydantic's path what is no key of the file."""
        full = (*path, *mistake["loc"])
        missing = mistake["type"] == "missing"
        ends = range(len(full) - missing, 0, -1)
        there = next((full[:n] for n in ends if full[:n] in self._document.lines), ())
        return full if missing else there

    def _complain(self, path: KeyPath, message: str, hint: str) -> None:
        document = self._document
        key = dotted(path)
        shown = key if key.isprintable() else ascii(key)  # it may steer a terminal
        self._problems.append(
            Problem(message, hint, str(document.file), document.line(path), shown)
        )
