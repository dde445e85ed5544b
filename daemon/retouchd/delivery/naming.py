"""Names of results: a template's fields filled with cleaned values."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from retouchd.values import Role

ENDINGS: Mapping[Role, str] = {"preview": ".preview.jpg", "reason": ".reason.txt"}
"""What is added to the name of a result for its companions."""

VERDICT_FOLDERS = ("approve", "reject")
"""Folders of ``review/`` into which a person moves what is decided."""

MAX_NAME_BYTES = 200
"""Room for a suffix below the 255 bytes that file systems allow."""

_MAX_EXTENSION_BYTES = 16
"""Longer ones are no extensions but names with a dot in them."""

_FIELD = re.compile(r"\{(\w+)\}")
_FORBIDDEN = re.compile(r'[/\\\x00-\x1f\x7f<>:"|?*]')
_LIKE_A_VERDICT = re.compile(rf"(?i)_*(?:{'|'.join(VERDICT_FOLDERS)})")
_WINDOWS_DEVICES = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def fill_template(template: str, fields: Mapping[str, str]) -> PurePosixPath:
    """Return the path below ``out/`` that *template* gives for these *fields*.

    The template was checked with the rule; here every value is cleaned, so that no
    value can leave the folder, hide the file or be refused by Windows clients.
    """
    parts = [_filled(part, fields) for part in template.split("/")]
    return PurePosixPath(*parts)


def _filled(part: str, fields: Mapping[str, str]) -> str:
    text = _FIELD.sub(lambda match: clean(fields[match.group(1)]), part)
    # Once more: a letter of the template and a mark of a value may compose.
    return _safe_name(unicodedata.normalize("NFC", text))


def clean(value: str) -> str:
    """Return *value* in NFC without separators, control and direction characters."""
    value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    value = unicodedata.normalize("NFC", _FORBIDDEN.sub("_", value))
    # Cf holds the bidirectional overrides that make a name read as another one.
    return "".join(c for c in value if unicodedata.category(c) not in {"Cf", "Cs"})


def folder_name(value: str) -> str:
    """Return the name of a sub-folder of ``in/`` as it is safe below ``out/``."""
    return _safe_name(clean(value))


def name_in_review(name: str) -> str:
    """Return where below ``review/`` the result *name* of ``out/`` waits.

    A folder that is named like a verdict gets an underscore, or its results would
    count as decided.
    """
    first, slash, rest = name.partition("/")
    is_like_one = slash and _LIKE_A_VERDICT.fullmatch(first)
    return f"_{first}/{rest}" if is_like_one else name


def name_after_review(name: str) -> str:
    """Undo `name_in_review`."""
    first, slash, rest = name.partition("/")
    is_like_one = slash and first.startswith("_") and _LIKE_A_VERDICT.fullmatch(first)
    return f"{first[1:]}/{rest}" if is_like_one else name


def _safe_name(name: str) -> str:
    """Return *name* visible, at most ``MAX_NAME_BYTES`` long and fit for Windows."""
    name = name.lstrip(".- ").rstrip(". ") or "unnamed"
    if _WINDOWS_DEVICES.match(name):
        name = f"_{name}"
    stem, dot, extension = name.rpartition(".")
    extension_bytes = len(extension.encode())
    if not dot or extension_bytes > _MAX_EXTENSION_BYTES:
        return _cut(name, MAX_NAME_BYTES).rstrip(". ")
    return _cut(stem, MAX_NAME_BYTES - extension_bytes - 1) + dot + extension


def _cut(text: str, limit: int) -> str:
    """Shorten *text* to *limit* UTF-8 bytes without splitting a character."""
    return text.encode()[:limit].decode("utf-8", "ignore")


def fits_beside(path: Path, ending: str) -> Path:
    """Return *path* with *ending* added, cut so that the name stays below 255 bytes."""
    name = os.fsencode(path.name)
    return path.with_name(os.fsdecode(name[: 255 - len(ending)]) + ending)
