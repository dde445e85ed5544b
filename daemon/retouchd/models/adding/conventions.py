"""What a graph does not say of itself: how pixels enter a network and leave it."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from retouchd.models.manifest import Channels, Edge, Order, Range
from retouchd.values import Task

_PRESETS = Path(__file__).with_name("presets.toml")


class Conventions(BaseModel):
    """What is known of a network; ``None``: not known, or for the graph to say.

    Each field is a key of the presets and an option of ``retouchd models add``; the
    meanings are those of ``Manifest`` and its tables.

    Attributes:
        range, output_range: what black and white are to the network.
        output: name of the output that counts, where there are several.
        hole: value of a hole in the mask.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layout: Literal["NCHW", "NHWC"] | None = None
    channels: Order | None = None
    output_channels: Order | None = None
    range: Range | None = None
    output_range: Range | None = None
    mean: Channels | None = None
    std: Channels | None = None
    divide_by_max: bool | None = None
    size: Edge | tuple[Edge, Edge] | None = None
    activation: Literal["none", "sigmoid", "minmax"] | None = None
    output: str | None = None
    hole: float | None = None
    scale: int | None = None
    multiple_of: int | None = None
    tile: int | None = None
    halo: int | None = None
    backdrop_aid: bool | None = None
    texture_aid: bool | None = None

    @property
    def says_normalisation(self) -> bool:
        """Whether somebody said how the pixels of the input are scaled."""
        return not (self.range is None and self.mean is None and self.std is None)

    def over(self, other: Conventions) -> Conventions:
        """Return *other* with everything that is known here in its place."""
        known = self.model_dump(exclude_none=True)
        return other.model_copy(update=known)


class Preset(BaseModel):
    """One well-known network.

    Attributes:
        sha256, md5: digests of its files; these are sure.
        files: patterns of file names; conventions alone are taken from them, because
            a name promises nothing about the licence of what is inside.
        where: page on which the conventions can be read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: tuple[str, ...] = ()
    md5: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    task: Task
    licence: str
    non_commercial: bool = False
    source: str
    where: str
    conventions: Conventions = Conventions()


class Found(BaseModel):
    """A preset and how it was found."""

    model_config = ConfigDict(frozen=True)

    preset: Preset
    by_digest: bool


def known_network(weights: bytes, file_name: str, task: Task) -> Found | None:
    """Find the preset of *weights*, by digest, else by a pattern of its name."""
    sha256 = hashlib.sha256(weights).hexdigest()
    md5 = hashlib.md5(weights, usedforsecurity=False).hexdigest()
    for preset in presets():
        if sha256 in preset.sha256 or md5 in preset.md5:
            return Found(preset=preset, by_digest=True)
    for preset in presets():
        named = any(fnmatchcase(file_name.lower(), one) for one in preset.files)
        if named and preset.task == task:
            return Found(preset=preset, by_digest=False)
    return None


@cache
def presets() -> tuple[Preset, ...]:
    """Read the well-known networks that ship with the program."""
    tables = tomllib.loads(_PRESETS.read_text(encoding="utf-8"))["preset"]
    return tuple(_preset(table) for table in tables)


def _preset(table: Mapping[str, Any]) -> Preset:
    own = {key: value for key, value in table.items() if key in Preset.model_fields}
    rest = {key: value for key, value in table.items() if key not in own}
    return Preset.model_validate({**own, "conventions": rest})
