"""The JSON Schema with which editors complete and check rule files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from retouchd.gates import known_gates
from retouchd.rules.schema import Rule
from retouchd.steps import known_steps


def rules_schema() -> dict[str, Any]:
    """Describe rule files, with every step and gate that is known here."""
    parts: dict[str, Mapping[str, type[BaseModel]]] = {
        "steps": known_steps(),
        "gates": known_gates(),
    }
    classes: list[type[BaseModel]] = [Rule]
    for known in parts.values():
        classes += known.values()
    references, definitions = models_json_schema(
        [(model, "validation") for model in classes],
        ref_template="#/$defs/{model}",
    )
    shared = definitions["$defs"]
    rule = shared.pop("Rule")
    for key, known in parts.items():
        words = {word: references[model, "validation"] for word, model in known.items()}
        rule["properties"][key] = _one_key_mappings(words)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **rule,
        "$defs": shared,
    }


def _one_key_mappings(words: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Describe a list whose entries are a word, or a word with its options."""
    if not words:
        return {"type": "array", "maxItems": 0}
    with_options = {
        "type": "object",
        "properties": dict(words),
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {"type": "array", "items": {"anyOf": [{"enum": [*words]}, with_options]}}
