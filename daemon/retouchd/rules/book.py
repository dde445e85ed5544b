"""Keeps the last good version of every rule while their files change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from retouchd.errors import ConfigError, Problem
from retouchd.rules.load import Rules, find_rule, load_rule, load_rules
from retouchd.rules.schema import Rule

Stamp = tuple[tuple[str, int, int], ...]
"""Path, nanosecond of the last change and size, of a rule and of the files it names."""


class RuleBook:
    """The rules in force.

    Args:
        folders: where rules are looked for, in this order.
        names: every rule that a hot folder names.

    Raises:
        ConfigError: a rule is missing or wrong; at the start nothing stands in for it.
    """

    def __init__(self, folders: Sequence[Path], names: Iterable[str]) -> None:
        self._folders = tuple(folders)
        # Stamps come first: what changes while it is read is read again.
        names = tuple(dict.fromkeys(names))
        before = {name: self._rule_stamp(name) for name in names}
        self._rules: Rules = load_rules(self._folders, names)
        self._stamps = {
            name: before[name] + _stamp(rule.files)
            for name, rule in self._rules.items()
        }

    def rules_for(self, names: Iterable[str]) -> tuple[Rule, ...]:
        """Return the rules called *names*, in that order."""
        return tuple(self._rules[name] for name in names)

    def refresh(self) -> list[Problem]:
        """Take over changed files; return what is wrong with those that were refused.

        A refused version is reported once; the last good one stays in force until the
        file changes again.
        """
        problems: list[Problem] = []
        for name, rule in self._rules.items():
            stamp = self._rule_stamp(name) + _stamp(rule.files)
            if stamp == self._stamps[name]:
                continue
            self._stamps[name] = stamp
            try:
                self._take_over(name)
            except ConfigError as error:
                problems += error.problems
        return problems

    def _take_over(self, name: str) -> None:
        before = self._rule_stamp(name)
        rule = load_rule(find_rule(self._folders, name))
        self._rules[name] = rule
        self._stamps[name] = before + _stamp(rule.files)

    def _rule_stamp(self, name: str) -> Stamp:
        try:
            return _stamp([find_rule(self._folders, name)])
        except ConfigError:
            return ()


def _stamp(paths: Iterable[Path]) -> Stamp:
    found = []
    for path in paths:
        try:
            status = path.stat()
            found.append((str(path), status.st_mtime_ns, status.st_size))
        except OSError:  # gone for the moment; its return is a change
            found.append((str(path), 0, 0))
    return tuple(found)
