"""Checks the names of outputs; ``delivery/naming.py`` fills them."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from retouchd.media.clips.encoding import Container
from retouchd.media.encoding import Format
from retouchd.settings.explain import did_you_mean

FIELDS = (
    "stem", "ext", "date", "time", "seq", "rule", "origin", "tier", "width", "height",
    "frame",
)  # fmt: skip

FORMATS: dict[str, Format] = {
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "png": "png",
    "webp": "webp",
    "avif": "avif",
    "tif": "tiff",
    "tiff": "tiff",
}
"""Format of a still output by the extension of its name, in lower case."""

CONTAINERS: dict[str, Container] = {
    "mp4": "mp4",
    "mov": "mov",
    "mkv": "matroska",
    "webm": "webm",
}
"""Container of a clip output, likewise."""

_FIELD = re.compile(r"\{([^{}]*)\}")
# Control, format (bidirectional overrides), lone surrogates, separators of lines.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def format_of(name: str) -> Format | Literal[""]:
    """Return the format that *name* asks for; empty where it asks for none we write."""
    return FORMATS.get(name.rpartition(".")[2].lower(), "")


def container_of(name: str) -> Container | None:
    """Return the container that *name* asks for; ``None``: it names no clip."""
    return CONTAINERS.get(name.rpartition(".")[2].lower())


def check_template(template: str) -> str:
    """Return *template* if it can only ever name a file below ``out/``.

    Raises:
        ValueError: message and hint.
    """
    for field in _FIELD.findall(template):
        if field not in FIELDS:
            raise ValueError(
                f"unknown field {{{field}}} in {template!r}",
                did_you_mean(field, FIELDS),
            )
    if re.search(r"[{}]", _FIELD.sub("", template)):
        raise ValueError(
            f"unmatched brace in {template!r}", "write fields as {stem}, without more"
        )
    _check_path(template)
    _check_extension(template)
    return template


def _check_path(template: str) -> None:
    if template.startswith("/"):
        raise ValueError(
            f"{template!r} is an absolute path",
            "name a file below out/, such as {stem}.jpg",
        )
    if "\\" in template or any(unicodedata.category(c) in _UNSEEN for c in template):
        raise ValueError(
            f"{template!r} holds a backslash, a control or a direction character",
            "separate with /",
        )
    parts = template.split("/")
    if ".." in parts:
        raise ValueError(f"{template!r} leaves the folder out/", "remove the ..")
    if any(part == "" or part.startswith(".") for part in parts):
        raise ValueError(
            f"{template!r} has an empty part or one with a leading dot",
            "give every folder and file a visible name",
        )


def _check_extension(template: str) -> None:
    is_known = format_of(template) or container_of(template)
    if not is_known and not template.endswith(".{ext}"):
        raise ValueError(
            f"{template!r} names no format that can be written",
            f"end it with .{', .'.join((*FORMATS, *CONTAINERS))} or .{{ext}}",
        )
