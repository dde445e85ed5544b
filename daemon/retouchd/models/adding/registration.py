"""How a file becomes a model: safety, graph, what is known, a trial on a picture."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from retouchd.errors import ConfigError, ModelError, Problem
from retouchd.media.pixels import Pixels
from retouchd.models.adding.conventions import Conventions, Found, known_network
from retouchd.models.adding.fillers import settle_filler
from retouchd.models.adding.gaps import gaps, layout_of, misfits, output_of
from retouchd.models.adding.graph import Graph, Layout, Tensor, read_graph
from retouchd.models.adding.mattes import settle_matte
from retouchd.models.adding.upscalers import settle_upscaler
from retouchd.models.manifest import Manifest
from retouchd.models.onnx_safety import LARGEST_MODEL, refuse_unsafe
from retouchd.models.runtime import Runtime
from retouchd.models.session import Session
from retouchd.settings.explain import explain
from retouchd.values import Task, Tier

UNKNOWN = "unknown"

_Settle = Callable[[Session, Conventions, Pixels], tuple[Manifest, list[str]]]
_SETTLE: Mapping[Task, _Settle] = {
    "upscale": settle_upscaler,
    "matte": settle_matte,
    "inpaint": settle_filler,
}


@dataclass(frozen=True)
class Wishes:
    """What a person says of a network.

    Attributes:
        name: empty: from the name of the file.
        licence, source: empty: from the presets where the digest is known.
        known: conventions; they win over presets and trials.
    """

    task: Task
    tier: Tier
    name: str = ""
    default: bool = False
    licence: str = ""
    source: str = ""
    non_commercial: bool = False
    known: Conventions = field(default_factory=Conventions)


@dataclass(frozen=True)
class Candidacy:
    """A network that ran: its manifest, its bytes, and what people should know."""

    manifest: Manifest
    weights: bytes
    notes: tuple[str, ...]


def examine_network(file: Path, wishes: Wishes, picture: Pixels) -> Candidacy:
    """Read, describe and try a network; nothing is written.

    Args:
        file: one ONNX file.
        wishes: what a person says of it.
        picture: (H, W, 3) RGB, what it is tried on.

    Raises:
        ConfigError: every single thing that nobody said, with the option that says it.
        ModelError: the file is unsafe, does not run, or does not do its task.
    """
    weights = _read(file)
    refuse_unsafe(weights, file)
    graph = read_graph(weights, file)
    found = known_network(weights, file.name, wishes.task)
    known = wishes.known
    if found:
        known = known.over(found.preset.conventions)
    problems = [*misfits(graph, wishes.task, known), *gaps(graph, wishes.task, known)]
    if problems:
        raise ConfigError(*(Problem(text, hint, str(file)) for text, hint in problems))
    try:
        manifest = _sketch(file, weights, graph, wishes, known, found)
        session = Session(manifest, weights, Runtime("cpu"))
        settled, notes = _SETTLE[wishes.task](session, known, picture)
        # Trials go on with copies, which pydantic does not check.
        checked = Manifest.model_validate(settled.model_dump())
    except ModelError as error:
        error.file = str(file)  # the manifest names a place that does not exist yet
        raise
    except ValidationError as error:
        raise ConfigError(*_refused(file, error)) from error
    return Candidacy(checked, weights, (*_origin(found, checked), *notes))


def _refused(file: Path, error: ValidationError) -> Iterator[Problem]:
    for mistake in error.errors():
        key = ".".join(str(part) for part in mistake["loc"])
        message, hint = explain(mistake, ())
        yield Problem(message, hint, str(file), key=key)


def _read(file: Path) -> bytes:
    if not file.is_file():
        raise ModelError("no such file", hint="name one .onnx file", file=file)
    if file.stat().st_size > LARGEST_MODEL:
        raise ModelError("larger than 2 GiB", hint="ONNX ends there", file=file)
    return file.read_bytes()


def _sketch(
    file: Path,
    weights: bytes,
    graph: Graph,
    wishes: Wishes,
    known: Conventions,
    found: Found | None,
) -> Manifest:
    """Write down what is known before the trial."""
    preset = found.preset if found and found.by_digest else None
    output = output_of(graph, known)
    return Manifest(
        name=wishes.name or re.sub(r"[^\w.-]+", "-", file.stem).strip("-._"),
        task=wishes.task,
        tier=wishes.tier,
        default=wishes.default,
        file="weights.onnx",
        sha256=hashlib.sha256(weights).hexdigest(),
        bytes=len(weights),
        licence=wishes.licence or (preset.licence if preset else UNKNOWN),
        non_commercial=wishes.non_commercial or bool(preset and preset.non_commercial),
        source=wishes.source or (preset.source if preset else UNKNOWN),
        **_tables(graph, wishes.task, known, output.name if output else ""),
    )


def _tables(
    graph: Graph, task: Task, known: Conventions, output: str
) -> dict[str, Any]:
    picture = graph.pictures[0]
    layout = layout_of(picture, known)
    said = known.model_dump(exclude_none=True)
    entry = {"name": picture.name, "layout": layout, "size": _size(picture, layout)}
    entry |= _only(said, "channels", "range", "mean", "std", "divide_by_max", "size")
    exit_ = {"name": output} | _only(said, "activation")
    renamed = {"output_range": "range", "output_channels": "channels"}
    exit_ |= {renamed[key]: said[key] for key in renamed if key in said}
    return {
        "input": entry,
        "output": exit_,
        "mask": {"name": graph.masks[0].name} if task == "inpaint" else None,
        "scale": 2 if task == "upscale" else 1,
        "precision": ("fp16",) if picture.kind == "tensor(float16)" else ("fp32",),
    } | _only(said, "scale", "multiple_of", "tile", "backdrop_aid", "texture_aid")


def _only(values: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: values[key] for key in keys if key in values}


def _size(picture: Tensor, layout: Layout) -> int | tuple[int, int]:
    """Return the size that the graph insists on; 0: any."""
    height, width = picture.size(layout)
    if height is None or width is None:
        return 0
    return height if height == width else (height, width)


def _origin(found: Found | None, manifest: Manifest) -> Iterator[str]:
    """Say where the facts come from, and what is not known of the licence."""
    if found:
        how = "by its digest" if found.by_digest else "by the name of its file"
        yield f"recognised {how}; conventions from {found.preset.where}"
    if manifest.licence == UNKNOWN:
        yield "its licence is unknown: find out before you sell what it makes"
    if manifest.non_commercial:
        yield f"its licence ({manifest.licence}) forbids commercial use"
