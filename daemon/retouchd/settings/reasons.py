"""Reads why a result may be turned down: shipped reasons, and those of the house."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from retouchd.errors import ConfigError, Problem
from retouchd.settings.explain import did_you_mean

REASONS_FILE = "reject_reasons.toml"
"""Beside this module the shipped ones; beside the configuration those of the house."""

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def reject_reasons(config: Path) -> dict[str, str]:
    """Return what each code means, the shipped ones first.

    Args:
        config: the configuration file; reasons beside it are added.

    Raises:
        ConfigError: a file of reasons is wrong.
    """
    reasons: dict[str, str] = {}
    for folder in (Path(__file__).parent, config.absolute().parent):
        file = folder / REASONS_FILE
        if file.is_file():
            reasons |= _read(file)
    return reasons


def require_reason(code: str, reasons: dict[str, str]) -> None:
    """See that *code* is one of *reasons*.

    Raises:
        ConfigError: it is not; with the one that was meant.
    """
    if code not in reasons:
        raise ConfigError(
            Problem(
                f"there is no reject reason {code!r}",
                f"{did_you_mean(code, reasons)}; see `retouchd review reasons`",
            )
        )


def _read(file: Path) -> dict[str, str]:
    try:
        tables = tomllib.loads(file.read_text("utf-8")).get("reasons", [])
        found = {str(table["code"]): str(table["means"]) for table in tables}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            Problem(
                f"reject reasons cannot be read: {error!r}",
                "write tables [[reasons]] with code and means",
                str(file),
            )
        ) from error
    for code in found:
        if not _CODE.fullmatch(code):
            raise ConfigError(
                Problem(
                    f"{code!r} is no code",
                    "use small letters, digits, - and _",
                    str(file),
                )
            )
    return found
