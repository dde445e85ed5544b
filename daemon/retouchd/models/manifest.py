"""What a model is: a folder with ``model.toml``, read and checked as data."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from retouchd.errors import ConfigError, Problem
from retouchd.settings.explain import distinct, explain, known_keys
from retouchd.values import Task, Tier

FILE_NAME = "model.toml"
_LARGEST_MANIFEST = 64 * 1024

Range = tuple[float, float]
Channels = tuple[float, float, float]
Edge = Annotated[int, Field(ge=0, le=16_384)]
Order = Literal["RGB", "BGR"]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputSpec(_Table):
    """How pixels enter the network.

    Attributes:
        name: the input's name in the graph.
        layout: order of the axes; N is always 1 or more.
        channels: order of C.
        range: what black and white become; whether the network takes bytes or
            floats is read from the graph itself.
        mean, std: subtracted and divided per channel, in the units of *range* and the
            order of *channels*.
        size: edge in pixels, or (height, width); 0: any size. One that upscales sees
            windows of exactly this size.
        divide_by_max: white is the brightest value of the picture, not of the format.
    """

    name: str
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    channels: Order = "RGB"
    range: Range = (0, 1)
    mean: Channels = (0, 0, 0)
    std: Channels = (1, 1, 1)
    size: Edge | tuple[Edge, Edge] = 0
    divide_by_max: bool = False

    @property
    def fixed(self) -> tuple[int, int] | None:
        """Height and width the network insists on; ``None``: any."""
        if isinstance(self.size, tuple):
            return self.size
        return (self.size, self.size) if self.size else None


class MaskSpec(_Table):
    """How the hole enters an inpainting network: *hole* is the value of a hole."""

    name: str
    range: Range = (0, 1)
    hole: float = 1


class OutputSpec(_Table):
    """How the result leaves: *range* of the values, and what is still to be applied."""

    name: str
    channels: Order = "RGB"
    range: Range = (0, 1)
    activation: Literal["none", "sigmoid", "minmax"] = "none"


class Manifest(_Table):
    """One model.

    Attributes:
        default: whether its tier means this model where a rule names none.
        file: name of the weights beside the manifest.
        sha256, bytes: of the weights; nothing else is ever loaded.
        url: where they can be fetched; empty: they ship with the manifest.
        licence: of the weights; ``unknown`` is what it says.
        non_commercial: whether it forbids commercial use.
        scale: factor between the edges of input and output.
        tileable: ``exact`` with *halo* = radius of the receptive field,
            ``calibrated`` with a measured *halo*, or ``never``.
        tile: longest edge of one run in input pixels, halo included.
        multiple_of: edges of one run must divide by it.
        backdrop_aid: for ``matte``: on a plain backdrop the colours decide as well;
            for networks that are unsure there.
        texture_aid: for ``inpaint``: half of each fill continues the waves around
            it, and where it lacks texture that is taken from beside the hole; for
            networks that fill texture with fog.
        folder: where the manifest was found.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*$")]
    task: Task
    tier: Tier
    default: bool = False
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(gt=0)]
    url: str = ""
    licence: str
    non_commercial: bool = False
    source: str
    scale: Annotated[int, Field(ge=1, le=16)] = 1
    tileable: Literal["exact", "calibrated", "never"] = "never"
    tile: Annotated[int, Field(ge=16, le=16_384)] = 256
    halo: Annotated[int, Field(ge=0)] = 0
    multiple_of: Annotated[int, Field(ge=1, le=1024)] = 1
    backdrop_aid: bool = False
    texture_aid: bool = False
    precision: tuple[Literal["fp32", "fp16", "int8"], ...] = ("fp32",)
    input: InputSpec
    mask: MaskSpec | None = None
    output: OutputSpec
    folder: Annotated[Path, Field(exclude=True)] = Path()

    @model_validator(mode="after")
    def _fits_its_task(self) -> Manifest:
        if self.task == "upscale" and self.scale < 2:
            raise ValueError("a model that upscales needs scale = 2 or more")
        if (self.task == "inpaint") != (self.mask is not None):
            raise ValueError(
                "a [mask] table belongs to task = 'inpaint', and only there"
            )
        if self.tileable != "never" and self.tile <= 2 * self.halo:
            raise ValueError(f"tile = {self.tile} leaves nothing inside its halo")
        return self

    @property
    def weights(self) -> Path:
        """Path of the weights."""
        return self.folder / self.file


def read_manifest(path: Path) -> Manifest:
    """Read one ``model.toml``.

    Raises:
        ConfigError: it cannot be read or is wrong, every mistake with its line.
    """
    try:
        text = _read_text(path)
        values = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(_unreadable(path, error)) from error
    if "folder" in values:
        raise ConfigError(
            Problem(
                "unknown key", "remove it", str(path), _line(text, "folder"), "folder"
            )
        )
    try:
        return Manifest.model_validate({**values, "folder": path.parent})
    except ValidationError as error:
        raise ConfigError(*_problems(path, text, error)) from error


def _read_text(path: Path) -> str:
    if not path.is_file():  # a pipe would keep whoever reads it waiting for ever
        raise ValueError("not a regular file")
    if path.stat().st_size > _LARGEST_MANIFEST:
        raise ValueError(f"longer than {_LARGEST_MANIFEST} bytes")
    return path.read_text(encoding="utf-8")


def _unreadable(path: Path, error: Exception) -> Problem:
    place = re.search(r"line (\d+)", str(error))
    line = int(place[1]) if place else 0
    what = "nested too deep" if isinstance(error, RecursionError) else error
    return Problem(f"no readable manifest: {what}", "mend the TOML", str(path), line)


def _problems(path: Path, text: str, error: ValidationError) -> list[Problem]:
    return [
        Problem(message, hint, str(path), _line(text, key), key)
        for mistake in distinct(error.errors())
        for key in [".".join(str(part) for part in mistake["loc"][:2])]
        for message, hint in [explain(mistake, _siblings(mistake["loc"]))]
    ]


def _siblings(place: tuple[str | int, ...]) -> list[str]:
    keys = known_keys(Manifest, place) if place else []
    return [key for key in keys if key != "folder"]  # not a key of the file


def _line(text: str, key: str) -> int:
    """1-based line of dotted *key*, else of its table, else 0."""
    table, _, leaf = key.rpartition(".")
    current, found = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[(\w+)\]", line)
        if header:
            current = header[1]
        if header and current in (table, leaf):
            found = number
        elif current == table and re.match(rf"\s*{re.escape(leaf)}\s*=", line):
            return number
    return found
