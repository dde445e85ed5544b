"""Adds a hot folder to ``retouchd.toml`` without touching what people wrote there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from retouchd.errors import ConfigError, Problem
from retouchd.settings.load import find_config, load_settings
from retouchd.settings.rule_names import missing_rules
from retouchd.settings.schema import HotFolder

_NEW_FILE = """\
# Made by `retouchd init`. docs/configuration.md explains every key.
database = {database}
"""


def add_hot_folder(
    config: Path | None, root: Path, rules: Sequence[str], name: str | None
) -> tuple[Path, HotFolder]:
    """Append *root* to the configuration; a folder that is there already stays.

    Args:
        config: the file; ``None``: the one in force, else a new ./retouchd.toml.
        root: the hot folder.
        rules: names of its rules, in order.
        name: what reports call it; ``None``: made of the folder's name.

    Returns:
        the configuration file and the hot folder as it is configured.

    Raises:
        ConfigError: the configuration is wrong, before or after.
    """
    file = _file(config)
    root = Path(os.path.normpath(root.absolute()))  # as the settings will have it
    known = _find(file, root) if file.exists() else None
    if known:
        return file, known
    entry = (
        "\n[[hot_folders]]\n"
        f"name = {json.dumps(name or _name_of(root))}\n"
        f"path = {json.dumps(str(root))}\n"
        f"rules = {json.dumps(list(rules))}\n"
    )
    return file, _append(entry, file, root)


def _append(entry: str, file: Path, root: Path) -> HotFolder:
    """Write *entry*; take it back when the configuration is then wrong."""
    is_new = not file.exists()
    before = _new(file) if is_new else file.read_text(encoding="utf-8")
    file.write_text(before.rstrip("\n") + "\n" + entry, encoding="utf-8")
    try:
        return _checked(file, root)
    except ConfigError:
        if is_new:
            file.unlink()
        else:
            file.write_text(before, encoding="utf-8")
        raise


def _checked(file: Path, root: Path) -> HotFolder:
    added = _find(file, root)
    if added is None:
        raise ConfigError(Problem("the entry was not taken", "see the file", str(file)))
    if problems := missing_rules(file, load_settings(file)):
        raise ConfigError(*problems)
    return added


def _file(config: Path | None) -> Path:
    if config is not None:
        return config.absolute()
    try:
        return find_config().absolute()
    except ConfigError:
        return Path("retouchd.toml").absolute()


def _new(file: Path) -> str:
    return _NEW_FILE.format(database=json.dumps(str(file.parent / "retouchd.db")))


def _find(file: Path, root: Path) -> HotFolder | None:
    folders = load_settings(file).hot_folders
    return next((folder for folder in folders if folder.path == root), None)


def _name_of(root: Path) -> str:
    return re.sub(r"[^a-z0-9_-]+", "-", root.name.lower()).strip("-") or "hot"
