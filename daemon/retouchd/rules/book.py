"""Keeps the last good version of every rule while their files change."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from retouchd.errors import ConfigError, Problem
from retouchd.rules.goals import Goals, goal_of, goals_file, load_goals, resolved
from retouchd.rules.load import Rules, find_rule, load_rule, load_rules
from retouchd.rules.schema import Rule

Stamp = tuple[tuple[str, int, int], ...]
"""Path, nanosecond of the last change and size, of a rule and of the files it names."""


class RuleBook:
    """The rules in force, and the goals that complete them.

    Args:
        folders: where rules and goals are looked for, in this order.
        names: every rule that a hot folder names.

    Raises:
        ConfigError: a rule is missing or wrong; at the start nothing stands in for it.
    """

    def __init__(self, folders: Sequence[Path], names: Iterable[str]) -> None:
        self._folders = tuple(folders)
        # Stamps come first: what changes while it is read is read again.
        names = tuple(dict.fromkeys(names))
        before = {name: self._rule_stamp(name) for name in names}
        self._goals_stamp = self._stamp_of_goals()
        self._goals: Goals = load_goals(self._folders)
        self._rules: Rules = load_rules(self._folders, names)
        self._stamps = {
            name: before[name] + _stamp(rule.files)
            for name, rule in self._rules.items()
        }
        self._in_force = self._resolve()

    def rules_for(self, names: Iterable[str], drop: str = "") -> tuple[Rule, ...]:
        """Return the rules called *names* as they hold for *drop*, in that order.

        Args:
            names: of rules.
            drop: path below ``in/``; its first folder may be the name of a goal.
        """
        rules, goals = self._in_force
        return tuple(
            rules[name, goal_of(rules[name, ""], goals, drop)] for name in names
        )

    def as_written(self, names: Iterable[str]) -> tuple[Rule, ...]:
        """Return the rules called *names* without what goals add to them."""
        return tuple(self._rules[name] for name in names)

    @property
    def goals(self) -> Goals:
        """The goals in force."""
        return self._goals

    def refresh(self) -> list[Problem]:
        """Take over changed files; return what is wrong with those that were refused.

        A refused version is reported once; the last good one stays in force until the
        file changes again.
        """
        problems: list[Problem] = []
        has_changed = False
        for read in self._due():
            try:
                read()
                has_changed = True
            except ConfigError as error:
                problems += error.problems
        if has_changed:
            self._in_force = self._resolve()
        return problems

    def _due(self) -> Iterator[Callable[[], None]]:
        """Yield how each changed file is taken over."""
        stamp = self._stamp_of_goals()
        if stamp != self._goals_stamp:
            self._goals_stamp = stamp
            yield self._take_over_goals
        for name, rule in list(self._rules.items()):
            stamp = self._rule_stamp(name) + _stamp(rule.files)
            if stamp != self._stamps[name]:
                self._stamps[name] = stamp
                yield partial(self._take_over, name)

    def _take_over_goals(self) -> None:
        """Read the goals anew, unless a rule names one that is not there any more."""
        goals = load_goals(self._folders)
        for name, rule in self._rules.items():
            if rule.goal and rule.goal not in goals:
                raise ConfigError(
                    Problem(
                        f"the goal {rule.goal!r} is gone, the rule {name} needs it",
                        "put it back, or change the rule first",
                        str(goals_file(self._folders) or ""),
                    )
                )
        self._goals = goals

    def _take_over(self, name: str) -> None:
        before = self._rule_stamp(name)
        rule = load_rule(find_rule(self._folders, name), self._goals)
        self._rules[name] = rule
        self._stamps[name] = before + _stamp(rule.files)

    def _resolve(self) -> tuple[dict[tuple[str, str], Rule], Goals]:
        """Complete each rule for each goal that a drop may bring.

        In one value, because the threads of hot folders read it meanwhile.
        """
        found: dict[tuple[str, str], Rule] = {}
        for name, rule in self._rules.items():
            found[name, ""] = rule
            for goal, content in self._goals.items():
                found[name, goal] = resolved(rule, goal, content)
                with contextlib.suppress(OSError):  # a LUT may be gone by now
                    found[name, goal].rule_hash  # noqa: B018  (hashed here, once)
        return found, self._goals

    def _rule_stamp(self, name: str) -> Stamp:
        try:
            return _stamp([find_rule(self._folders, name)])
        except ConfigError:
            return ()

    def _stamp_of_goals(self) -> Stamp:
        file = goals_file(self._folders)
        return _stamp([file]) if file else ()


def _stamp(paths: Iterable[Path]) -> Stamp:
    found = []
    for path in paths:
        try:
            status = path.stat()
            found.append((str(path), status.st_mtime_ns, status.st_size))
        except OSError:  # gone for the moment; its return is a change
            found.append((str(path), 0, 0))
    return tuple(found)
