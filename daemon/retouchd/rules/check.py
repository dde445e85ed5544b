"""What rules need of this machine, before any file waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from retouchd.errors import ModelError, Problem
from retouchd.gate import ClipGate
from retouchd.models.shelf import Shelf
from retouchd.rules.goals import Goal, Goals, resolved_for
from retouchd.rules.load import find_rule
from retouchd.rules.schema import Rule
from retouchd.rules.yaml_nodes import Document, read_yaml
from retouchd.settings.load import dotted
from retouchd.step import ModelStep
from retouchd.values import KindName, Task


def missing_models(
    rules: Iterable[Rule], goals: Goals, shelf: Shelf, folders: Sequence[Path]
) -> list[Problem]:
    """List the models that *rules* need and this machine does not have.

    Where a rule or its goal asks for a tier, any lower one will do, see ``tier_notes``;
    what a step asks for by itself must be here.

    Args:
        rules: as they were written.
        goals: those in force.
        shelf: the models of this machine.
        folders: where the files of the rules are.
    """
    problems = []
    for rule in dict.fromkeys(rules):
        wanted = resolved_for(rule, goals)
        for number, word, step in _model_steps(rule):
            tier = step.tier or shelf.best_tier(step.task, wanted.tier)
            try:
                shelf.choose(step.task, name=step.model, tier=tier)
            except ModelError as error:
                place = ("steps", number, word)
                problems.append(
                    _problem(_file_of(rule, folders), place, error.message, error.hint)
                )
    return problems


def tier_notes(
    rules: Iterable[Rule], goals: Goals, shelf: Shelf, folders: Sequence[Path]
) -> list[Problem]:
    """List where a tier is wished for that no model of this machine has.

    Nothing fails for it: jobs take the best tier below, or stay where they are, and
    their results go to ``review/`` with that reason. Arguments as for
    ``missing_models``.
    """
    return [
        note
        for rule in dict.fromkeys(rules)
        for note in _notes_on(rule, goals, shelf, folders)
    ]


def _notes_on(
    rule: Rule, goals: Goals, shelf: Shelf, folders: Sequence[Path]
) -> Iterator[Problem]:
    wanted = resolved_for(rule, goals)
    for number, word, step in _model_steps(rule):
        if step.model or step.tier:
            continue
        file, place = _file_of(rule, folders), ("steps", number, word)
        if wanted.tier not in shelf.tiers(step.task):
            is_own = "tier" in rule.model_fields_set
            who = "rule" if is_own else f"goal {rule.goal}"
            yield _problem(
                file,
                place,
                f"there is no {wanted.tier} model here, as the {who} asks: "
                "a lower tier works, and its results go to review/",
                _WAY_OUT,
            )
        begin, escalate = shelf.best_tier(step.task, wanted.tier), wanted.escalate
        if escalate and not shelf.higher_tier(step.task, begin, escalate.to):
            yield _problem(
                file,
                place,
                f"there is no model above {begin} here, up to {escalate.to}: where a "
                f"gate blames {word}, the result goes to review/ at once",
                _WAY_OUT,
            )


_WAY_OUT = "add one with `retouchd models add`, or look at `retouchd models list`"


def still_notes(
    rules: Iterable[Rule], goals: Goals, folders: Sequence[Path]
) -> list[Problem]:
    """List the gates for whole clips in rules that take stills, too or alone.

    Stills pass such gates unjudged; their jobs say so.

    Args:
        rules: as they were written.
        goals: those in force; their gates count where a rule names the goal.
        folders: where the files of the rules are.
    """
    return [
        _problem(
            _file_of(rule, folders),
            ("gates", number, word) if number < len(rule.gates) else ("goal",),
            f"{word} judges whole clips, and this rule takes "
            f"{_KINDS[rule.match.kind]}: stills pass without it",
            "say match: {kind: clip}, and give stills a rule of their own",
        )
        for rule in dict.fromkeys(rules)
        if rule.match.kind in _KINDS
        for number, (word, gate) in enumerate(resolved_for(rule, goals).gates)
        if isinstance(gate, ClipGate)
    ]


_KINDS: dict[KindName | None, str] = {None: "stills too", "still": "nothing but stills"}


def folder_notes(
    inbox: Path, rules: Iterable[Rule], goals: Goals, shelf: Shelf
) -> list[Problem]:
    """List the sub-folders of *inbox* whose goal begins at a tier that is not here.

    Args:
        inbox: folder ``in/`` of a hot folder; only sub-folders that exist count.
        rules: those of the hot folder, as they were written.
        goals: those in force.
        shelf: the models of this machine.

    Raises:
        OSError: the folder cannot be read.
    """
    folders = [path for path in sorted(inbox.iterdir()) if path.is_dir()]
    tasks = {
        step.task
        for rule in rules
        for _, _, step in _model_steps(rule)
        if not (step.model or step.tier or "tier" in rule.model_fields_set)
    }
    return [
        Problem(
            f"there is no {goals[name].tier} model for {', '.join(missing)} here: what "
            "is dropped there gets a lower tier, and its result goes to review/",
            _WAY_OUT,
            str(folder),
        )
        for folder in folders
        if (name := folder.name.casefold()) in goals
        and (missing := _missing(tasks, goals[name], shelf))
    ]


def budget_notes(
    hot_folder: str, rules: Iterable[Rule], folders: Sequence[Path]
) -> list[Problem]:
    """List the rules that speak of the budget of *hot_folder*, which has none.

    Args:
        hot_folder: its name.
        rules: its rules.
        folders: where the files of the rules are.
    """
    return [
        _problem(
            _file_of(rule, folders),
            ("budget",),
            f"the hot folder {hot_folder} has no budget: this never counts there",
            "give it a table [hot_folders.budget]",
        )
        for rule in rules
        if rule.budget
    ]


def _missing(tasks: Iterable[Task], goal: Goal, shelf: Shelf) -> list[Task]:
    return [task for task in sorted(tasks) if goal.tier not in shelf.tiers(task)]


def _model_steps(rule: Rule) -> Iterator[tuple[int, str, ModelStep]]:
    for number, (word, step) in enumerate(rule.steps):
        if isinstance(step, ModelStep):
            yield number, word, step


def _file_of(rule: Rule, folders: Sequence[Path]) -> Document:
    return read_yaml(find_rule(folders, rule.rule))


def _problem(
    document: Document, place: tuple[str | int, ...], message: str, hint: str
) -> Problem:
    line = document.line(place)
    return Problem(message, hint, str(document.file), line, dotted(place))
