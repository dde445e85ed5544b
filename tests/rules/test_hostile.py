"""Names and texts in rules that lead elsewhere or steer a terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from retouchd.errors import ConfigError
from retouchd.rules.load import find_rule, load_rule
from retouchd.rules.templates import check_template

WriteRule = Callable[..., Path]


@pytest.mark.parametrize(
    "name", ["../sample", "/etc/sample", "sub/sample", "", "sample\n"]
)
def test_a_rule_is_a_name_and_no_path(name: str, write_rule: WriteRule) -> None:
    """A file that is there is not found under a path."""
    folder = write_rule("rule: sample\n").parent
    (folder / "inner").mkdir()

    with pytest.raises(ConfigError, match="there is no rule"):
        find_rule([folder / "inner", folder], name)


@pytest.mark.parametrize(
    "character", ["\x9b", "\u202e", "\u2066", "\u200f", "\u2028", "\ud800"]
)
def test_templates_show_every_character(character: str) -> None:
    """Characters that turn or hide text are refused, and shown escaped."""
    with pytest.raises(ValueError, match="direction character") as caught:
        check_template(f"a{character}{{stem}}.png")

    assert caught.value.args[0].isprintable()


def test_a_key_does_not_steer_the_terminal(write_rule: WriteRule) -> None:
    """YAML can spell an escape in a key; the complaint spells it too."""
    path = write_rule('rule: sample\n"\\e[2J\\u202e": 1\n')

    with pytest.raises(ConfigError) as caught:
        load_rule(path)

    assert all(str(problem).isprintable() for problem in caught.value.problems)
    assert r"'\x1b[2J\u202e'" in str(caught.value)


def test_a_character_that_yaml_forbids_is_found_by_its_line(
    write_rule: WriteRule,
) -> None:
    """The reader of YAML knows only the position."""
    path = write_rule("rule: sample\n\ngoal: \x1b[2J\n")

    with pytest.raises(ConfigError, match=r"sample\.yaml:3: is not YAML"):
        load_rule(path)
