"""Finds hot folders that name a rule which is not there."""

from __future__ import annotations

from pathlib import Path

from retouchd.errors import Problem
from retouchd.settings.explain import did_you_mean
from retouchd.settings.lines import line_of, toml_lines
from retouchd.settings.load import dotted
from retouchd.settings.schema import Settings


def missing_rules(config: Path, settings: Settings) -> list[Problem]:
    """List the rules that *config* names and no rules folder has.

    Args:
        config: the file that was read.
        settings: what it said.
    """
    known = sorted(
        {path.stem for place in settings.rules_folders for path in place.glob("*.yaml")}
    )
    lines = toml_lines(config.read_text(encoding="utf-8"))
    problems = []
    for number, folder in enumerate(settings.hot_folders):
        key = ("hot_folders", number, "rules")
        problems += [
            Problem(
                f"there is no rule {name!r}",
                did_you_mean(name, known),
                str(config.absolute()),
                line_of(lines, key),
                dotted(key),
            )
            for name in folder.rules
            if name not in known
        ]
    return problems
