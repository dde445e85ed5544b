"""Reads YAML as plain data with line numbers, and nothing that could be a trap.

No anchors, aliases, tags, merge keys or duplicate keys; bounded in length and depth.
Plain words mean what JSON would mean by them: ``no`` and ``16:9`` are text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, cast

import yaml

from retouchd.errors import ConfigError, Problem
from retouchd.settings.lines import Path as KeyPath
from retouchd.settings.lines import line_of

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20

_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_WHOLE = re.compile(r"[-+]?\d{1,18}")
_DECIMAL = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+(?=e))(e[-+]?\d{1,3})?", re.IGNORECASE)


@dataclass(frozen=True)
class Document:
    """One YAML file as plain data.

    Attributes:
        file: where it was read.
        content: dicts, lists, text, numbers, booleans and ``None``.
        lines: 1-based line of each key and list entry, by its path.
    """

    file: Path
    content: Any
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def line(self, path: KeyPath) -> int:
        """Return the line of *path*, or of the nearest thing around it."""
        return line_of(self.lines, path) or 1


def read_yaml(file: Path) -> Document:
    """Read one YAML document.

    Raises:
        ConfigError: the file cannot be read, is no YAML, or uses what is refused.
    """
    return _Reader(file, _text(file)).document()


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ConfigError(
                Problem(f"is longer than {MAX_BYTES} bytes", "shorten it", str(file))
            )
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            Problem(f"cannot be read: {error}", "save it as UTF-8, readable", str(file))
        ) from error


class _Reader:
    """Builds data from the events of the parser, which alone know of every trick."""

    def __init__(self, file: Path, text: str) -> None:
        self._file = file
        self._text = text
        self._lines: dict[KeyPath, int] = {}
        self._events: Iterator[yaml.Event] = iter(())

    def document(self) -> Document:
        try:
            self._events = self._checked_events()
            content = self._value(next(self._events), ())
            for event in self._events:
                self._refuse(event, "holds a second document", "keep one rule per file")
        except yaml.YAMLError as error:
            self._not_yaml(error)
        except StopIteration:
            content = None
        return Document(self._file, content, self._lines)

    def _checked_events(self) -> Iterator[yaml.Event]:
        """Yield the events of values and their ends, as long as nothing is refused."""
        depth = 0
        for event in yaml.parse(self._text, Loader=yaml.SafeLoader):
            self._check(event)
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                self._refuse(event, f"is nested deeper than {MAX_DEPTH}", "flatten it")
            if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
                yield event

    def _check(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"alias *{event.anchor}", "write the value out")
        if anchor := getattr(event, "anchor", None):
            self._refuse(event, f"anchor &{anchor}", "write the value out")
        if (tag := getattr(event, "tag", None)) is not None:
            self._refuse(event, f"tag {tag}", "write a plain value")

    def _value(self, event: yaml.Event, path: KeyPath) -> Any:
        self._lines.setdefault(path, _line(event))
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return _scalar(cast("yaml.ScalarEvent", event))

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, found)
            self._lines[*path, key] = _line(event)
            found[key] = self._value(next(self._events), (*path, key))
        return found

    def _sequence(self, path: KeyPath) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found))))
        return found

    def _key(self, event: yaml.Event, taken: dict[str, Any]) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "a group of keys as a key", "name the key with a word")
        if event.value == "<<":
            self._refuse(event, "merge key <<", "write the keys out")
        if event.value in taken:
            self._refuse(event, f"key {event.value!r} twice", "keep one of the two")
        return str(event.value)

    def _refuse(self, event: yaml.Event, message: str, hint: str) -> NoReturn:
        line = _line(event)
        raise ConfigError(
            Problem(f"{message}: not allowed", hint, str(self._file), line)
        )

    def _not_yaml(self, error: yaml.YAMLError) -> NoReturn:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        before = self._text[: getattr(error, "position", 0)]
        line = mark.line + 1 if mark else before.count("\n") + 1
        hint = "mend the indentation, quotes or brackets near this line"
        raise ConfigError(
            Problem(f"is not YAML: {what}", hint, str(self._file), line)
        ) from error


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _scalar(event: yaml.ScalarEvent) -> str | float | bool | None:
    text = str(event.value)
    if event.style is not None:  # quoted or a block: always text
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text)
    return number(text) if _DECIMAL.fullmatch(text) else text


def number(text: str) -> float | str:
    """Return the number that *text* means; as text where a float would round it."""
    is_exact = sum(letter.isdigit() for letter in text) <= sys.float_info.dig
    return float(text) if is_exact else text
