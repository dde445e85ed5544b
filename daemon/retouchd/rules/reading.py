"""Turns the plain data of a file into checked values and names every mistake in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from retouchd.errors import ConfigError, Problem
from retouchd.rules.yaml_nodes import Document
from retouchd.settings.explain import did_you_mean, distinct, explain, known_keys
from retouchd.settings.lines import Path as KeyPath
from retouchd.settings.load import dotted

Part = TypeVar("Part", bound=BaseModel)


class Reader:
    """One file on its way to values; collects problems instead of stopping.

    Attributes:
        document: the file.
        problems: what was found wrong so far.
        context: what validators may ask, beside the folder of the file.
    """

    def __init__(self, document: Document, context: Mapping[str, Any]) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.context = {"folder": document.file.parent, **context}

    def parts(
        self, entries: object, path: KeyPath, known: Mapping[str, type[Part]]
    ) -> list[tuple[str, Part]]:
        """Read a list of steps or gates: words, or words with options.

        Args:
            entries: what stands at *path*, whose last key is ``steps`` or ``gates``.
            path: its place in the file.
            known: classes by their words.
        """
        if not entries:
            return []
        if not isinstance(entries, list):
            self.complain(path, "must be a list", "begin each entry with a -")
            return []
        parts = [self._part((*path, n), e, known) for n, e in enumerate(entries)]
        return [part for part in parts if part is not None]

    def _part(
        self, path: KeyPath, entry: object, known: Mapping[str, type[Part]]
    ) -> tuple[str, Part] | None:
        if isinstance(entry, str):
            entry = {entry: None}
        if not isinstance(entry, dict) or len(entry) != 1:
            hint = "write one word and its options: - flatten: {color: white}"
            self.complain(path, "must name exactly one thing", hint)
            return None
        [(word, options)] = entry.items()
        if word not in known:
            kind = str(path[-2]).removesuffix("s")
            self.complain((*path, word), f"unknown {kind}", did_you_mean(word, known))
            return None
        part = self.validated(known[word], options or {}, (*path, word))
        return None if part is None else (word, part)

    def validated(self, model: type[Part], options: Any, path: KeyPath) -> Part | None:
        """Return *options*, found at *path*, as a *model*; ``None``: they are wrong."""
        try:
            return model.model_validate(options, context=self.context)
        except ConfigError as error:  # from a file that the options name
            self.problems += error.problems
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
            self.complain(place, "; ".join(messages), " or ".join(hints))

    def _place(self, mistake: ErrorDetails, path: KeyPath) -> KeyPath:
        """Cut from pydantic's path what is no key of the file."""
        full = (*path, *mistake["loc"])
        missing = mistake["type"] == "missing"
        ends = range(len(full) - missing, 0, -1)
        there = next((full[:n] for n in ends if full[:n] in self.document.lines), ())
        return full if missing else there

    def complain(self, path: KeyPath, message: str, hint: str) -> None:
        """Note that what stands at *path* is wrong."""
        document = self.document
        key = dotted(path)
        shown = key if key.isprintable() else ascii(key)  # it may steer a terminal
        self.problems.append(
            Problem(message, hint, str(document.file), document.line(path), shown)
        )
