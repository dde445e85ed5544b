"""The files that a rule names, and what stands for them in its digest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel


def paths_in(value: object) -> Iterator[Path]:
    """Yield every path in *value*, a part of a rule."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from paths_in(getattr(value, name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from paths_in(item)


def with_digests(content: Any, digests: dict[str, str]) -> Any:
    """Return *content*, as JSON holds it, with paths replaced by their *digests*."""
    if isinstance(content, dict):
        return {key: with_digests(value, digests) for key, value in content.items()}
    if isinstance(content, list):
        return [with_digests(value, digests) for value in content]
    return digests.get(content, content) if isinstance(content, str) else content
