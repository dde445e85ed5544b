"""YAML as plain data, and none of its traps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from retouchd.errors import ConfigError
from retouchd.rules.yaml_nodes import MAX_BYTES, MAX_DEPTH, read_yaml

WriteRule = Callable[..., Path]

BOMB = "a: &a [x, x]\n" + "".join(
    f"{after}: &{after} [*{name}, *{name}]\n"
    for name, after in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGE_BOMB = "a: &a {k: 1}\nb:\n  <<: [*a, *a]\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (BOMB, 1, "anchor &a"),
        (MERGE_BOMB, 1, "anchor &a"),
        ("a: 1\nb: *a\n", 2, "alias *a"),
        ("a: 1\n<<: {b: 2}\n", 2, "merge key"),
        ("a: 1\nb: !!python/object/apply:os.system [id]\n", 2, "tag"),
        ("a: 1\nb: !!str 5\n", 2, "tag"),
        ("a: 1\nb: ! x\n", 2, "tag"),
        ("a: 1\nb: 2\na: 3\n", 3, "key 'a' twice"),
        ("a: 1\n? [b, c]\n: 2\n", 2, "as a key"),
        ("a: 1\n---\nb: 2\n", 3, "second document"),
        ("a: [1, 2\nb: 3\n", 2, "is not YAML"),
        ("a: 1\n\tb: 2\n", 2, "is not YAML"),
        ("a: 'open\n", 2, "is not YAML"),
        ("[" * 200_000, 1, f"deeper than {MAX_DEPTH}"),
        ("\n".join(" " * n + "a:" for n in range(300)), MAX_DEPTH + 1, "deeper"),
        ("x" * (MAX_BYTES + 1), 0, "longer than"),
        (b"a: \xff\xfe\n", 0, "cannot be read"),
        (b"a: \x00\n", 1, "is not YAML"),
    ],
)
def test_refuses_traps_with_their_line(
    write_rule: WriteRule, text: str | bytes, line: int, words: str
) -> None:
    """One problem, however large the trap: unfolded it would outlast every test."""
    path = write_rule(text)

    with pytest.raises(ConfigError) as caught:
        read_yaml(path)

    [problem] = caught.value.problems
    assert (problem.file, problem.line) == (str(path), line)
    assert words in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("0.40", 0.4),
        ("1e3", 1000.0),
        ("true", True),
        ("null", None),
        ("", None),
        ("'5'", "5"),
        ("no", "no"),
        ("on", "on"),
        ("16:9", "16:9"),
        ("2026-11-22", "2026-11-22"),
        (".inf", ".inf"),
        ("'#ffffff'", "#ffffff"),
        ("1" * 5000, "1" * 5000),
        ("|\n  two\n  lines\n", "two\nlines\n"),
        ("[1, {a: b}]", [1, {"a": "b"}]),
    ],
)
def test_plain_words_mean_what_they_look_like(
    write_rule: WriteRule, text: str, value: object
) -> None:
    """Numbers as in JSON; YAML 1.1's yes, no, dates and sexagesimals stay text."""
    document = read_yaml(write_rule(f"key: {text}"))

    assert document.content == {"key": value}


def test_knows_the_line_of_every_key(write_rule: WriteRule) -> None:
    """What is not in the file has the line of what surrounds it."""
    document = read_yaml(write_rule("a: 1\nb:\n  - c\n  - d:\n      e: 5\n"))

    paths = [("a",), ("b", 0), ("b", 1, "d", "e"), ("b", 1, "d", "gone"), ("gone",)]
    assert [document.line(path) for path in paths] == [1, 3, 5, 4, 1]
