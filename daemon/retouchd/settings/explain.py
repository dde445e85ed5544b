"""Turns the complaints of pydantic into sentences with a way out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "string": "text",
    "bool": "true or false",
    "tuple": "a list",
    "list": "a list",
    "dict": "a group of keys",
    "model": "a group of keys",
    "path": "a path",
}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


def nearest(word: object, known: Iterable[str]) -> str:
    """Return what of *known* was meant by *word*; empty if nothing is near."""
    by_shape = {name.casefold(): name for name in known}
    near = get_close_matches(str(word).casefold(), by_shape, n=1, cutoff=0.6)
    return by_shape[near[0]] if near else ""


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Name the entry of *known* that is nearest to *word*, or else all of them."""
    names = list(known)
    near = nearest(word, names)
    return f"did you mean {near}?" if near else f"known: {', '.join(names)}"


def distinct(errors: Iterable[ErrorDetails]) -> list[ErrorDetails]:
    """Drop what only follows from another mistake.

    A required key that is misspelt is missing too; a default that is made of other
    keys cannot be made.
    """
    errors = list(errors)
    strays = [error["loc"] for error in errors if error["type"] == "extra_forbidden"]
    return [
        error
        for error in errors
        if error["type"] != "default_factory_not_called"
        and not (
            error["type"] == "missing"
            and any(_meant(stray, error["loc"]) for stray in strays)
        )
    ]


def _meant(stray: tuple[str | int, ...], wanted: tuple[str | int, ...]) -> bool:
    siblings = stray[:-1] == wanted[:-1]
    return siblings and bool(nearest(stray[-1], [str(wanted[-1])]))


def explain(error: ErrorDetails, known: Iterable[str] = ()) -> tuple[str, str]:
    """Return what is wrong and what to do about it.

    A validator of ours may raise ``ValueError(message, hint)``.

    Args:
        error: one entry of ``ValidationError.errors()``.
        known: the keys that may stand where this one stands.
    """
    kind, found, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "missing":
        return "is missing", "add this key"
    if kind == "extra_forbidden":
        return "unknown key", did_you_mean(error["loc"][-1], known)
    if kind in {"value_error", "assertion_error"}:
        return _own_words(context["error"])
    if kind == "literal_error":
        choices = _choices(context["expected"])
        return f"{found!r:.60} is not allowed here", did_you_mean(found, choices)
    return _wrong_value(kind, found, context), "give another value"


def _own_words(error: Exception) -> tuple[str, str]:
    message, hint, *_ = (*error.args, "correct this value")
    return str(message), str(hint)


def _choices(expected: str) -> list[str]:
    return expected.replace(" or ", ", ").replace("'", "").split(", ")


def _wrong_value(kind: str, found: object, context: Mapping[str, Any]) -> str:
    wanted = _KINDS.get(kind.partition("_")[0], "")
    if kind in _BOUNDS:
        words, name = _BOUNDS[kind]
        wanted = f"{words} {context[name]}"
    elif kind == "string_pattern_mismatch":
        wanted = f"of the form {context['pattern']}"
    elif kind == "too_short":
        return "is empty"
    return f"must be {wanted or 'another value'}, found {found!r:.60}"


def known_keys(model: type[BaseModel], path: Iterable[str | int]) -> list[str]:
    """List the keys beside the one at *path*, through nested models and lists."""
    *way, _ = path
    for part in way:
        field = model.model_fields.get(str(part))
        if field is not None:
            model = next(_models_in(field.annotation), model)
    return [field.alias or name for name, field in model.model_fields.items()]


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
