"""Reads ``retouchd.toml`` and the environment, and names every mistake in them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from retouchd.errors import ConfigError, Problem
from retouchd.settings.environment import (
    CONFIG_VARIABLE,
    PREFIX,
    retouchd_variables,
)
from retouchd.settings.explain import distinct, explain, known_keys, nearest
from retouchd.settings.lines import Path as KeyPath
from retouchd.settings.lines import line_of, toml_lines
from retouchd.settings.roots import clashes
from retouchd.settings.schema import Settings

_ENVIRONMENT = "environment"
_FILE_ONLY = "HOT_FOLDERS"  # lists of tables have no variable
_PLACES = (Path("retouchd.toml"), Path("/etc/retouchd/retouchd.toml"))
_PATH_KEYS = ("database", "rules_dir", "models_dir")
_FOLDER_KEYS = ("path", "out", "review", "rejected", "done", "failed")


def find_config(config: Path | None = None) -> Path:
    """Return the file to read: *config*, ``$RETOUCHD_CONFIG``, or the usual places.

    Raises:
        ConfigError: there is none.
    """
    named = config or retouchd_variables().get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    for place in _PLACES:
        if place.is_file():
            return place
    raise ConfigError(
        Problem(
            "no configuration was found",
            "make ./retouchd.toml with `retouchd init`, or name a file with --config",
        )
    )


def load_settings(config: Path | None = None) -> Settings:
    """Read and check the whole configuration.

    Relative paths in the file start at the folder of the file.

    Raises:
        ConfigError: it holds mistakes; all of them, each with its place.
    """
    file = find_config(config).absolute()
    text, table = _read(file)
    problems = list(misspelt_variables())
    places = _Places(file, toml_lines(text), {problem.key for problem in problems})
    try:
        settings = Settings(**_anchored(table, file.parent))
    except SettingsError as error:  # a variable that stands for a whole table
        raise ConfigError(*problems) from error
    except ValidationError as error:
        problems += places.problems(error)
        raise ConfigError(*problems) from error
    problems += [places.found(key, p) for key, p in clashes(settings.hot_folders)]
    if problems:
        raise ConfigError(*problems)
    return settings


def _read(file: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem(
            f"cannot be read: {error}", "check path and permissions", str(file)
        )
        raise ConfigError(problem) from error
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = int(place[1]) if place else len(text.splitlines())
        problem = Problem(f"is not TOML: {error}", "mend this line", str(file), line)
        raise ConfigError(problem) from error
    except RecursionError as error:
        problem = Problem("is nested too deeply", "write it flat", str(file))
        raise ConfigError(problem) from error


def _anchored(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Let relative paths start at *folder*; values of a wrong type stay as they are."""
    result = _resolved(table, _PATH_KEYS, folder)
    folders = table.get("hot_folders")
    if isinstance(folders, list):
        result["hot_folders"] = [
            _resolved(entry, _FOLDER_KEYS, folder) if isinstance(entry, dict) else entry
            for entry in folders
        ]
    return result


def _resolved(
    table: Mapping[str, Any], keys: tuple[str, ...], folder: Path
) -> dict[str, Any]:
    paths = {
        key: folder / Path(table[key]).expanduser()
        for key in keys
        if isinstance(table.get(key), str)
    }
    return {**table, **paths}


def misspelt_variables() -> Iterator[Problem]:
    """Find variables that no key reads; pydantic-settings passes over most of them."""
    known = [*_variables_of(Settings, ""), CONFIG_VARIABLE.removeprefix(PREFIX)]
    for name in sorted(retouchd_variables()):
        word = name.removeprefix(PREFIX)
        if word not in known:
            hint = _right_variable(word, known)
            yield Problem("no such setting", hint, _ENVIRONMENT, key=name)


def _right_variable(word: str, known: list[str]) -> str:
    for name in known:
        if name.startswith(f"{word}__"):
            return f"name one key of that section, such as {PREFIX}{name}"
    match nearest(word, [*known, _FILE_ONLY]):
        case "":
            return "remove this variable"
        case str(near) if near == _FILE_ONLY:
            return "hot folders are set in the file only: [[hot_folders]]"
        case near:
            return f"did you mean {PREFIX}{near}?"


def _variables_of(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for key, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _variables_of(kind, f"{prefix}{key.upper()}__")
        elif key.upper() != _FILE_ONLY:
            yield f"{prefix}{key.upper()}"


class _Places:
    """Knows where each key was written."""

    def __init__(
        self, file: Path, lines: Mapping[KeyPath, int], strays: Collection[str]
    ) -> None:
        self._file = file
        self._lines = lines
        self._strays = strays
        self._variables = retouchd_variables()

    def problems(self, error: ValidationError) -> Iterator[Problem]:
        """Yield one problem for each mistake that pydantic found."""
        for mistake in distinct(error.errors()):
            if _variable(mistake["loc"]) not in self._strays:
                yield self._problem(mistake)

    def _problem(self, mistake: ErrorDetails) -> Problem:
        path = mistake["loc"]
        message, hint = explain(mistake, known_keys(Settings, path))
        variable = _variable(path)
        if variable in self._variables:
            return Problem(message, hint, _ENVIRONMENT, key=variable)
        return self.found(path, Problem(message, hint))

    def found(self, path: KeyPath, problem: Problem) -> Problem:
        """Add file, line and key to a problem of the file."""
        line = line_of(self._lines, path)
        key = dotted(path)
        return replace(problem, file=str(self._file), line=line, key=key)


def _variable(path: KeyPath) -> str:
    return PREFIX + "__".join(str(part) for part in path).upper()


def dotted(path: KeyPath) -> str:
    """Write a path as people do: ``hot_folders[0].path``."""
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)
    return text.lstrip(".")
